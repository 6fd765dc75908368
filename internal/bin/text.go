package bin

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// pairs holds the two digits of each number below 100.
const pairs = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// powers holds what numbers of one digit more begin with.
var powers = [20]uint64{
	0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// AppendUint appends n in decimal.
func AppendUint(dst []byte, n uint64) []byte {
	if n < 10 {
		return append(dst, '0'+byte(n))
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
	i := len(b)
	for i >= 2 {
		q := n / 100
		k := (n - q*100) * 2
		i -= 2
		b[i], b[i+1] = pairs[k], pairs[k+1]
		n = q
	}
	if i > 0 {
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
