// Package simd holds the few loops that are worth instructions over 32 bytes at a time. Each has a plain twin in Go that gives the same
// result; it is what runs on processors without AVX2, elsewhere than on amd64, and with the build tag purego. No rule of goshawk is here:
// the functions say what they do to bytes, and their callers say why.
package simd
