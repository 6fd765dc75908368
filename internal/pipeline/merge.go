package pipeline

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"fmt"
	"io"
)

// sorted is what is to be merged of a sorter: runs, and what lies sorted in memory, or nil.
type sorted struct {
	of     *Sorter
	runs   []*spilled
	memory *held
}

// merge yields the entries of several sorters, in order. Of entries with one key those of the earlier sorter, and of the earlier run of
// it, come first.
func merge(all []sorted, yield func(Entry, error) bool) {
	h := &runHeap{}
	room, runs := int64(0), 0 // a quarter of the memory, if there are not too many runs
	var free [][]byte         // memory that nothing lies in
	for _, s := range all {
		room += s.of.memory() / 4
		runs += len(s.runs)
		free = s.of.unused(free)
	}
	size := max(32<<10, min(256<<10, int(room)/max(runs, 1)))
	buffer := func() []byte {
		for len(free) > 0 && len(free[0]) < size {
			free = free[1:]
		}
		if len(free) == 0 {
			return make([]byte, size)
		}
		b := free[0][:size:size]
		free[0] = free[0][size:]
		return b
	}
	order := 0
	for _, s := range all {
		for _, r := range s.runs {
			h.push(&run{order: order, file: io.NewSectionReader(r.file, r.from, r.to-r.from), buf: buffer()})
			order++
		}
		if s.memory != nil {
			h.push(&run{order: order, memory: s.memory})
			order++
		}
	}
	for h.err == nil && h.Len() > 0 {
		top := h.runs[0]
		if !yield(top.now, nil) {
			return
		}
		h.advance(top)
	}
	if h.err != nil {
		yield(Entry{}, fmt.Errorf("read a temporary file: %w", h.err))
	}
}

// run is one sorted sequence under way: a file, or what a sorter holds in memory.
type run struct {
	order  int
	memory *held
	next   int
	file   io.Reader
	buf    []byte // of a file: what was read lies at [from, to), the present entry at its beginning
	from   int
	to     int
	size   int // of the present entry
	now    Entry
	begin  begin // of the present key
}

// entryHead is the length of what stands before each entry of a file: the lengths of key and data.
const entryHead = 8

// step moves to the next entry; io.EOF after the last.
func (r *run) step() error {
	if r.memory != nil {
		if r.next == len(r.memory.entries) {
			return io.EOF
		}
		e := &r.memory.entries[r.next]
		r.next++
		r.now, r.begin = r.memory.at(e), e.begin
		return nil
	}
	r.from, r.size = r.from+r.size, 0
	if err := r.read(entryHead); err != nil {
		return err
	}
	head := r.buf[r.from:]
	keyLen, dataLen := int(binary.LittleEndian.Uint32(head)), int(binary.LittleEndian.Uint32(head[4:]))
	if keyLen > maxEntry || dataLen > maxEntry {
		return errTooLong
	}
	size := entryHead + keyLen + dataLen
	if err := r.read(size); err != nil {
		return err
	}
	e := r.buf[r.from+entryHead : r.from+size]
	r.size, r.now = size, Entry{e[:keyLen:keyLen], e[keyLen:]}
	r.begin.set(r.now.Key)
	return nil
}

// read makes the next n bytes of the file lie behind one another in buf.
func (r *run) read(n int) error {
	have := r.to - r.from
	if have >= n {
		return nil
	}
	buf := r.buf
	if n > len(buf) {
		buf = make([]byte, n+n/4)
	}
	copy(buf, r.buf[r.from:r.to])
	r.buf, r.from, r.to = buf, 0, have
	more, err := io.ReadAtLeast(r.file, buf[have:], n-have)
	if r.to += more; err == io.EOF && have > 0 {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// runHeap holds the runs by their present entry.
type runHeap struct {
	runs []*run
	err  error
}

func (h *runHeap) push(r *run) {
	switch err := r.step(); {
	case err == nil:
		heap.Push(h, r)
	case err != io.EOF:
		h.err = err
	}
}

func (h *runHeap) advance(top *run) {
	switch err := top.step(); {
	case err == nil:
		heap.Fix(h, 0)
	case err == io.EOF:
		heap.Pop(h)
	default:
		h.err = err
	}
}

func (h *runHeap) Len() int { return len(h.runs) }

func (h *runHeap) Less(i, j int) bool {
	a, b := h.runs[i], h.runs[j]
	for i := range a.begin {
		if a.begin[i] != b.begin[i] {
			return a.begin[i] < b.begin[i]
		}
	}
	if c := bytes.Compare(a.now.Key, b.now.Key); c != 0 {
		return c < 0
	}
	return a.order < b.order
}

func (h *runHeap) Swap(i, j int) { h.runs[i], h.runs[j] = h.runs[j], h.runs[i] }

// Push is part of heap.Interface.
func (h *runHeap) Push(x any) { h.runs = append(h.runs, x.(*run)) }

// Pop is part of heap.Interface.
func (h *runHeap) Pop() any {
	last := h.runs[len(h.runs)-1]
	h.runs = h.runs[:len(h.runs)-1]
	return last
}
