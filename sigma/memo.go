package sigma

import "hash/maphash"

// memo remembers what values came to, so that a value that a field had before costs a look-up and not a search. Most values
// of most fields recur in life: images, users, rights, command lines of scheduled work.
//
// What is remembered is a pure function of the value, of the slot and of the plan, so the answer is that of looking anew;
// values are compared byte by byte, so it does not rest on a hash. Memory is bounded: when a bound is met, the memo is
// emptied and fills again.
type memo struct {
	seed    maphash.Seed
	entries []memoEntry // a power of two of them; linear probing
	shift   uint        // of a hash, to an index
	count   int
	text    [maxMemoText / memoBlock][]byte // the values, none of them across two blocks
	block   int                             // of text that is being filled
	door    []uint32                        // marks of values seen once; nil while there is plenty of room
	last    [lastSize]uint32                // by place: the entry of the value that it had last
}

type memoEntry struct {
	hash       uint64 // odd; 0: the entry is free
	key        uint64 // place and tag
	from, size uint32 // in all blocks, one behind the other
	sight      *sight // nil: nothing was seen in the value
}

// Bounds of a memo.
const (
	maxMemoEntries = 1 << 16
	maxMemoText    = 12 << 20
	memoBlock      = 1 << 20
	maxMemoValue   = memoBlock / 16
	doorSize       = 1 << 16
	lastSize       = 1 << 12
)

func newMemo() *memo {
	m := &memo{seed: maphash.MakeSeed()}
	m.resize(1 << 10)
	return m
}

func (m *memo) resize(size int) {
	old := m.entries
	m.entries, m.shift = make([]memoEntry, size), 64
	clear(m.entries) // to write to a page before it is read saves the system mapping it twice
	for ; size > 1; size >>= 1 {
		m.shift--
	}
	for i := range old {
		if e := &old[i]; e.hash != 0 {
			*m.free(e.hash) = *e
		}
	}
}

// free returns the first free place for a hash.
func (m *memo) free(hash uint64) *memoEntry {
	mask := len(m.entries) - 1
	for i := int(hash>>m.shift) & mask; ; i++ {
		if e := &m.entries[i&mask]; e.hash == 0 {
			return e
		}
	}
}

func (m *memo) hash(key uint64, value []byte) uint64 {
	return (maphash.Bytes(m.seed, value)^key)*0x9e3779b97f4a7c15 | 1
}

// same returns what a value came to that is the one that its place had when it was looked for last.
//
// Fast path: it skips the hash, and memory that is not at hand. The answer is that of find, since key and bytes are compared.
func (m *memo) same(key uint64, value []byte) (s *sight, known bool) {
	at := m.last[key>>8%uint64(len(m.last))]
	if int(at) >= len(m.entries) {
		return nil, false
	}
	e := &m.entries[at]
	if e.key == key && int(e.size) == len(value) && e.hash != 0 && string(m.value(e)) == string(value) {
		return e.sight, true
	}
	return nil, false
}

// find returns what a value came to. key stands for the place of the value and for how its bytes are to be read.
func (m *memo) find(hash, key uint64, value []byte) (s *sight, known bool) {
	mask := len(m.entries) - 1
	for i := int(hash>>m.shift) & mask; ; i++ {
		e := &m.entries[i&mask]
		if e.hash == 0 {
			return nil, false
		}
		if e.hash == hash && e.key == key && string(m.value(e)) == string(value) {
			m.last[key>>8%uint64(len(m.last))] = uint32(i & mask)
			return e.sight, true
		}
	}
}

// again says whether the value was asked for before, or there is plenty of room. Only such values are kept: those that come
// once, as identifiers and times do, would push the others out.
func (m *memo) again(hash uint64) bool {
	if m.count < maxMemoEntries/8 && m.block < len(m.text)/4 {
		return true
	}
	if m.door == nil {
		m.door = make([]uint32, doorSize)
		clear(m.door) // as in resize
	}
	d := &m.door[hash%doorSize]
	mark := uint32(hash>>32) | 1
	if *d == mark {
		return true
	}
	*d = mark
	return false
}

// keep remembers what a value came to.
func (m *memo) keep(hash, key uint64, value []byte, s *sight) {
	if len(value) > maxMemoValue {
		return
	}
	if m.block < len(m.text) && len(m.text[m.block])+len(value) > memoBlock {
		m.block++
	}
	if m.count >= maxMemoEntries/2 || m.block == len(m.text) {
		clear(m.entries)
		m.block, m.count = 0, 0
		for i := range m.text {
			m.text[i] = m.text[i][:0]
		}
	}
	if 2*(m.count+1) > len(m.entries) {
		m.resize(2 * len(m.entries))
	}
	b := &m.text[m.block]
	if *b == nil {
		*b = make([]byte, 0, memoBlock)
	}
	from := m.block*memoBlock + len(*b)
	*b = append(*b, value...)
	*m.free(hash) = memoEntry{hash: hash, key: key, from: uint32(from), size: uint32(len(value)), sight: s}
	m.count++
}

// value returns the value of an entry.
func (m *memo) value(e *memoEntry) []byte {
	b := m.text[e.from/memoBlock%uint32(len(m.text))]
	from := e.from % memoBlock
	return b[from : from+e.size]
}
