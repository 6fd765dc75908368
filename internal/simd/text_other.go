//go:build !amd64 || purego

package simd

func plainRun(*byte, int) int { panic("simd: plainRun is not for this processor") }

func json16(_, _ *byte, _ int) (written, read int) { panic("simd: json16 is not for this processor") }
