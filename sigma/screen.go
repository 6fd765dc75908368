package sigma

import (
	"encoding/binary"
	"strings"
)

// screen says quickly that a text holds none of a plan's keywords, which is true of nearly all. Keywords are about every field of
// an event, so each of its texts must be looked at; most hold nothing else that a rule asks for.
//
// It is the skip loop of Wu and Manber over windows of the literals, in UTF-16 as it lies: two units at the end of a window say
// how far the next window can be that might be one of a literal. A text that passes is only suspected, and looked at in full.
type screen struct {
	span  int  // units in a window: at most 8
	wide  bool // there are literals that are not ASCII, so texts that aren't are suspected, too
	shift [1 << 12]uint8
	grams map[uint64]struct{} // windows that begin a literal, a byte a unit
}

// Shortest and longest windows.
const (
	minSpan = 3
	maxSpan = 8
)

// newScreen returns the screen of folded literals; nil where it would be of no use.
func newScreen(lits []string) *screen {
	s := &screen{span: maxSpan, grams: map[uint64]struct{}{}}
	var narrow []string
	for _, lit := range lits {
		if !isASCII(lit) {
			s.wide = true
			continue
		}
		s.span = min(s.span, len(lit))
		narrow = append(narrow, lit)
	}
	if s.span < minSpan {
		return nil
	}
	for i := range s.shift {
		s.shift[i] = uint8(s.span - 1)
	}
	for _, lit := range narrow {
		var gram uint64
		for i := range s.span {
			gram = gram<<8 | uint64(lit[i])
			if i > 0 {
				at := &s.shift[pairIndex(lit[i-1], lit[i])]
				*at = min(*at, uint8(s.span-1-i))
			}
		}
		s.grams[gram] = struct{}{}
	}
	return s
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

func pairIndex(a, b byte) int { return (int(a)<<5 ^ int(b)) & (1<<12 - 1) }

// lowerASCII holds the ASCII bytes in lower case, and the others as they are.
var lowerASCII = func() (t [256]byte) {
	for i := range t {
		if t[i] = byte(i); i >= 'A' && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()

// suspects says whether the text, UTF-16 little-endian, may hold one of the literals.
func (s *screen) suspects(text []byte) bool {
	n := len(text) &^ 1
	text = text[:n]
	if !allASCII16(text) && (s.wide || foldsToASCII(text)) {
		return true
	}
	// Units that are not ASCII are taken for another one by their low byte: that can only raise a suspicion.
	for end := 2*s.span - 2; end < n; {
		shift := s.shift[pairIndex(lowerASCII[text[end-2]], lowerASCII[text[end]])]
		if shift == 0 {
			if s.begins(text[end+2-2*s.span : end+2]) {
				return true
			}
			shift = 1
		}
		end += 2 * int(shift)
	}
	return false
}

func (s *screen) begins(window []byte) bool {
	var gram uint64
	for i := 0; i < len(window); i += 2 {
		gram = gram<<8 | uint64(lowerASCII[window[i]])
	}
	_, ok := s.grams[gram]
	return ok
}

// appendUTF16 appends an ASCII text as UTF-16.
func appendUTF16(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, s[i], 0)
	}
	return dst
}

// allASCII16 says whether all units are ASCII.
func allASCII16(text []byte) bool {
	var all uint64
	for len(text) >= 8 {
		all |= binary.LittleEndian.Uint64(text)
		text = text[8:]
	}
	for ; len(text) >= 2; text = text[2:] {
		all |= uint64(binary.LittleEndian.Uint16(text))
	}
	return all&0xff80ff80ff80ff80 == 0
}

// foldsToASCII says whether one of the units beyond ASCII folds to an ASCII letter: the long s and the Kelvin sign.
func foldsToASCII(text []byte) bool {
	for ; len(text) >= 2; text = text[2:] {
		if u := binary.LittleEndian.Uint16(text); u == 0x017f || u == 0x212a {
			return true
		}
	}
	return false
}
