package sigma

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
	"github.com/goshawk-ir/goshawk/internal/simd"
)

// screen says quickly that a text holds none of a plan's keywords, which is true of nearly all. Keywords are about every field of
// an event, so each of its texts must be looked at; most hold nothing else that a rule asks for.
//
// It takes a window out of each literal, of one length for all of them. A text that holds the literal holds the window, and
// so, at a place that is a multiple of the stride, one of the runs of four units that the window has. So one step takes four units as
// they lie, asks whether they are such a run, and passes over the rest of the stride. A text with one that is part of a window is only
// suspected, and looked at in full.
type screen struct {
	key     uint64            // of AnyText
	check   func([]byte) bool // suspects, made once
	sweep   func([]byte) bool // says whether a text that lies in a piece of evidence may hold one of the literals; nil: look at each text
	wide    bool              // there are literals beyond ASCII, so texts beyond it are suspected, too
	stride  int               // units
	wide16  screenBits        // of runs as UTF-16 has them
	narrow  screenBits        // of runs as UTF-8 has them
	runs    map[uint32]uint8  // where in a window they stand, as bits
	windows map[string]struct{}
}

// screenBits is a set of runs, by hash.
type screenBits [screenSize / 64]uint64

func (b *screenBits) set(at uint64)      { b[at/64] |= 1 << (at % 64) }
func (b *screenBits) has(at uint64) bool { return b[at/64%uint64(len(b))]>>(at%64)&1 != 0 }

const (
	screenRun   = 4 // units
	leastStride = 4 // for literals of seven units
	mostStride  = 8 // for literals of eleven, or more
	mostWindow  = mostStride + screenRun - 1
	screenSize  = 1 << 15            // bits
	screenLoad  = 1 << 10            // runs, for more of which the stride is made smaller
	lowerUnits  = 0x0020002000200020 // makes ASCII letters lower case, and mistakes some other characters for each other
	lowerBytes  = 0x20202020
	beyondASCII = 0xff80ff80ff80ff80
)

// textKeys counts the keys of AnyText, over all engines.
var textKeys atomic.Uint64

// newScreen returns the screen of folded literals; nil where one is too short.
func newScreen(lits []string) *screen {
	s := &screen{key: textKeys.Add(1), stride: mostStride, runs: map[uint32]uint8{}, windows: map[string]struct{}{}}
	s.check = s.suspects
	n := 0
	for _, lit := range lits {
		if !isASCII(lit) {
			s.wide = true
			continue
		}
		s.stride = min(s.stride, len(lit)-screenRun+1)
		n++
	}
	if s.stride < leastStride {
		return nil
	}
	if triples := newSweep(lits); triples != nil && simd.Available {
		s.sweep = triples.In
	}
	s.stride = max(leastStride, min(s.stride, screenLoad/max(n, 1)))
	for _, lit := range lits {
		if !isASCII(lit) {
			continue
		}
		window := rarest(lit, s.window())
		s.windows[window] = struct{}{}
		for i := range s.stride {
			run := gramAt(window, i)
			s.wide16.set(screenHash(widened(run)))
			s.narrow.set(narrowHash(run))
			s.runs[run|lowerBytes] |= 1 << i
		}
	}
	return s
}

// window is how many units of a literal count: whatever multiple of the stride they begin after, a whole run lies in them.
func (s *screen) window() int { return s.stride + screenRun - 1 }

// rarest returns the window of a literal of which the runs are least likely to stand in other texts: not in what is common, and
// with the most characters that are no letters.
func rarest(lit string, size int) string {
	best, score := "", -1
	for i := range len(lit) - size + 1 {
		window := lit[i : i+size]
		n := 0
		for k := range len(window) {
			if window[k] < 'a' || window[k] > 'z' {
				n++
			}
		}
		for k := range size - screenRun + 1 {
			if !strings.Contains(commonText, window[k:k+screenRun]) {
				n += size
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

func screenHash(run uint64) uint64 { return (run | lowerUnits) * 0x9e3779b97f4a7c15 >> 49 }
func narrowHash(run uint32) uint64 { return uint64((run|lowerBytes)*gramHash) >> 17 }

// suspects says whether the text, UTF-16 little-endian, may hold one of the literals.
func (s *screen) suspects(text []byte) bool {
	var all uint64
	for at, step := 0, 2*s.stride; at <= len(text)-2*screenRun; at += step {
		run := binary.LittleEndian.Uint64(text[at:])
		all |= run
		if s.wide16.has(screenHash(run)) && s.within(text, at) {
			return true
		}
	}
	// Fast path: a literal that is in the text has a run among those that were read. If that wasn't met, it is of other units.
	return (all&beyondASCII != 0 || s.wide) && s.suspectsWide(text)
}

// suspectsWide says whether the text may hold a literal beyond ASCII, or one spelt with units beyond it.
func (s *screen) suspectsWide(text []byte) bool {
	for ; len(text) >= 2; text = text[2:] {
		if u := binary.LittleEndian.Uint16(text); u >= 0x80 && (s.wide || foldsToASCII(u)) {
			return true
		}
	}
	return false
}

// suspectsUTF8 is suspects for a text in UTF-8.
func (s *screen) suspectsUTF8(text []byte) bool {
	var all uint32
	for at := 0; at <= len(text)-screenRun; at += s.stride {
		run := binary.LittleEndian.Uint32(text[at:])
		all |= run
		if s.narrow.has(narrowHash(run)) && s.withinUTF8(text, at) {
			return true
		}
	}
	if s.wide {
		return bytes.IndexFunc(text, func(r rune) bool { return r >= 0x80 }) >= 0
	}
	return all&0x80808080 != 0 && bytes.IndexFunc(text, func(r rune) bool { return r >= 0x80 && foldsToASCII(uint16(min(r, 0xffff))) }) >= 0
}

// within says whether a window may stand in text such that it has the four units at place at.
func (s *screen) within(text []byte, at int) bool {
	places := s.runs[narrowed(binary.LittleEndian.Uint64(text[at:]))|lowerBytes]
	var window [mostWindow]byte
	for ; places != 0; places &= places - 1 {
		from := at - 2*bits.TrailingZeros8(places)
		if from < 0 || from+2*s.window() > len(text) {
			continue
		}
		for i := range s.window() {
			window[i] = byte(min(binary.LittleEndian.Uint16(text[from+2*i:]), 0x80))
		}
		if s.isWindow(window[:s.window()]) {
			return true
		}
	}
	return false
}

func (s *screen) withinUTF8(text []byte, at int) bool {
	places := s.runs[binary.LittleEndian.Uint32(text[at:])|lowerBytes]
	var window [mostWindow]byte
	for ; places != 0; places &= places - 1 {
		from := at - bits.TrailingZeros8(places)
		if from < 0 || from+s.window() > len(text) {
			continue
		}
		if s.isWindow(window[:copy(window[:s.window()], text[from:])]) {
			return true
		}
	}
	return false
}

// isWindow says whether the characters, which it folds, may be a window. One beyond ASCII may have been folded to any.
func (s *screen) isWindow(chars []byte) bool {
	for i, c := range chars {
		if c >= 0x80 {
			return true
		}
		if c >= 'A' && c <= 'Z' {
			chars[i] += 'a' - 'A'
		}
	}
	_, ok := s.windows[string(chars)]
	return ok
}

// widened makes four units of four characters, narrowed four characters of the lower halves of four units.
func widened(run uint32) (units uint64) {
	for i := range screenRun {
		units |= uint64(run>>(8*i)&0xff) << (16 * i)
	}
	return units
}

func narrowed(units uint64) (run uint32) {
	for i := range screenRun {
		run |= uint32(units>>(16*i)&0xff) << (8 * i)
	}
	return run
}

// foldsToASCII says whether a unit beyond ASCII folds to an ASCII letter: the long s and the Kelvin sign.
func foldsToASCII(unit uint16) bool { return unit == 0x017f || unit == 0x212a }

// setScreen makes the screen for keywords, if all of them have a literal that is fit for it.
func (b *planBuilder) setScreen() {
	p := b.plan
	if p.keywords < 0 || !p.rich {
		return
	}
	key := make([]byte, 0, 4*len(b.words))
	slices.SortFunc(b.words, func(x, y *atom) int { return cmp.Compare(x.id, y.id) })
	for _, a := range b.words {
		key = binary.LittleEndian.AppendUint32(key, uint32(a.id))
	}
	b.engine.mu.Lock()
	entry, ok := b.engine.screens[string(key)]
	if !ok {
		entry = &screenEntry{}
		b.engine.screens[string(key)] = entry
	}
	b.engine.mu.Unlock()
	entry.once.Do(func() { entry.screen = screenOf(b.words) }) // while others do something else
	p.screen = entry.screen
}

// screenEntry is a screen, once somebody has made it.
type screenEntry struct {
	once   adaptive.Once
	screen *screen
}

func screenOf(words []*atom) *screen {
	var lits []string
	for _, a := range words {
		own, _ := a.literals()
		for _, lit := range own {
			lits = append(lits, string(lit))
		}
	}
	slices.Sort(lits)
	return newScreen(slices.Compact(lits))
}
