//go:build !purego

package sha256x2

// available says whether the processor has the instructions that blocks is made of.
var available = hasInstructions()

func hasInstructions() bool {
	const ssse3, sse41, sha = 1 << 9, 1 << 19, 1 << 29 // ecx of leaf 1 twice, ebx of leaf 7
	if highest, _, _ := cpuid(0); highest < 7 {
		return false
	}
	_, _, features := cpuid(1)
	_, more, _ := cpuid(7)
	return features&ssse3 != 0 && features&sse41 != 0 && more&sha != 0
}

// cpuid asks the processor what it can do.
//
//go:noescape
func cpuid(leaf uint32) (eax, ebx, ecx uint32)

// blocks takes n blocks of 64 bytes at p into a, and n at q into b.
//
//go:noescape
func blocks(a, b *state, p, q *byte, n int)
