//go:build !amd64 || purego

package simd

func equalBut(_, _ *byte, _ *uint32, _ int) bool { panic("simd: equalBut is not for this processor") }
