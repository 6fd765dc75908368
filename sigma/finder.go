package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// finder finds any of many literals in a text, in one pass. Of each literal it knows four bytes, the gram: of those that the
// literal has, one that few other literals and few texts have. A step takes the four bytes at a place of the text and asks a
// table of bits whether they are a gram; where they are, the few literals that have it are compared. Steps don't wait for each
// other, as those of an automaton do, and the table stays in the processor's nearest cache. Literals of two and three bytes are
// looked for in the same way, by grams of two; those of one byte, which are few, one after the other.
type finder struct {
	lits   []string
	single []int       // literals of one byte
	tables []gramTable // by length of gram, those that there are
}

// gramTable holds the grams of one length: of literals with fewer than maxGram bytes, or of the others.
type gramTable struct {
	length  int
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
	gramHash  = 0x9e3779b1
	wordSize  = 8  // bytes of a word of memory
	maxBits   = 18 // of the number of bits of a table: 32 KiB
	minBits   = 10
)

// newFinder returns the finder of literals, which must be different and not empty.
func newFinder(lits []string) *finder {
	f := &finder{lits: lits}
	short := 0
	for i, lit := range lits {
		if len(lit) < shortGram {
			f.single = append(f.single, i)
		} else if len(lit) < maxGram {
			short++
		}
	}
	if short > 0 {
		f.tables = append(f.tables, f.table(shortGram, short))
	}
	if long := len(lits) - len(f.single) - short; long > 0 {
		f.tables = append(f.tables, f.table(maxGram, long))
	}
	return f
}

// table makes the table of the n literals that have grams of a length.
func (f *finder) table(length, n int) gramTable {
	size := uint(min(max(bits.Len(uint(n))+5, minBits), maxBits))
	t := gramTable{length: length, mask: 1<<(8*length) - 1, shift: 32 - size, bucket: 32 - size + 3, entries: make([]gramEntry, 0, n)}
	t.bits, t.heads = make([]uint64, 1<<size/64), make([]uint32, 1<<(size-3))
	if length == maxGram {
		t.mask = 1<<32 - 1
	}
	// How often a gram is met: in what many events hold, and in the literals before.
	common := commonGrams()
	if n > fewLiterals {
		own := spareGrams.Get().(*[]uint16)
		defer spareGrams.Put(own)
		copy(*own, common)
		common = *own
	}
	for lit, text := range f.lits {
		if len(text) < shortGram || len(text) < maxGram != (length < maxGram) {
			continue
		}
		best, at, least := uint32(0), 0, 1<<30
		for i := range len(text) - length + 1 {
			gram := t.gramIn(text, i)
			if n := int(common[gram*gramHash>>16]); n < least {
				best, at, least = gram, i, n
			}
		}
		if c := &common[best*gramHash>>16]; n > fewLiterals && *c < 1<<15 {
			*c++
		}
		t.add(best, at, lit, text)
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
	for k := range t.length {
		gram |= uint32(text[i+k]) << (8 * k)
	}
	return gram
}

func gramAt(text string, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24
}

// find calls hit with every literal of only, a set of bits, that stands in text, and where it ends; nil is all literals. It may
// write up to eight bytes behind text.
func (f *finder) find(text []byte, only []uint64, hit func(lit, end int)) {
	for _, lit := range f.single {
		if only != nil && only[lit/64]>>(lit%64)&1 == 0 {
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
		f.tables[i].find(f.lits, text, padded, only, hit)
	}
}

func (t *gramTable) find(lits []string, text, padded []byte, only []uint64, hit func(lit, end int)) {
	table, shift, mask := t.bits, t.shift, t.mask
	for i := range len(text) - t.length + 1 {
		gram := binary.LittleEndian.Uint32(padded[i:]) & mask
		bit := gram * gramHash >> shift
		if table[bit/64]>>(bit%64)&1 == 0 {
			continue
		}
		for next := t.heads[gram*gramHash>>t.bucket]; next != 0; {
			e := &t.entries[next-1]
			next = e.next
			if e.gram != gram || int(e.at) > i || only != nil && only[e.lit/64]>>(e.lit%64)&1 == 0 {
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
