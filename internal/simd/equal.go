package simd

import "bytes"

// EqualBut says whether b begins with the bytes of a, but for those that have their bit in free: bit i%32 of free[i/32] is about byte i.
// a has 32 bytes for each number in free. b may be shorter if all bytes that it lacks are free.
func EqualBut(a, b []byte, free []uint32) bool {
	if len(a) != 32*len(free) {
		panic("simd: EqualBut of bytes and the bits for others")
	}
	if Available && len(a) > 0 && len(b) >= len(a) {
		return equalBut(&a[0], &b[0], &free[0], len(free))
	}
	return plainEqualBut(a, b, free)
}

// plainEqualBut is EqualBut, without AVX2.
func plainEqualBut(a, b []byte, free []uint32) bool {
	for n, bits := range free {
		at := 32 * n
		if bits == 0 && len(b) >= at+32 {
			if !bytes.Equal(a[at:at+32], b[at:at+32]) {
				return false
			}
			continue
		}
		for i := at; i < at+32; i++ {
			if bits>>(i-at)&1 == 0 && (i >= len(b) || a[i] != b[i]) {
				return false
			}
		}
	}
	return true
}
