//go:build !purego

package simd

// triplesIn says whether there is a triple at one of the n places from p on; n is at least 32, and TripleSize-1 bytes follow.
//
//go:noescape
func triplesIn(t *Triples, p *byte, n int) bool

// triplesWide is triplesIn by other tables; n is at least 64.
//
//go:noescape
func triplesWide(tables *[places][0x80]uint8, p *byte, n int) bool
