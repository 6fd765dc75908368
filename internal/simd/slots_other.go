//go:build !amd64 || purego

package simd

func slots8(*uint64, *byte, int, int, *Classes) (end int, classes, marked uint64) {
	panic("simd: slots8 is not for this processor")
}
