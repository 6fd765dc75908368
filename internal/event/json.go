package event

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s as a JSON string with its quotes. Control characters, <, >, &, U+2028 and U+2029
// are escaped, so that a line of output can be put into a page or a terminal; invalid UTF-8 becomes U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && s[i] < utf8.RuneSelf && plainJSON[s[i]] { // fast path: bytes that stand for themselves
			i++
		}
		if dst = append(dst, s[start:i]...); i == len(s) {
			break
		}
		if c := s[i]; c < utf8.RuneSelf {
			dst = appendJSONByte(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = appendJSONRune(dst, r)
		i += n
	}
	return append(dst, '"')
}

func appendJSONText(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		// Fast path: most text is a run of bytes that stand for themselves.
		start := i
		for i < len(s) && s[i] < utf8.RuneSelf && plainJSON[s[i]] {
			i++
		}
		if dst = append(dst, s[start:i]...); i == len(s) {
			break
		}
		if c := s[i]; c < utf8.RuneSelf {
			dst = appendJSONByte(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		dst = appendJSONRune(dst, r)
		i += n
	}
	return dst
}

// asciiUnits has the bits that are zero in four little-endian UTF-16 units below 0x80.
const asciiUnits = 0xff80ff80ff80ff80

func appendUTF16JSON(dst, raw []byte) []byte {
	dst, rest := AppendUTF16JSON(dst, raw)
	for len(rest) > 0 { // a NUL inside the text
		dst = appendJSONByte(dst, 0)
		dst, rest = AppendUTF16JSON(dst, rest[2:])
	}
	return dst
}

// AppendUTF16JSON appends little-endian UTF-16 up to the first NUL as the inside of a JSON string, and returns what
// remains from the NUL on; an odd last byte is left out.
func AppendUTF16JSON(dst, raw []byte) (out, rest []byte) {
	dst = slices.Grow(dst, len(raw)/2+8)
	for i := 0; i+1 < len(raw); i += 2 {
		// Fast path: four units that stand for themselves, which is nearly all text in logs.
		for i+8 <= len(raw) {
			u := binary.LittleEndian.Uint64(raw[i:])
			a, b, c, d := byte(u), byte(u>>16), byte(u>>32), byte(u>>48)
			if u&asciiUnits != 0 || !(plainJSON[a&0x7f] && plainJSON[b&0x7f] && plainJSON[c&0x7f] && plainJSON[d&0x7f]) {
				break
			}
			dst = append(dst, a, b, c, d)
			i += 8
		}
		if i+1 >= len(raw) {
			break
		}
		c := uint16(raw[i]) | uint16(raw[i+1])<<8
		if c == 0 {
			return dst, raw[i : len(raw)&^1]
		}
		if c < utf8.RuneSelf {
			dst = appendJSONByte(dst, byte(c))
			continue
		}
		r := rune(c)
		if utf16.IsSurrogate(r) {
			r2 := rune(utf8.RuneError)
			if i+3 < len(raw) {
				r2 = rune(uint16(raw[i+2]) | uint16(raw[i+3])<<8)
			}
			if r = utf16.DecodeRune(r, r2); r != utf8.RuneError {
				i += 2
			}
		}
		dst = appendJSONRune(dst, r)
	}
	return dst, nil
}

// plainJSON marks the ASCII bytes that stand for themselves in a JSON string.
var plainJSON = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
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
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' || i+1 >= len(raw) {
			if c < utf8.RuneSelf {
				dst = append(dst, c)
				i++
				continue
			}
			r, n := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i += 2
		switch e := raw[i-1]; e {
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
			r, n := unicodeEscape(raw[i:])
			if n == 0 {
				dst = append(dst, '\\', 'u')
				continue
			}
			dst = utf8.AppendRune(dst, r)
			i += n
		default:
			dst = append(dst, '\\')
			i-- // e is looked at as any other byte
		}
	}
	return dst
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
