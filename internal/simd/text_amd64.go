//go:build !purego

package simd

// plainRun is PlainRun for n bytes at p, n at least 32.
//
//go:noescape
func plainRun(p *byte, n int) int

// json16 is JSON16 for n units, n at least one; it reads 32 bytes behind the last, and writes 16.
//
//go:noescape
func json16(dst, units *byte, n int) (written, read int)
