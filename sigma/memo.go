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
// once its item stands, and who looks into a table that has been given up meanwhile misses, at worst, what is new.
type memo struct {
	seed  maphash.Seed
	table atomic.Pointer[memoTable]
	door  atomic.Pointer[memoDoor] // nil while there is plenty of room

	mu    sync.Mutex // to keep something
	count int
	block int     // of text that is being filled
	used  int     // bytes of it
	lists []int32 // room for what sights list
}

// memoTable finds values by their hashes. An item is sixteen bits of a hash and, below, one more than the number of the entry; 0: it is
// free. It is written once the entry is complete. Entries stand in the order in which values came, and what came together is often asked
// for together: so a quarter of a megabyte of items and a few lines of entries and texts are in the processor's caches.
type memoTable struct {
	items   []atomic.Uint32 // a power of two of them, at most half of them taken; linear probing
	shift   uint            // of a hash, to an index
	entries *memoEntries
	text    *memoText
}

// memoEntries holds entries, by number.
type memoEntries [(maxMemoEntries + 1) / memoGroup]*[memoGroup]memoEntry

// memoText holds the values, none of them across two blocks.
type memoText [maxMemoText / memoBlock][]byte

// memoEntry is a value and what it came to: one line of the processor's caches.
type memoEntry struct {
	key        uint64 // place and tag
	from, size uint32 // in all blocks, one behind the other
	sight      sight
}

// seen returns what is to be seen in the value; nil for nothing.
func (e *memoEntry) seen() *sight {
	if e.sight.nothing() {
		return nil
	}
	return &e.sight
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
	l.values[e.key>>8%lastSize] = lastValue{e.key, t.value(e), e.seen()}
}

// Bounds of a memo.
const (
	maxMemoEntries = 1<<16 - 1
	memoGroup      = 1 << 9
	maxMemoText    = 16 << 20
	memoBlock      = 1 << 20
	maxMemoValue   = memoBlock / 16
	memoLists      = 1 << 13
	doorSize       = 1 << 16
	lastSize       = 1 << 12
)

func newMemo() *memo {
	m := &memo{seed: maphash.MakeSeed()}
	m.table.Store(newMemoTable(1<<10, &memoEntries{}, &memoText{}))
	return m
}

func newMemoTable(size int, entries *memoEntries, text *memoText) *memoTable {
	t := &memoTable{items: make([]atomic.Uint32, size), shift: 64, entries: entries, text: text}
	for ; size > 1; size >>= 1 {
		t.shift--
	}
	return t
}

// larger returns a table with the same entries and room for twice as many.
func (m *memo) larger(t *memoTable) *memoTable {
	l := newMemoTable(2*len(t.items), t.entries, t.text)
	for n := range m.count {
		e := t.entry(uint32(n + 1))
		l.put(m.hash(e.key, t.value(e)), n)
	}
	return l
}

// put adds an item for an entry.
func (t *memoTable) put(hash uint64, entry int) {
	mask := len(t.items) - 1
	for i := int(hash >> t.shift); ; i++ {
		if at := &t.items[i&mask]; at.Load() == 0 {
			at.Store(itemTag(hash) | uint32(entry+1))
			return
		}
	}
}

// itemTag is what an item has of a hash: other bits than those that its place comes of.
func itemTag(hash uint64) uint32 { return uint32(hash) &^ 0xffff }

// entry returns the entry of an item.
func (t *memoTable) entry(item uint32) *memoEntry {
	n := item&0xffff - 1
	return &t.entries[n/memoGroup%uint32(len(t.entries))][n%memoGroup]
}

func (m *memo) hash(key uint64, value []byte) uint64 {
	return (maphash.Bytes(m.seed, value) ^ key) * 0x9e3779b97f4a7c15
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
	mask := len(t.items) - 1
	for i := int(hash >> t.shift); ; i++ {
		item := t.items[i&mask].Load()
		if item == 0 {
			return nil, false
		}
		if item&^0xffff == itemTag(hash) {
			if e := t.entry(item); e.key == key && string(t.value(e)) == string(value) {
				last.keep(t, e)
				return e.seen(), true
			}
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

// keep remembers what a value of at most maxMemoValue bytes came to, and returns it; or what another matcher has kept for it meanwhile.
func (m *memo) keep(last *memoLast, hash, key uint64, value []byte, s *studied) *sight {
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
	case m.count == maxMemoEntries || m.block == len(t.text):
		t = newMemoTable(len(t.items), &memoEntries{}, &memoText{})
		m.count, m.block, m.used = 0, 0, 0
		m.table.Store(t)
	case 2*(m.count+1) > len(t.items):
		t = m.larger(t)
		m.table.Store(t)
	}
	b := &t.text[m.block]
	if *b == nil {
		*b = make([]byte, memoBlock)
	}
	copy((*b)[m.used:], value)
	group := &t.entries[m.count/memoGroup]
	if *group == nil {
		*group = &[memoGroup]memoEntry{}
	}
	e := &(*group)[m.count%memoGroup]
	e.key, e.from, e.size = key, uint32(m.block*memoBlock+m.used), uint32(len(value))
	e.sight.shown, e.sight.calls, e.sight.suspect = m.list(s), int32(len(s.rules)), s.suspect
	t.put(hash, m.count)
	m.used += len(value)
	if m.count++; m.door.Load() == nil && (m.count >= maxMemoEntries/2 || m.block >= len(t.text)*5/8) {
		m.door.Store(&memoDoor{})
	}
	return e.seen()
}

// list returns rules and atoms, one behind the other.
func (m *memo) list(s *studied) []int32 {
	n := len(s.rules) + len(s.atoms)
	if n == 0 {
		return nil
	}
	if n > len(m.lists) {
		m.lists = make([]int32, max(n, memoLists))
	}
	list := m.lists[:n:n]
	m.lists = m.lists[n:]
	copy(list[copy(list, s.rules):], s.atoms)
	return list
}

// value returns the value of an entry.
func (t *memoTable) value(e *memoEntry) []byte {
	b := t.text[e.from/memoBlock%uint32(len(t.text))]
	from := e.from % memoBlock
	return b[from : from+e.size]
}
