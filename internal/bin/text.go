package bin

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// pairs holds the two digits of each number below 100, the first in the lowest byte.
var pairs = func() (t [100]uint16) {
	for i := range t {
		t[i] = uint16('0'+i/10) | uint16('0'+i%10)<<8
	}
	return t
}()

// powers holds what numbers of one digit more begin with.
var powers = [20]uint64{
	0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// AppendUint appends n in decimal.
func AppendUint(dst []byte, n uint64) []byte {
	if n < 10 {
		return append(dst, '0'+byte(n))
	}
	if n < 100 {
		return binary.LittleEndian.AppendUint16(dst, pairs[n])
	}
	digits := bits.Len64(n) * 1233 >> 12 // log10(2) is about 1233/4096
	if n >= powers[digits] {
		digits++
	}
	start := len(dst)
	dst = slices.Grow(dst, 20)[:start+digits]
	PutUint(dst[start:], n)
	return dst
}

// PutUint fills b with the last digits of n, with zeros before them where n has fewer.
func PutUint(b []byte, n uint64) {
	for len(b) >= 2 {
		q := n / 100
		binary.LittleEndian.PutUint16(b[len(b)-2:], pairs[n-q*100])
		b, n = b[:len(b)-2], q
	}
	if len(b) > 0 {
		b[0] = byte('0' + n%10)
	}
}

// Hex8 returns the eight digits of n in hexadecimal as they lie in memory: the first digit in the lowest byte. Add is what
// a digit above 9 is moved by: LowerHex or UpperHex.
//
// Fast path: the eight half bytes are spread over eight bytes, and all become digits at once. A half byte above 9 shows by
// the bit that adding 6 carries into.
func Hex8(n uint32, add uint64) uint64 {
	x := uint64(bits.ReverseBytes32(n))
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = x>>4&0x000f000f000f000f | x<<8&0x0f000f000f000f00
	letters := (x + 0x0606060606060606) >> 4 & 0x0101010101010101
	return x + 0x3030303030303030 + letters*add
}

// What a digit above 9 is moved by.
const (
	LowerHex = 'a' - '0' - 10
	UpperHex = 'A' - '0' - 10
)

// AppendHex appends n in hexadecimal, without zeros before it.
func AppendHex(dst []byte, n uint64) []byte {
	digits := max(1, (bits.Len64(n)+3)/4)
	n <<= 64 - 4*digits
	start := len(dst)
	dst = slices.Grow(dst, 16)
	b := dst[start : start+16]
	binary.LittleEndian.PutUint64(b, Hex8(uint32(n>>32), LowerHex))
	binary.LittleEndian.PutUint64(b[8:], Hex8(uint32(n), LowerHex))
	return dst[:start+digits]
}
