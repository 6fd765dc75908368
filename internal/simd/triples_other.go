//go:build !amd64 || purego

package simd

func triplesIn(*Triples, *byte, int) bool { panic("simd: triplesIn is not for this processor") }

func triplesWide(*[places][0x80]uint8, *byte, int) bool {
	panic("simd: triplesWide is not for this processor")
}
