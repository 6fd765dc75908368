package sigma

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// Matching that ignores case compares folded texts: every rune is replaced by one chosen member of the set of runes
// that differ from it in case only (Unicode's simple case folding), the ASCII lower-case letter where the set has one.
// Folding rune by rune keeps "contains" true: a text that contains a literal contains it folded, too.

// foldTable holds the folded form of the runes of one and two bytes.
var foldTable = func() (t [0x800]uint16) {
	for r := range t {
		t[r] = uint16(foldSlow(rune(r)))
	}
	return t
}()

// foldSlow walks the orbit of r.
func foldSlow(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		if next >= 'a' && next <= 'z' {
			return next
		}
		if next < least {
			least = next
		}
	}
	if least >= 'A' && least <= 'Z' {
		return least + 'a' - 'A'
	}
	return least
}

func foldRune(r rune) rune {
	if int(r) < len(foldTable) {
		return rune(foldTable[r])
	}
	return foldSlow(r)
}

// eachByte times a byte is that byte eight times.
const eachByte = 0x0101010101010101

// appendFold appends s folded. Bytes that are no UTF-8 stay as they are.
func appendFold[T string | []byte](dst []byte, s T) []byte {
	for i := 0; i < len(s); {
		// Fast path: eight bytes of ASCII at a time.
		for ; len(s)-i >= 8; i += 8 {
			b := s[i : i+8]
			x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
			if x&(0x80*eachByte) != 0 {
				break
			}
			capital := (x + (0x80-'A')*eachByte) &^ (x + (0x80-'Z'-1)*eachByte) & (0x80 * eachByte)
			dst = binary.LittleEndian.AppendUint64(dst, x|capital>>2)
		}
		if i == len(s) {
			break
		}
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := decodeRune(s, i)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, c)
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		i += n
	}
	return dst
}

func decodeRune[T string | []byte](s T, i int) (rune, int) {
	end := min(i+utf8.UTFMax, len(s))
	var b [utf8.UTFMax]byte
	n := copy(b[:], s[i:end])
	return utf8.DecodeRune(b[:n])
}

func foldString(s string) string { return string(appendFold(nil, s)) }

// equal16 says whether two texts in UTF-16, as RawUTF16 has them, are equal, folded unless cased; not ok where that can't be said before
// characters beyond ASCII are folded.
func equal16(a, b []byte, cased bool) (equal, ok bool) {
	i, n := 0, min(len(a), len(b))&^1
	// Fast path: four units at a time, none of them NUL, that are the same in both.
	for ; i+8 <= n; i += 8 {
		x := binary.LittleEndian.Uint64(a[i:])
		if x != binary.LittleEndian.Uint64(b[i:]) || (x-oneOfFour)&^x&(oneOfFour<<15) != 0 {
			break
		}
	}
	for ; i < n; i += 2 {
		u, v := binary.LittleEndian.Uint16(a[i:]), binary.LittleEndian.Uint16(b[i:])
		switch {
		case u == v && u == 0:
			return true, true
		case u == v:
		case u >= utf8.RuneSelf || v >= utf8.RuneSelf:
			return false, false
		case cased || foldTable[u] != foldTable[v] || u == 0 || v == 0:
			return false, true
		}
	}
	rest := a[i : len(a)&^1]
	if len(rest) == 0 {
		rest = b[i : len(b)&^1]
	}
	return len(rest) == 0 || rest[0]|rest[1] == 0, true
}

// oneOfFour is 1 in each of four units.
const oneOfFour = 0x0001000100010001
