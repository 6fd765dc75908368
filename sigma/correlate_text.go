package sigma

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// table finds handles by a hash: open addressing, in steps of one. What a handle stands for is compared by the caller.
type table struct {
	cells []cell
	n     int
}

type cell struct{ hash, handle uint32 }

func (t *table) find(hash uint32, same func(handle uint32) bool) uint32 {
	if t.n == 0 {
		return 0
	}
	mask := uint32(len(t.cells) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := t.cells[i]
		if s.handle == 0 || s.hash == hash && same(s.handle) {
			return s.handle
		}
	}
}

func (t *table) insert(hash, handle uint32) {
	if (t.n+1)*4 > len(t.cells)*3 {
		old := t.cells
		t.cells = make([]cell, max(16, 2*len(old)))
		for _, s := range old {
			if s.handle != 0 {
				t.put(s)
			}
		}
	}
	t.put(cell{hash, handle})
	t.n++
}

func (t *table) put(s cell) {
	mask := uint32(len(t.cells) - 1)
	i := s.hash & mask
	for t.cells[i].handle != 0 {
		i = (i + 1) & mask
	}
	t.cells[i] = s
}

// remove takes a handle out and moves those behind it up, so that no step leads into the gap.
func (t *table) remove(hash, handle uint32) {
	mask := uint32(len(t.cells) - 1)
	i := hash & mask
	for t.cells[i].handle != handle {
		i = (i + 1) & mask
	}
	for k := (i + 1) & mask; t.cells[k].handle != 0; k = (k + 1) & mask {
		if home := t.cells[k].hash & mask; (k-home)&mask >= (k-i)&mask {
			t.cells[i] = t.cells[k]
			i = k
		}
	}
	t.cells[i] = cell{}
	t.n--
}

// texts holds each text once and counts how often it is held: keys and values of groups, and what is the same in the handles of
// many events. A text lies in its block behind its hash, the count and its length.
type texts struct {
	bytes arena[byte]
	table table
}

const textHead = 12

var textSeed = maphash.MakeSeed() // differs from run to run, so that nobody can make texts that collide

func hashOf(text []byte) uint32 { return uint32(maphash.Bytes(textSeed, text)) }

// hold returns the handle of a text and holds it once more.
func (t *texts) hold(text []byte) uint32 {
	hash := hashOf(text)
	h := t.table.find(hash, func(h uint32) bool { return bytes.Equal(t.text(h), text) })
	if h != 0 {
		t.again(h)
		return h
	}
	h = t.bytes.alloc(textHead + len(text))
	block := t.bytes.at(h)
	binary.LittleEndian.PutUint32(block, hash)
	binary.LittleEndian.PutUint32(block[4:], 1)
	binary.LittleEndian.PutUint32(block[8:], uint32(len(text)))
	copy(block[textHead:], text)
	t.table.insert(hash, h)
	return h
}

// again holds a text once more.
func (t *texts) again(h uint32) {
	if h != 0 {
		block := t.bytes.at(h)
		binary.LittleEndian.PutUint32(block[4:], binary.LittleEndian.Uint32(block[4:])+1)
	}
}

// text gives a text, which lies there as long as somebody holds it.
func (t *texts) text(h uint32) []byte {
	if h == 0 {
		return nil
	}
	block := t.bytes.at(h)
	n := binary.LittleEndian.Uint32(block[8:])
	return block[textHead : textHead+n : textHead+n]
}

// drop holds a text once less.
func (t *texts) drop(h uint32) {
	if h == 0 {
		return
	}
	block := t.bytes.at(h)
	n := binary.LittleEndian.Uint32(block[4:]) - 1
	binary.LittleEndian.PutUint32(block[4:], n)
	if n == 0 {
		t.table.remove(binary.LittleEndian.Uint32(block), h)
		t.bytes.release(h)
	}
}
