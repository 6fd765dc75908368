package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// finder finds any of many literals in a text, in one pass for each kind of literals. Of each literal it knows four bytes, the
// gram: of those that the literal has, one that few other literals and few texts have. A step takes the four bytes at a place of the
// text and asks a table of bits whether they are a gram; where they are, the few literals that have it are compared. Steps don't
// wait for each other, as those of an automaton do, and the table stays in the processor's nearest cache.
//
// A literal of seven bytes has four grams side by side, one of which begins at a multiple of four wherever the literal stands. So
// where there are not too many of them for that, the four are known of each, and one place in four is looked at. Literals of two and
// three bytes are looked for by grams of two; those of one byte, which are few, one after the other.
type finder struct {
	lits   []string
	strode bool        // long literals have four grams
	single []int       // literals of one byte
	tables []gramTable // by class of literals, those that there are
}

// gramClass is a kind of literals that are looked for together.
type gramClass uint8

const (
	classSingle gramClass = iota // of one byte
	classShort
	classLong
	classStrode // one place in four is looked at
)

// gramTable holds the grams of literals of a class.
type gramTable struct {
	class   gramClass
	length  int    // of a gram
	step    int    // from one place of a text to the next
	mask    uint32 // of the bytes of a gram
	bits    []uint64
	shift   uint     // of a hash, to a number of a bit
	heads   []uint32 // by the hash's highest bits: 1 + the first entry; 0 for none
	bucket  uint     // shift for these
	entries []gramEntry
}

type gramEntry struct {
	gram uint32
	at   uint32 // place of the gram in the literal
	lit  uint32
	next uint32 // 1 + the next entry with the same head; 0 for none
	// start is the literal's first eight bytes, or all of it where there are fewer, and mask what of a text to compare with it.
	start, mask uint64
}

const (
	shortGram = 2
	maxGram   = 4
	stride    = 4
	maxStrode = 1 << 10 // literals that have four entries; more of them would crowd the caches
	gramHash  = 0x9e3779b1
	wordSize  = 8  // bytes of a word of memory
	maxBits   = 18 // of the number of bits of a table: 32 KiB
	minBits   = 10
)

// newFinder returns the finder of literals, which must be different and not empty.
func newFinder(lits []string) *finder {
	f := &finder{lits: lits}
	long := 0
	for i, lit := range lits {
		if len(lit) < shortGram {
			f.single = append(f.single, i)
		} else if len(lit) >= maxGram+stride-1 {
			long++
		}
	}
	f.strode = long <= maxStrode
	var counts [classStrode + 1]int
	for _, lit := range lits {
		counts[f.class(lit)]++
	}
	for class := classShort; class <= classStrode; class++ {
		if counts[class] > 0 {
			f.tables = append(f.tables, f.table(class, counts[class]))
		}
	}
	return f
}

// class returns the class of a literal.
func (f *finder) class(lit string) gramClass {
	switch {
	case len(lit) < shortGram:
		return classSingle
	case len(lit) < maxGram:
		return classShort
	case f.strode && len(lit) >= maxGram+stride-1:
		return classStrode
	}
	return classLong
}

// table makes the table of the n literals of a class.
func (f *finder) table(class gramClass, n int) gramTable {
	t := gramTable{class: class, length: maxGram, step: 1, mask: 1<<32 - 1}
	switch class {
	case classShort:
		t.length, t.mask = shortGram, 1<<(8*shortGram)-1
	case classStrode:
		t.step = stride
	}
	size := uint(min(max(bits.Len(uint(n*t.step))+5, minBits), maxBits))
	t.shift, t.bucket, t.entries = 32-size, 32-size+3, make([]gramEntry, 0, n*t.step)
	t.bits, t.heads = make([]uint64, 1<<size/64), make([]uint32, 1<<(size-3))
	// How often a gram is met: in what many events hold, and in the literals before.
	common := commonGrams()
	if n > fewLiterals {
		own := spareGrams.Get().(*[]uint16)
		defer spareGrams.Put(own)
		copy(*own, common)
		common = *own
	}
	for lit, text := range f.lits {
		if f.class(text) != class {
			continue
		}
		at, least := 0, 1<<30
		var last [stride]int // how often each of the last grams is met, by place
		sum := 0             // of those of a step
		for i := range len(text) - t.length + 1 {
			met := int(common[t.gramIn(text, i)*gramHash>>16])
			sum += met
			if i >= t.step {
				sum -= last[(i-t.step)%stride]
			}
			last[i%stride] = met
			if i >= t.step-1 && sum < least {
				at, least = i-t.step+1, sum
			}
		}
		for k := range t.step {
			gram := t.gramIn(text, at+k)
			if c := &common[gram*gramHash>>16]; n > fewLiterals && *c < 1<<15 {
				*c++
			}
			t.add(gram, at+k, lit, text)
		}
	}
	return t
}

// fewLiterals is up to how many literals it doesn't matter how many of them share a gram.
const fewLiterals = 64

// spareGrams is memory for counts of grams.
var spareGrams = sync.Pool{New: func() any { g := make([]uint16, 1<<16); return &g }}

// commonGrams counts grams in commonText, by hash.
var commonGrams = sync.OnceValue(func() []uint16 {
	common := make([]uint16, 1<<16)
	for i := range len(commonText) - maxGram + 1 {
		common[gramAt(commonText, i)*gramHash>>16] += 64
	}
	return common
})

// isCommon says whether a literal stands in commonText.
func isCommon(lit string) bool {
	// Fast path: nearly all literals have a gram that doesn't.
	common := commonGrams()
	for i := range len(lit) - maxGram + 1 {
		if common[gramAt(lit, i)*gramHash>>16] == 0 {
			return false
		}
	}
	return strings.Contains(commonText, lit)
}

func (t *gramTable) add(gram uint32, at, lit int, text string) {
	hash := gram * gramHash
	bit := hash >> t.shift
	t.bits[bit/64] |= 1 << (bit % 64)
	head := &t.heads[hash>>t.bucket]
	e := gramEntry{gram: gram, at: uint32(at), lit: uint32(lit), next: *head}
	for i := range min(len(text), wordSize) {
		e.start |= uint64(text[i]) << (8 * i)
		e.mask |= 0xff << (8 * i)
	}
	t.entries = append(t.entries, e)
	*head = uint32(len(t.entries))
}

// gramIn returns the gram at a place of a literal.
func (t *gramTable) gramIn(text string, i int) (gram uint32) {
	if t.length == maxGram {
		return gramAt(text, i)
	}
	for k := range t.length {
		gram |= uint32(text[i+k]) << (8 * k)
	}
	return gram
}

func gramAt(text string, i int) uint32 {
	b := text[i : i+maxGram]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// chosen is some of a finder's literals, and the classes that they are of.
type chosen struct {
	bits    []uint64
	classes [classStrode + 1]bool
}

// choose returns the literals for which want holds.
func (f *finder) choose(want func(lit int) bool) *chosen {
	c := &chosen{bits: make([]uint64, len(f.lits)/64+1)}
	for lit, text := range f.lits {
		if want(lit) {
			c.bits[lit/64] |= 1 << (lit % 64)
			c.classes[f.class(text)] = true
		}
	}
	return c
}

func (c *chosen) has(lit int) bool { return c.bits[lit/64]>>(lit%64)&1 != 0 }

// find calls hit with every chosen literal that stands in text, and where it ends. It may write up to eight bytes behind text.
func (f *finder) find(text []byte, only *chosen, hit func(lit, end int)) {
	for _, lit := range f.single {
		if !only.has(lit) {
			continue
		}
		for end := 0; ; {
			i := bytes.IndexByte(text[end:], f.lits[lit][0])
			if i < 0 {
				break
			}
			end += i + 1
			hit(lit, end)
		}
	}
	padded := append(text, make([]byte, wordSize)...)
	for i := range f.tables {
		if t := &f.tables[i]; only.classes[t.class] {
			t.find(f.lits, text, padded, only, hit)
		}
	}
}

func (t *gramTable) find(lits []string, text, padded []byte, only *chosen, hit func(lit, end int)) {
	table, shift, mask, step, chosen := t.bits, t.shift, t.mask, t.step, only.bits
	for i, end := 0, len(text)-t.length; i <= end; i += step {
		gram := binary.LittleEndian.Uint32(padded[i:]) & mask
		bit := gram * gramHash >> shift
		if table[bit/64]>>(bit%64)&1 == 0 {
			continue
		}
		for next := t.heads[gram*gramHash>>t.bucket]; next != 0; {
			e := &t.entries[next-1]
			next = e.next
			if e.gram != gram || int(e.at) > i || chosen[e.lit/64]>>(e.lit%64)&1 == 0 {
				continue
			}
			from := i - int(e.at)
			if binary.LittleEndian.Uint64(padded[from:])&e.mask != e.start {
				continue
			}
			lit := lits[e.lit]
			if len(text)-from >= len(lit) && (len(lit) <= wordSize || string(text[from:from+len(lit)]) == lit) {
				hit(int(e.lit), from+len(lit))
			}
		}
	}
}

// pad makes room behind a text for what find writes there.
func pad(text []byte) []byte { return slices.Grow(text, wordSize) }
