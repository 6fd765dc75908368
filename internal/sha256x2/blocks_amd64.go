//go:build !purego

package sha256x2

import "golang.org/x/sys/cpu"

// available says whether the processor has the instructions that blocks is made of.
var available = hasSHA() && cpu.X86.HasSSSE3 && cpu.X86.HasSSE41 && cpu.X86.HasAVX

func hasSHA() bool {
	if highest, _, _ := cpuid(0); highest < 7 {
		return false
	}
	_, features, _ := cpuid(7)
	return features&(1<<29) != 0
}

// cpuid asks the processor what it can do.
//
//go:noescape
func cpuid(leaf uint32) (eax, ebx, ecx uint32)

// blocks takes n blocks of 64 bytes at p into a, and n at q into b.
//
//go:noescape
func blocks(a, b *state, p, q *byte, n int)
