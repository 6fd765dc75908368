package pipeline

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// maxEntry bounds one entry of a sorter; longer ones are a fault of ours.
const maxEntry = 256 << 20

// Sorter puts entries in order of their keys, on disk where they don't fit into memory. It keeps at most about Memory bytes;
// runs of sorted entries go to one temporary file each, which Close removes. Entries with the same key come out in
// the order in which they were added. A Sorter belongs to one goroutine.
type Sorter struct {
	Memory int64  // bytes held before a run is spilled; 0: 64 MiB
	Dir    string // for the runs; "": the system's folder for temporary files

	buf     []byte // keys and payloads, one behind the other
	entries []entry
	runs    []*os.File
	named   []string // runs that still have a name, which Close removes
	sorted  bool
}

type entry struct {
	off             int
	keyLen, dataLen int32
}

// Add adds an entry; key and data are copied.
func (s *Sorter) Add(key, data []byte) error {
	if len(key) > maxEntry || len(data) > maxEntry {
		return fmt.Errorf("entry of %d bytes: %w", len(key)+len(data), errTooLong)
	}
	s.entries = append(s.entries, entry{len(s.buf), int32(len(key)), int32(len(data))})
	s.buf = append(s.buf, key...)
	s.buf = append(s.buf, data...)
	if int64(len(s.buf))+int64(len(s.entries))*16 > s.memory() {
		return s.spill()
	}
	return nil
}

var errTooLong = errors.New("too long")

func (s *Sorter) memory() int64 {
	if s.Memory > 0 {
		return s.Memory
	}
	return 64 << 20
}

func (s *Sorter) key(e entry) []byte { return s.buf[e.off : e.off+int(e.keyLen)] }

func (s *Sorter) data(e entry) []byte {
	from := e.off + int(e.keyLen)
	return s.buf[from : from+int(e.dataLen)]
}

func (s *Sorter) sort() {
	slices.SortStableFunc(s.entries, func(a, b entry) int { return bytes.Compare(s.key(a), s.key(b)) })
}

// spill writes what is in memory as one sorted run.
func (s *Sorter) spill() error {
	s.sort()
	f, err := os.CreateTemp(s.Dir, "goshawk-sort-*")
	if err != nil {
		return fmt.Errorf("make a temporary file: %w", err)
	}
	s.runs = append(s.runs, f)
	// Where the system lets an open file lose its name, a killed run leaves nothing behind.
	if os.Remove(f.Name()) != nil {
		s.named = append(s.named, f.Name())
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var head [8]byte
	for _, e := range s.entries {
		binary.LittleEndian.PutUint32(head[:4], uint32(e.keyLen))
		binary.LittleEndian.PutUint32(head[4:], uint32(e.dataLen))
		w.Write(head[:])
		w.Write(s.buf[e.off : e.off+int(e.keyLen)+int(e.dataLen)])
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write a temporary file: %w", err)
	}
	s.buf, s.entries = s.buf[:0], s.entries[:0]
	return nil
}

// All yields the entries in order; key and data are valid until the next step. It may be called several times, one walk after the other, after
// the last Add.
func (s *Sorter) All() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if !s.sorted {
			s.sort()
			s.sorted = true
		}
		if len(s.runs) == 0 {
			for _, e := range s.entries {
				if !yield(Entry{s.key(e), s.data(e)}, nil) {
					return
				}
			}
			return
		}
		s.merge(yield)
	}
}

// Entry is a key and what was added with it.
type Entry struct{ Key, Data []byte }

func (s *Sorter) merge(yield func(Entry, error) bool) {
	h := &runHeap{}
	for i, f := range s.runs {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			yield(Entry{}, fmt.Errorf("read a temporary file: %w", err))
			return
		}
		h.push(&run{order: i, r: bufio.NewReaderSize(f, 256<<10)})
	}
	h.push(&run{order: len(s.runs), sorter: s})
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

// Close removes the temporary files.
func (s *Sorter) Close() error {
	var errs []error
	for _, f := range s.runs {
		errs = append(errs, f.Close())
	}
	for _, name := range s.named {
		errs = append(errs, os.Remove(name))
	}
	s.runs, s.named, s.buf, s.entries = nil, nil, nil, nil
	return errors.Join(errs...)
}

// run is one sorted sequence under way: a file, or what the sorter still holds in memory.
type run struct {
	order  int
	r      *bufio.Reader
	sorter *Sorter
	next   int
	buf    []byte
	now    Entry
}

// step moves to the next entry; io.EOF after the last.
func (r *run) step() error {
	if r.sorter != nil {
		if r.next == len(r.sorter.entries) {
			return io.EOF
		}
		e := r.sorter.entries[r.next]
		r.next++
		r.now = Entry{r.sorter.key(e), r.sorter.data(e)}
		return nil
	}
	var head [8]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return err
	}
	keyLen, dataLen := int(binary.LittleEndian.Uint32(head[:4])), int(binary.LittleEndian.Uint32(head[4:]))
	if keyLen > maxEntry || dataLen > maxEntry {
		return errTooLong
	}
	r.buf = slices.Grow(r.buf[:0], keyLen+dataLen)[:keyLen+dataLen]
	if _, err := io.ReadFull(r.r, r.buf); err != nil {
		return io.ErrUnexpectedEOF
	}
	r.now = Entry{r.buf[:keyLen], r.buf[keyLen:]}
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
	if c := bytes.Compare(h.runs[i].now.Key, h.runs[j].now.Key); c != 0 {
		return c < 0
	}
	return h.runs[i].order < h.runs[j].order
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
