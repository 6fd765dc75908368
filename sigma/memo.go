package sigma

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/goshawk-ir/goshawk/internal/heap"
)

// memo remembers what values came to, so that a value that a field had before costs a look-up and not a search. Most values
// of most fields recur in life: images, users, rights, command lines of scheduled work.
//
// What is remembered is a pure function of the value, of the slot and of the plan, so the answer is that of looking anew;
// values are compared byte by byte, so it does not rest on a hash. Memory is bounded: when a bound is met, the memo is
// emptied and fills again.
//
// All matchers of an engine share one, so that each value is studied once. Nobody waits, neither to look something up (an entry doesn't change
// once its item stands, and who looks into a table that has been given up meanwhile misses, at worst, what is new) nor to have something
// kept: while another matcher is at it, it is not kept, and will be when it comes again.
type memo struct {
	seed  maphash.Seed
	table atomic.Pointer[memoTable]
	door  atomic.Pointer[memoDoor] // nil while there is plenty of room
	_     [128]byte                // what follows is written often, and lies in no line of a cache with what all read

	mu    sync.Mutex // to keep something
	count int        // of values
	shown int        // of those that came to something
	block int        // of text that is being filled
	used  int        // bytes of it
	lists []int32    // room for what sights list
	_     [128]byte
}

// memoTable finds values by their hashes. An item is some bits of a hash and, below, the place of the entry; 0: it is free. It is written
// once the entry is complete. Entries stand in the order in which values came, and what came together is often asked for together: so a
// quarter of a megabyte of items and the entries of a while are in the processor's caches.
type memoTable struct {
	items  []atomic.Uint32 // a power of two of them, at most half of them taken; linear probing
	shift  uint            // of a hash, to an index
	text   *memoText
	sights *memoSights
}

// memoText holds the entries, none of them across two blocks. A place counts memoAlign bytes, in all blocks, one behind the other; there is
// no entry at 0.
type memoText [maxMemoText / memoBlock][]byte

// memoSights holds what values came to, by number.
type memoSights [(maxMemoEntries + 1) / memoGroup]*[memoGroup]sight

// memoEntry begins with an entry: what to compare with lies side by side, so that one wait brings it.
//
//	0   8  key: place and tag of the value
//	8   4  size of the value
//	12  4  number of what it came to, and memoNothing
//	16  -  the value
type memoEntry []byte

const (
	memoHead    = 16
	memoNothing = 1 << 31 // it came to nothing
)

func (e memoEntry) key() uint64    { return binary.LittleEndian.Uint64(e) }
func (e memoEntry) number() uint32 { return binary.LittleEndian.Uint32(e[12:]) }
func (e memoEntry) value() []byte {
	size := binary.LittleEndian.Uint32(e[8:])
	return e[memoHead : memoHead+size]
}

// entry returns the entry of an item.
func (t *memoTable) entry(item uint32) memoEntry {
	place := item & memoPlaces
	return t.text[place/(memoBlock/memoAlign)%uint32(len(t.text))][place%(memoBlock/memoAlign)*memoAlign:]
}

// seen returns what is to be seen in the value of an entry; nil for nothing.
func (t *memoTable) seen(e memoEntry) *sight {
	n := e.number()
	if n&memoNothing != 0 {
		return nil
	}
	return &t.sights[n/memoGroup%uint32(len(t.sights))][n%memoGroup]
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

// keep notes the value of an entry of a table, and returns what is to be seen in it.
func (l *memoLast) keep(t *memoTable, e memoEntry) *sight {
	if l.text != t.text {
		clear(l.values[:])
		l.text = t.text
	}
	key, seen := e.key(), t.seen(e)
	v := &l.values[key>>8%lastSize] // field by field: what is copied right after it was put together waits for that to reach memory
	v.key, v.value, v.sight = key, e.value(), seen
	return seen
}

// Bounds of a memo.
const (
	maxMemoEntries = 1<<16 - 1
	memoGroup      = 1 << 9
	maxMemoText    = 16 << 20 // with what heads the values
	memoBlock      = 1 << 20
	memoAlign      = 16
	memoPlaces     = maxMemoText/memoAlign - 1 // those bits of an item
	maxMemoValue   = memoBlock / 16
	memoLists      = 1 << 13
	doorSize       = 1 << 16
	lastSize       = 1 << 12
)

func newMemo() *memo {
	m := &memo{seed: maphash.MakeSeed(), used: memoAlign}
	m.table.Store(newMemoTable(1<<10, &memoText{}, &memoSights{}))
	return m
}

func newMemoTable(size int, text *memoText, sights *memoSights) *memoTable {
	t := &memoTable{items: heap.Written[atomic.Uint32](size), shift: 64, text: text, sights: sights}
	for ; size > 1; size >>= 1 {
		t.shift--
	}
	return t
}

// larger returns a table with the same entries and room for twice as many.
func (m *memo) larger(t *memoTable) *memoTable {
	l := newMemoTable(2*len(t.items), t.text, t.sights)
	for i := range t.items {
		if item := t.items[i].Load(); item != 0 {
			e := t.entry(item)
			l.put(m.hash(e.key(), e.value()), item&memoPlaces)
		}
	}
	return l
}

// put adds an item for the entry at a place.
func (t *memoTable) put(hash uint64, place uint32) {
	mask := len(t.items) - 1
	for i := int(hash >> t.shift); ; i++ {
		if at := &t.items[i&mask]; at.Load() == 0 {
			at.Store(itemTag(hash) | place)
			return
		}
	}
}

// itemTag is what an item has of a hash: other bits than those that its index comes of.
func itemTag(hash uint64) uint32 { return uint32(hash) &^ memoPlaces }

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
		if item&^memoPlaces == itemTag(hash) {
			if e := t.entry(item); e.key() == key && string(e.value()) == string(value) {
				return last.keep(t, e), true
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

// keep remembers what a value of at most maxMemoValue bytes came to, and returns it; or what another matcher has kept for it meanwhile. It
// keeps nothing while another matcher keeps something.
func (m *memo) keep(last *memoLast, hash, key uint64, value []byte, s *studied) (kept *sight, ok bool) {
	if !m.mu.TryLock() {
		return nil, false
	}
	defer m.mu.Unlock()
	if have, known := m.find(last, hash, key, value); known {
		return have, true
	}
	if m.used+memoHead+len(value) > memoBlock {
		m.block, m.used = m.block+1, 0
	}
	t := m.table.Load()
	switch {
	case m.count == maxMemoEntries || m.block == len(t.text):
		t = newMemoTable(len(t.items), &memoText{}, &memoSights{})
		m.count, m.shown, m.block, m.used = 0, 0, 0, memoAlign
		m.table.Store(t)
	case 2*(m.count+1) > len(t.items):
		t = m.larger(t)
		m.table.Store(t)
	}
	block := &t.text[m.block]
	if *block == nil {
		*block = make([]byte, memoBlock)
	}
	e := memoEntry((*block)[m.used:])
	number := uint32(memoNothing)
	if !s.nothing() {
		number = uint32(m.shown)
		group := &t.sights[m.shown/memoGroup]
		if *group == nil {
			*group = &[memoGroup]sight{}
		}
		in := &(*group)[m.shown%memoGroup]
		in.shown, in.calls, in.suspect = m.list(s), int32(len(s.rules)), s.suspect
		m.shown++
	}
	binary.LittleEndian.PutUint64(e, key)
	binary.LittleEndian.PutUint32(e[8:], uint32(len(value)))
	binary.LittleEndian.PutUint32(e[12:], number)
	copy(e[memoHead:], value)
	t.put(hash, uint32((m.block*memoBlock+m.used)/memoAlign))
	m.used += (memoHead + len(value) + memoAlign - 1) &^ (memoAlign - 1)
	if m.count++; m.door.Load() == nil && (m.count >= maxMemoEntries/2 || m.block >= len(t.text)*5/8) {
		m.door.Store(&memoDoor{})
	}
	return last.keep(t, e), true
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
