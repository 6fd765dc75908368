package event

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/bin"
	"github.com/goshawk-ir/goshawk/internal/simd"
)

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s as a JSON string with its quotes. Control characters, <, >, &, U+2028 and U+2029
// are escaped, so that a line of output can be put into a page or a terminal; invalid UTF-8 becomes U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	return append(appendJSONText(append(dst, '"'), s), '"')
}

// appendJSONText appends UTF-8 text as the inside of a JSON string.
func appendJSONText[S string | []byte](dst []byte, s S) []byte {
	dst = slices.Grow(dst, len(s)+8)
	for i := 0; i < len(s); {
		// Fast path: eight bytes at once, up to the first that does not stand for itself.
		if i+8 <= len(s) {
			t := s[i : i+8]
			w := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
				uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
			k := bits.TrailingZeros64(special(w)|w&high) / 8
			dst = binary.LittleEndian.AppendUint64(dst, w)
			dst = dst[:len(dst)-8+k]
			if i += k; k == 8 {
				continue
			}
		}
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendJSONByte(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		dst = appendJSONRune(dst, r)
		i += n
	}
	return dst
}

// Eight bytes that are all 1, and all 0x80.
const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// special marks, with its highest bit, the first of the eight bytes in w that does not stand for itself in a JSON string,
// and perhaps some that follow: it looks at all eight at once, and a subtraction borrows from bytes above. What a byte of
// 0x80 or more gives says nothing.
func special(w uint64) uint64 {
	control := w - 0x20*ones         // below 0x20
	del := w + ones                  // 0x7f
	angle := (w | 2*ones) ^ '>'*ones // < and >, which one bit tells apart, leave zero
	quote := (w | 4*ones) ^ '&'*ones // and so do " and &
	back := w ^ '\\'*ones
	return (control | del | (angle - ones) | (quote - ones) | (back - ones)) & high
}

// AppendUTF16JSON appends little-endian UTF-16 up to the first NUL as the inside of a JSON string, and returns what
// remains from the NUL on; an odd last byte is left out. What follows raw in its array may be looked at, and counts for
// nothing.
//
// Fast path: nearly all text in logs is ASCII, and is written sixteen units at a time where the processor can, up to one that is neither
// plain nor one of " and \, as paths have. Else eight units are packed into eight bytes. If each of them stands for itself
// they are written together, else one after the other, up to the first unit that is no ASCII, which is then written by
// itself.
func AppendUTF16JSON(dst, raw []byte) (out, rest []byte) {
	raw = raw[:len(raw)&^1]
	dst = slices.Grow(dst, 3*len(raw)+16) // no unit takes more than six bytes; the last sixteen are written whole
	b, n := dst[:cap(dst)], len(dst)
	wide := raw[:cap(raw)]
	le := binary.LittleEndian
	for i := 0; i < len(raw); {
		if raw[i+1] == 0 {
			written, read := simd.JSON16(b[n:], raw[i:])
			n += written
			if i += 2 * read; i == len(raw) {
				break
			}
		}
		var lo, hi uint64
		if i+16 <= len(wide) {
			lo, hi = le.Uint64(wide[i:i+8]), le.Uint64(wide[i+8:i+16])
		} else {
			var last [16]byte
			copy(last[:], raw[i:])
			lo, hi = le.Uint64(last[:]), le.Uint64(last[8:])
		}
		w := bin.Pack(lo, hi)
		marks := special(w)
		if bin.Narrow(lo, hi) == 8 && i+16 <= len(raw) && zeroByte(w) == 8 {
			if marks == 0 {
				le.PutUint64(b[n:n+8], w)
				n += 8
			} else {
				n = putEscaped(b, n, w)
			}
			i += 16
			continue
		}
		k := min((len(raw)-i)/2, bin.Narrow(lo, hi), zeroByte(w))
		valid := uint64(1)<<(8*k) - 1 // all of them for 8
		if w &= valid; marks&valid == 0 {
			le.PutUint64(b[n:], w)
			n += k
		} else {
			n = putEscaped(b, n, w)
		}
		if i += 2 * k; k == 8 || i == len(raw) {
			continue
		}
		if raw[i]|raw[i+1] == 0 {
			return b[:n], raw[i:]
		}
		r, size := bin.Rune16(raw[i:])
		n = len(appendJSONRune(b[:n], r))
		i += size
	}
	return b[:n], nil
}

// putEscaped writes the eight bytes of w, which are ASCII, each as it is written in a JSON string, and returns the place
// after them. A zero is none. Each takes eight bytes at first, of which the next one overwrites what is too much.
func putEscaped(b []byte, n int, w uint64) int {
	for ; w != 0; w >>= 8 {
		e := escapes[w&0x7f]
		binary.LittleEndian.PutUint64(b[n:n+8], e)
		n += int(e >> 56)
	}
	return n
}

// zeroByte returns which of the eight bytes of w is the first that is zero; 8 if none is.
func zeroByte(w uint64) int { return bits.TrailingZeros64((w-ones)&^w&high) / 8 }

func appendUTF16JSON(dst, raw []byte) []byte {
	dst, rest := AppendUTF16JSON(dst, raw)
	for len(rest) > 0 { // a NUL inside the text
		dst = appendJSONByte(dst, 0)
		dst, rest = AppendUTF16JSON(dst, rest[2:])
	}
	return dst
}

// plainJSON marks the ASCII bytes that stand for themselves in a JSON string.
var plainJSON = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()

// escapes holds how each ASCII byte is written in a JSON string, the first byte lowest; the highest byte is how many there
// are. Zero, which ends a text, has none.
var escapes = func() (t [utf8.RuneSelf]uint64) {
	for c := 1; c < len(t); c++ {
		b := appendJSONByte(nil, byte(c))
		t[c] = binary.LittleEndian.Uint64(append(b, make([]byte, 8)...)) | uint64(len(b))<<56
	}
	return t
}()

func appendJSONByte(dst []byte, c byte) []byte {
	if plainJSON[c] {
		return append(dst, c)
	}
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendJSONRune escapes what a browser or a terminal may act on: C1 controls, line separators and the marks
// that turn the direction of text.
func appendJSONRune(dst []byte, r rune) []byte {
	if r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
		return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
	}
	return utf8.AppendRune(dst, r)
}

func needsEscape(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf || !plainJSON[c] {
			return true
		}
	}
	return false
}

// AppendUnescaped appends the text that the inside of a JSON string stands for. A broken escape is copied as
// it is.
func AppendUnescaped(dst, raw []byte) []byte {
	for {
		n := bytes.IndexByte(raw, '\\')
		if n < 0 || n+1 == len(raw) {
			return appendValid(dst, raw)
		}
		dst = appendValid(dst, raw[:n])
		e, rest := raw[n+1], raw[n+2:]
		switch e {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case '"', '\\', '/':
			dst = append(dst, e)
		case 'u':
			r, digits := unicodeEscape(rest)
			if digits == 0 {
				dst = append(dst, '\\', 'u')
				break
			}
			dst, rest = utf8.AppendRune(dst, r), rest[digits:]
		default:
			dst, rest = append(dst, '\\'), raw[n+1:] // e is looked at as any other byte
		}
		raw = rest
	}
}

// unicodeEscape reads the four digits after \u and, for a surrogate, the second escape; n is how many bytes.
func unicodeEscape(raw []byte) (r rune, n int) {
	hi, ok := hex4(raw)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(hi) {
		return hi, 4
	}
	if len(raw) >= 10 && raw[4] == '\\' && raw[5] == 'u' {
		if lo, ok := hex4(raw[6:]); ok {
			if r := utf16.DecodeRune(hi, lo); r != utf8.RuneError {
				return r, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
