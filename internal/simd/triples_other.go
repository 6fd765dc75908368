//go:build !amd64 || purego

package simd

func triplesIn(*Triples, *byte, int) bool { panic("simd: triplesIn is not for this processor") }
