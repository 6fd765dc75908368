//go:build !purego

package simd

// unmark is Unmark for n bytes of text, n at least 34, and room bytes at dst, at least 64.
//
//go:noescape
func unmark(dst *byte, room int, text *byte, n int, words *Words) (written, read int)
