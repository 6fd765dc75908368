package sigma

import (
	"bytes"
	"encoding/binary"
	"strings"
	"sync/atomic"
)

// screen says quickly that a text holds none of a plan's keywords, which is true of nearly all. Keywords are about every field of
// an event, so each of its texts must be looked at; most hold nothing else that a rule asks for.
//
// It takes a window of seven characters out of each literal. A text that holds the literal holds the window, and so, at a place
// that is a multiple of four units, one of the four runs of four units that the window has. So one step takes four units as they
// lie and asks whether they are such a run. A text with one that is part of a window is only suspected, and looked at in full.
type screen struct {
	check   func([]byte) bool // suspects, made once
	wide    bool              // there are literals beyond ASCII, so texts beyond it are suspected, too
	runs    screenBits        // of runs as UTF-16 has them
	narrow  screenBits        // of runs as UTF-8 has them
	windows map[uint64]struct{}
}

// screenBits is a set of runs, by hash.
type screenBits [screenSize / 64]uint64

func (b *screenBits) set(at uint64)      { b[at/64] |= 1 << (at % 64) }
func (b *screenBits) has(at uint64) bool { return b[at/64%uint64(len(b))]>>(at%64)&1 != 0 }

const (
	screenWindow = 7 // units: four, wherever they begin
	screenSize   = 1 << 14
	lowerUnits   = 0x0020002000200020 // makes ASCII letters lower case, and mistakes some other characters for each other
	lowerBytes   = 0x20202020
	beyondASCII  = 0xff80ff80ff80ff80
)

// screens counts the bindings that have a screen, over all engines.
var screens atomic.Uint64

// newScreen returns the screen of folded literals; nil where one is too short.
func newScreen(lits []string) *screen {
	s := &screen{windows: map[uint64]struct{}{}}
	s.check = s.suspects
	for _, lit := range lits {
		if !isASCII(lit) {
			s.wide = true
			continue
		}
		if len(lit) < screenWindow {
			return nil
		}
		window := rarest(lit)
		s.windows[packed(window)] = struct{}{}
		for i := range screenWindow - 3 {
			var run uint64
			for k := range 4 {
				run |= uint64(window[i+k]) << (16 * k)
			}
			s.runs.set(screenHash(run))
			s.narrow.set(narrowHash(gramAt(window, i)))
		}
	}
	return s
}

// rarest returns the window of a literal of which the runs are least likely to stand in other texts: not in what is common, and
// with the most characters that are no letters.
func rarest(lit string) string {
	best, score := "", -1
	for i := range len(lit) - screenWindow + 1 {
		window := lit[i : i+screenWindow]
		n := 0
		for k := range len(window) {
			if window[k] < 'a' || window[k] > 'z' {
				n++
			}
		}
		for k := range screenWindow - 3 {
			if !strings.Contains(commonText, window[k:k+4]) {
				n += screenWindow
			}
		}
		if n > score {
			best, score = window, n
		}
	}
	return best
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

func screenHash(run uint64) uint64 { return (run | lowerUnits) * 0x9e3779b97f4a7c15 >> 50 }
func narrowHash(run uint32) uint64 { return uint64((run|lowerBytes)*gramHash) >> 18 }

// suspects says whether the text, UTF-16 little-endian, may hold one of the literals.
func (s *screen) suspects(text []byte) bool {
	if len(text) < 2*screenWindow {
		// Folding changes no number of characters, so it holds no literal that has a window.
		return s.wide && !allASCII16(text)
	}
	var all uint64
	rest := text
	for len(rest) >= 8 {
		run := binary.LittleEndian.Uint64(rest)
		all |= run
		if s.runs.has(screenHash(run)) && s.within(text, len(text)-len(rest)) {
			return true
		}
		rest = rest[8:]
	}
	all |= binary.LittleEndian.Uint64(text[len(text)&^1-8:])
	return all&beyondASCII != 0 && (s.wide || foldsToASCII(text))
}

// suspectsUTF8 is suspects for a text in UTF-8.
func (s *screen) suspectsUTF8(text []byte) bool {
	var all uint32
	rest := text
	for ; len(rest) >= 4; rest = rest[4:] {
		run := binary.LittleEndian.Uint32(rest)
		all |= run
		if s.narrow.has(narrowHash(run)) && s.withinUTF8(text, len(text)-len(rest)) {
			return true
		}
	}
	for _, c := range rest {
		all |= uint32(c)
	}
	// Of what is beyond ASCII, the long s and the Kelvin sign fold to ASCII letters.
	return all&0x80808080 != 0 && (s.wide || bytes.Contains(text, []byte("\u017f")) || bytes.Contains(text, []byte("\u212a")))
}

// within says whether a window stands in text such that it has the four units at place at.
func (s *screen) within(text []byte, at int) bool {
	for from := at - 2*(screenWindow-4); from <= at; from += 2 {
		if from < 0 || from+2*screenWindow > len(text) {
			continue
		}
		var window [screenWindow]byte
		for i := range window {
			window[i] = text[from+2*i] // of a unit beyond ASCII, half: that can only raise a suspicion
		}
		if s.isWindow(&window) {
			return true
		}
	}
	return false
}

func (s *screen) withinUTF8(text []byte, at int) bool {
	for from := max(at-(screenWindow-4), 0); from <= at && from+screenWindow <= len(text); from++ {
		window := [screenWindow]byte(text[from:])
		if s.isWindow(&window) {
			return true
		}
	}
	return false
}

// isWindow says whether a literal has the window, which is folded for that.
func (s *screen) isWindow(window *[screenWindow]byte) bool {
	for i, c := range window {
		if c >= 'A' && c <= 'Z' {
			window[i] += 'a' - 'A'
		}
	}
	_, ok := s.windows[packed(string(window[:]))]
	return ok
}

// packed returns a window as a number.
func packed(window string) (n uint64) {
	for i := range len(window) {
		n = n<<8 | uint64(window[i])
	}
	return n
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

// allASCII16 says whether there are whole units alone, all ASCII and none NUL.
func allASCII16(text []byte) bool {
	for ; len(text) >= 2; text = text[2:] {
		if u := binary.LittleEndian.Uint16(text); u == 0 || u >= 0x80 {
			return false
		}
	}
	return len(text) == 0
}
