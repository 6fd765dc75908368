package pipeline

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// merge yields the entries of sorted runs, and of what memory holds if that is not nil, in order. Of entries with one key
// those of the earlier run come first.
func (s *Sorter) merge(runs []spilled, memory *Sorter, yield func(Entry, error) bool) {
	h := &runHeap{}
	size := max(32<<10, min(256<<10, int(s.memory())/len(runs)))
	for i, r := range runs {
		if _, err := r.file.Seek(0, io.SeekStart); err != nil {
			yield(Entry{}, fmt.Errorf("read a temporary file: %w", err))
			return
		}
		h.push(&run{order: i, r: bufio.NewReaderSize(r.file, size)})
	}
	if memory != nil {
		h.push(&run{order: len(runs), sorter: memory})
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
	r      *bufio.Reader
	sorter *Sorter
	next   int
	head   [8]byte // lengths of the next key and data
	buf    []byte
	now    Entry
	begin  [3]uint64 // of the present key
}

// step moves to the next entry; io.EOF after the last.
func (r *run) step() error {
	if r.sorter != nil {
		if r.next == len(r.sorter.entries) {
			return io.EOF
		}
		e := &r.sorter.entries[r.next]
		r.next++
		r.now, r.begin = r.sorter.at(e), e.begin
		return nil
	}
	if _, err := io.ReadFull(r.r, r.head[:]); err != nil {
		return err
	}
	keyLen, dataLen := int(binary.LittleEndian.Uint32(r.head[:4])), int(binary.LittleEndian.Uint32(r.head[4:]))
	if keyLen > maxEntry || dataLen > maxEntry {
		return errTooLong
	}
	r.buf = slices.Grow(r.buf[:0], keyLen+dataLen)[:keyLen+dataLen]
	if _, err := io.ReadFull(r.r, r.buf); err != nil {
		return io.ErrUnexpectedEOF
	}
	r.now = Entry{r.buf[:keyLen:keyLen], r.buf[keyLen:]}
	r.begin = beginOf(r.now.Key)
	return nil
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
