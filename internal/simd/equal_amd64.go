//go:build !purego

package simd

// equalBut is EqualBut for n times 32 bytes at a and b, n at least one.
//
//go:noescape
func equalBut(a, b *byte, free *uint32, n int) bool
