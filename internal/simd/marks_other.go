//go:build !amd64 || purego

package simd

func unmark(*byte, int, *byte, int, *Words) (written, read int) {
	panic("simd: unmark is not for this processor")
}
