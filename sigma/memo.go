package sigma

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// memo remembers what values came to, so that a value that a field had before costs a look-up and not a search. Most values
// of most fields recur in life: images, users, rights, command lines of scheduled work.
//
// What is remembered is a pure function of the value, of the slot and of the plan, so the answer is that of looking anew;
// values are compared byte by byte, so it does not rest on a hash. Memory is bounded: when a bound is met, the memo is
// emptied and fills again.
//
// All matchers of an engine share one, so that each value is studied once. To look something up nobody waits: an entry doesn't change
// once its hash stands, and who looks into a table that has been given up meanwhile misses, at worst, what is new.
type memo struct {
	seed  maphash.Seed
	table atomic.Pointer[memoTable]
	door  atomic.Pointer[memoDoor] // nil while there is plenty of room

	mu    sync.Mutex // to keep something
	count int
	block int // of text that is being filled
	used  int // bytes of it
}

// memoTable holds values under their hashes.
type memoTable struct {
	entries []memoEntry // a power of two of them, at most half of them taken; linear probing
	shift   uint        // of a hash, to an index
	text    *memoText
}

// memoText holds the values, none of them across two blocks.
type memoText [maxMemoText / memoBlock][]byte

type memoEntry struct {
	hash       atomic.Uint64 // odd; 0: the entry is free; written last
	key        uint64        // place and tag
	from, size uint32        // in all blocks, one behind the other
	sight      *sight        // nil: nothing was seen in the value
}

// memoDoor is marks of values seen once.
type memoDoor [doorSize]atomic.Uint32

// memoLast is, by place, the value that a matcher met there last, and what it came to.
type memoLast struct {
	text   *memoText // of the memo that the values lie in: once that is emptied, they are let go
	values [lastSize]lastValue
}

type lastValue struct {
	key   uint64
	value []byte // in text
	sight *sight
}

// keep notes the value of an entry of a table.
func (l *memoLast) keep(t *memoTable, e *memoEntry) {
	if l.text != t.text {
		clear(l.values[:])
		l.text = t.text
	}
	l.values[e.key>>8%lastSize] = lastValue{e.key, t.value(e), e.sight}
}

// Bounds of a memo.
const (
	maxMemoEntries = 1 << 17
	maxMemoText    = 16 << 20
	memoBlock      = 1 << 20
	maxMemoValue   = memoBlock / 16
	doorSize       = 1 << 16
	lastSize       = 1 << 12
)

func newMemo() *memo {
	m := &memo{seed: maphash.MakeSeed()}
	m.table.Store(newMemoTable(1<<10, &memoText{}))
	return m
}

func newMemoTable(size int, text *memoText) *memoTable {
	t := &memoTable{entries: make([]memoEntry, size), shift: 64, text: text}
	clear(t.entries) // to write to a page before it is read saves the system mapping it twice
	for ; size > 1; size >>= 1 {
		t.shift--
	}
	return t
}

// larger returns a table with the same entries and room for twice as many.
func (t *memoTable) larger() *memoTable {
	l := newMemoTable(2*len(t.entries), t.text)
	for i := range t.entries {
		if e := &t.entries[i]; e.hash.Load() != 0 {
			l.put(e.hash.Load(), e.key, e.from, e.size, e.sight)
		}
	}
	return l
}

func (t *memoTable) put(hash, key uint64, from, size uint32, s *sight) {
	mask := len(t.entries) - 1
	for i := int(hash>>t.shift) & mask; ; i++ {
		if e := &t.entries[i&mask]; e.hash.Load() == 0 {
			e.key, e.from, e.size, e.sight = key, from, size, s
			e.hash.Store(hash)
			return
		}
	}
}

func (m *memo) hash(key uint64, value []byte) uint64 {
	return (maphash.Bytes(m.seed, value)^key)*0x9e3779b97f4a7c15 | 1
}

// same returns what a value came to that is the one that its place had when it was looked for last.
//
// Fast path: it skips the hash, and memory that is not at hand. The answer is that of find, since key and bytes are compared.
func (m *memo) same(last *memoLast, key uint64, value []byte) (s *sight, known bool) {
	v := &last.values[key>>8%lastSize]
	if v.key == key && string(v.value) == string(value) && last.text == m.table.Load().text {
		return v.sight, true
	}
	return nil, false
}

// find returns what a value came to. key stands for the place of the value and for how its bytes are to be read.
func (m *memo) find(last *memoLast, hash, key uint64, value []byte) (s *sight, known bool) {
	t := m.table.Load()
	mask := len(t.entries) - 1
	for i := int(hash>>t.shift) & mask; ; i++ {
		e := &t.entries[i&mask]
		switch have := e.hash.Load(); {
		case have == 0:
			return nil, false
		case have == hash && e.key == key && string(t.value(e)) == string(value):
			last.keep(t, e)
			return e.sight, true
		}
	}
}

// again says whether the value was asked for before, or there is plenty of room. Only such values are kept: those that come
// once, as identifiers and times do, would push the others out.
func (m *memo) again(hash uint64) bool {
	door := m.door.Load()
	if door == nil {
		return true
	}
	d, mark := &door[hash%doorSize], uint32(hash>>32)|1
	if d.Load() == mark {
		return true
	}
	d.Store(mark)
	return false
}

// keep remembers what a value came to. It returns what another matcher has kept for it meanwhile, if one has.
func (m *memo) keep(last *memoLast, hash, key uint64, value []byte, s *sight) *sight {
	if len(value) > maxMemoValue {
		return s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if have, known := m.find(last, hash, key, value); known {
		return have
	}
	if m.used+len(value) > memoBlock {
		m.block, m.used = m.block+1, 0
	}
	t := m.table.Load()
	switch {
	case m.count >= maxMemoEntries/2 || m.block == len(t.text):
		t = newMemoTable(len(t.entries), &memoText{})
		m.count, m.block, m.used = 0, 0, 0
		m.table.Store(t)
	case 2*(m.count+1) > len(t.entries):
		t = t.larger()
		m.table.Store(t)
	}
	b := &t.text[m.block]
	if *b == nil {
		*b = make([]byte, memoBlock)
	}
	copy((*b)[m.used:], value)
	t.put(hash, key, uint32(m.block*memoBlock+m.used), uint32(len(value)), s)
	m.used += len(value)
	if m.count++; m.door.Load() == nil && (m.count >= maxMemoEntries/4 || m.block >= len(t.text)*5/8) {
		m.door.Store(&memoDoor{})
	}
	return s
}

// value returns the value of an entry.
func (t *memoTable) value(e *memoEntry) []byte {
	b := t.text[e.from/memoBlock%uint32(len(t.text))]
	from := e.from % memoBlock
	return b[from : from+e.size]
}
