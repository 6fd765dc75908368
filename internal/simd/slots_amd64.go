//go:build !purego

package simd

// slots8 is Slots for n descriptors, n at least one; it reads and writes whole eights of them.
//
//go:noescape
func slots8(slots *uint64, descriptors *byte, n, pos int, c *Classes) (end int, classes, marked uint64)
