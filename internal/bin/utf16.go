package bin

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// nonASCII has the bits that are zero in four little-endian UTF-16 units below 0x80.
const nonASCII = 0xff80ff80ff80ff80

// Narrow returns how many of the eight UTF-16 units in lo and hi come before the first that is no ASCII.
func Narrow(lo, hi uint64) int {
	if (lo|hi)&nonASCII == 0 {
		return 8
	}
	k := bits.TrailingZeros64(lo&nonASCII) / 16
	if k == 4 {
		k += bits.TrailingZeros64(hi&nonASCII) / 16
	}
	return k
}

// Pack returns the eight UTF-16 units in lo and hi as bytes. Of units that are no ASCII, and of those that follow one, the
// byte says nothing.
func Pack(lo, hi uint64) uint64 {
	lo = (lo | lo>>8) & 0x0000ffff0000ffff
	hi = (hi | hi>>8) & 0x0000ffff0000ffff
	return (lo|lo>>16)&0xffffffff | (hi|hi>>16)<<32
}

// Rune16 decodes the first character of little-endian UTF-16 of at least two bytes, and returns how many bytes it takes. A
// lone surrogate is U+FFFD.
func Rune16(raw []byte) (r rune, size int) {
	r = rune(binary.LittleEndian.Uint16(raw))
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	low := rune(utf8.RuneError)
	if len(raw) >= 4 {
		low = rune(binary.LittleEndian.Uint16(raw[2:]))
	}
	if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
		return r, 4
	}
	return r, 2
}

// AppendUTF16 appends little-endian UTF-16 as UTF-8. An odd last byte is left out; a lone surrogate becomes U+FFFD.
func AppendUTF16(dst, raw []byte) []byte {
	raw = raw[:len(raw)&^1]
	dst = slices.Grow(dst, len(raw)/2+8)
	for i := 0; i < len(raw); {
		// Fast path: eight units at once, up to the first that is no ASCII.
		if i+16 <= len(raw) {
			lo, hi := binary.LittleEndian.Uint64(raw[i:]), binary.LittleEndian.Uint64(raw[i+8:])
			k := Narrow(lo, hi)
			dst = binary.LittleEndian.AppendUint64(dst, Pack(lo, hi))
			dst = dst[:len(dst)-8+k]
			if i += 2 * k; k == 8 {
				continue
			}
		}
		if c := binary.LittleEndian.Uint16(raw[i:]); c < utf8.RuneSelf {
			dst = append(dst, byte(c))
			i += 2
			continue
		}
		r, size := Rune16(raw[i:])
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return dst
}
