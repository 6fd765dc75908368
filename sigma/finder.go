package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/goshawk-ir/goshawk/internal/heap"
)

// finder finds any of many literals in a text, in one pass for each kind of literals. Of each literal it knows four bytes, the
// gram: of those that the literal has, one that few other literals and few texts have. A step takes the four bytes at a place of the
// text and asks a table of bits whether they are a gram. Steps don't wait for each other, as those of an automaton do, nor does any of
// them branch on what it finds, and the table stays in the processor's nearest cache. Places that may be grams are gathered, and then
// the few literals that have them are compared.
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
	last    uint32   // number of the last bit
	first   []uint32 // by bucket, some bits side by side: the first of its entries; and where the last bucket's end
	entries []gramEntry
}

// gramEntry is a gram of a literal. That the gram is the text's is left to the comparison of what the literal begins with: a
// bucket has few entries, and whatever passes is compared whole.
type gramEntry struct {
	start uint64 // the literal's first eight bytes, or all of it where there are fewer
	lit   uint32
	at    uint16 // place of the gram in the literal
	less  uint8  // bits that start has less than eight bytes
}

const (
	shortGram  = 2
	maxGram    = 4
	stride     = 4
	maxStrode  = 1 << 10 // literals that have four entries; more of them would crowd the caches
	gramHash   = 0x9e3779b1
	wordSize   = 8  // bytes of a word of memory
	maxBits    = 18 // of the number of bits of a table: 32 KiB
	minBits    = 10
	maxPlace   = 1<<16 - stride // of a gram in its literal
	bucketBits = 5              // of a hash that tells the bits of a bucket apart
	gathered   = 64             // places of a text that are looked at together
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
	t.last = 1<<size - 1
	t.bits, t.first = heap.Written[uint64](1<<size/64), heap.Written[uint32](1<<(size-bucketBits)+1)
	grams := make([]litGram, 0, n*t.step)
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
		at := t.rarest(text, common)
		for k := range t.step {
			gram := t.gramIn(text, at+k)
			if c := &common[gram*gramHash>>16]; n > fewLiterals && *c < 1<<15 {
				*c++
			}
			grams = append(grams, litGram{t.bit(gram), uint32(lit), uint16(at + k)})
		}
	}
	t.enter(f.lits, grams)
	return t
}

// rarest returns where those grams of a literal begin, as many as a step is long, that are met least.
func (t *gramTable) rarest(text string, common []uint16) (at int) {
	least := 1 << 30
	n := min(len(text)-t.length+1, maxPlace)
	if t.step == 1 && t.length == maxGram {
		// Fast path: each gram is the one before, but for a byte.
		gram := gramAt(text, 0) << 8
		for i, c := range []byte(text[maxGram-1:][:n]) {
			if gram = gram>>8 | uint32(c)<<24; int(common[gram*gramHash>>16]) < least {
				at, least = i, int(common[gram*gramHash>>16])
			}
		}
		return at
	}
	var last [stride]int // how often each of the last grams is met, by place
	sum := 0             // of those of a step
	for i := range n {
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
	return at
}

// litGram is a gram of a literal, before it has a place in a table.
type litGram struct {
	bit uint32
	lit uint32
	at  uint16
}

// enter makes the entries for grams.
func (t *gramTable) enter(lits []string, grams []litGram) {
	for _, g := range grams {
		t.bits[g.bit/64] |= 1 << (g.bit % 64)
		t.first[g.bit>>bucketBits]++
	}
	sum := uint32(0)
	for i := range t.first {
		sum += t.first[i]
		t.first[i] = sum
	}
	t.entries = make([]gramEntry, len(grams))
	for _, g := range slices.Backward(grams) { // so that they stand in the order of literals
		e := gramEntry{lit: g.lit, at: g.at}
		text := lits[g.lit]
		n := min(len(text), wordSize)
		for i := range n {
			e.start |= uint64(text[i]) << (8 * i)
		}
		e.less = uint8(8 * (wordSize - n))
		first := &t.first[g.bit>>bucketBits]
		*first--
		t.entries[*first] = e
	}
}

// fewLiterals is up to how many literals it doesn't matter how many of them share a gram.
const fewLiterals = 64

// spareGrams is memory for counts of grams.
var spareGrams = sync.Pool{New: func() any { g := make([]uint16, 1<<16); return &g }}

// commonGrams counts grams in commonText, by hash.
var commonGrams = sync.OnceValue(func() []uint16 {
	common := heap.Written[uint16](1 << 16)
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

// find calls hit with every chosen literal that stands in text, and where it begins and ends. It may write up to eight bytes behind text.
func (f *finder) find(text []byte, only *chosen, hit func(lit, from, end int)) {
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
			hit(lit, end-1, end)
		}
	}
	padded := append(text, make([]byte, wordSize)...)
	for i := range f.tables {
		if t := &f.tables[i]; only.classes[t.class] {
			t.find(f.lits, text, padded, only, hit)
		}
	}
}

func (t *gramTable) find(lits []string, text, padded []byte, only *chosen, hit func(lit, from, end int)) {
	chosen, mask := only.bits, t.mask
	var places [gathered]int32
	for i, last := 0, len(text)-t.length; i <= last; i += gathered * t.step {
		n := t.gather(&places, padded, i, min(last, i+(gathered-1)*t.step))
		for _, place := range places[:n&(2*gathered-1)] {
			if int(place) > last {
				break
			}
			gram := binary.LittleEndian.Uint32(padded[place:]) & mask
			bucket := t.bit(gram) >> bucketBits
			for i := t.first[bucket]; i < t.first[bucket+1]; i++ {
				e := &t.entries[i]
				from := int(place) - int(e.at)
				if from < 0 || (binary.LittleEndian.Uint64(padded[from:])^e.start)<<(e.less&63) != 0 || chosen[e.lit/64]>>(e.lit%64)&1 == 0 {
					continue
				}
				end := from + wordSize - int(e.less)/8
				if e.less == 0 { // or there is no more to be compared
					lit := lits[e.lit]
					if end = from + len(lit); end > len(text) || string(text[from:end]) != lit {
						continue
					}
				}
				if end <= len(text) {
					hit(int(e.lit), from, end)
				}
			}
		}
	}
}

// gather writes the places from i to last where text may have a gram, and returns how many there are. It has no branch that depends
// on what stands there, and is apart so that the compiler has registers for all that it needs. Up to three places behind the last may
// be among those that it writes.
//
//go:noinline
func (t *gramTable) gather(places *[gathered]int32, text []byte, i, last int) (n int) {
	table, lastBit, mask := t.bits, t.last, t.mask
	if t.step == stride {
		for ; i <= last; i += stride {
			bit := bitOf(binary.LittleEndian.Uint32(text[i:]), lastBit)
			places[n&(gathered-1)] = int32(i)
			n += oneIf(table[bit/64]&(1<<(bit%64)) != 0)
		}
		return n
	}
	for ; i <= last; i += 4 {
		word := binary.LittleEndian.Uint64(text[i:])
		bit := bitOf(uint32(word)&mask, lastBit)
		places[n&(gathered-1)] = int32(i)
		n += oneIf(table[bit/64]&(1<<(bit%64)) != 0)
		bit = bitOf(uint32(word>>8)&mask, lastBit)
		places[n&(gathered-1)] = int32(i + 1)
		n += oneIf(table[bit/64]&(1<<(bit%64)) != 0)
		bit = bitOf(uint32(word>>16)&mask, lastBit)
		places[n&(gathered-1)] = int32(i + 2)
		n += oneIf(table[bit/64]&(1<<(bit%64)) != 0)
		bit = bitOf(uint32(word>>24)&mask, lastBit)
		places[n&(gathered-1)] = int32(i + 3)
		n += oneIf(table[bit/64]&(1<<(bit%64)) != 0)
	}
	return n
}

// bitOf returns the number of a gram's bit. What counts of the product are bits that all of the gram's have a part in.
func bitOf(gram, lastBit uint32) uint32 { return uint32(uint64(gram)*0x9e3779b97f4a7c15>>46) & lastBit }

func (t *gramTable) bit(gram uint32) uint32 { return bitOf(gram, t.last) }

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pad makes room behind a text for what find writes there.
func pad(text []byte) []byte { return slices.Grow(text, wordSize) }
