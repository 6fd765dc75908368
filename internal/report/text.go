package report

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible makes text out of evidence safe to show anywhere: every character without a glyph (controls, marks that turn the
// direction of text, characters without width) is written as its code point in angle brackets, so that what is
// read is what is there.
func visible(s string) string {
	if isVisible(s) {
		return s
	}
	text, _ := visibleUpTo(s, math.MaxInt)
	return text
}

// visibleUpTo makes the beginning of s visible, at most n characters of output, and says how many characters of s
// are left.
func visibleUpTo(s string, n int) (text string, left int) {
	b := make([]byte, 0, min(len(s), n)+16)
	for i, written := 0, 0; i < len(s); written++ {
		if written >= n {
			return string(b), utf8.RuneCountInString(s[i:])
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = appendCode(b, "⟨", uint64(s[i]), 2)
			written += 3
		case r == '\n':
			b = append(b, "⏎ "...)
			written++
		case r == '\t':
			b = append(b, "⇥ "...)
			written++
		case r == '\r' && i+1 < len(s) && s[i+1] == '\n':
		case hidden(r):
			b = appendCode(b, "⟨U+", uint64(r), 4)
			written += 7
		default:
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return string(b), 0
}

func appendCode(b []byte, before string, code uint64, digits int) []byte {
	b = append(b, before...)
	for shift := 4 * (digits - 1); shift > 0 && code>>shift == 0; shift -= 4 {
		b = append(b, '0')
	}
	b = append(b, strings.ToUpper(strconv.FormatUint(code, 16))...)
	return append(b, "⟩"...)
}

func isVisible(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || hidden(r) {
			return false
		}
	}
	return true
}

func hidden(r rune) bool {
	if r < 0x7f {
		return r < 0x20
	}
	return !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) || r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef
}

// clip shortens s to at most n runes and says how many were left out.
func clip(s string, n int) (text string, left int) {
	if len(s) <= n {
		return s, 0
	}
	count := 0
	for i := range s {
		if count == n {
			return s[:i], utf8.RuneCountInString(s[i:])
		}
		count++
	}
	return s, 0
}

// maxShownRunes bounds a text that the page shows in passing: a title, a path. Fields have a bound of their own.
const maxShownRunes = 500

// short makes text visible and bounds it.
func short(s string) string { return shorten(maxShownRunes, s) }

// shorten makes text visible and cuts it to n runes, with a mark.
func shorten(n int, s string) string {
	text, left := visibleUpTo(s, n)
	if left > 0 {
		return text + "…"
	}
	return text
}

// clipBytes cuts s to at most n bytes, between characters.
func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
