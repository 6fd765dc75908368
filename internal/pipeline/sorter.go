package pipeline

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/bits"
	"os"
	"runtime"
	"slices"
	"sync"
)

// maxEntry bounds one entry of a sorter; longer ones are a fault of ours.
const maxEntry = 256 << 20

// Sorter puts entries in order of their keys, on disk where they don't fit into memory. It keeps at most about Memory bytes;
// runs of sorted entries go to temporary files, some to each, which Close removes. Entries with the same key come out in
// the order in which they were added. A Sorter serves one goroutine at a time.
type Sorter struct {
	Memory int64  // bytes used: half of it for entries until they are spilled, half for merging them; 0: 4 MiB
	Runs   int    // how many runs of one level there are before they become one of the next, at least 2; 0: 128
	Dir    string // for the runs; "": the system's folder for temporary files

	held   held
	out    *bufio.Writer // of the run that is being written
	free   [][]byte      // blocks that are empty
	runs   []*spilled
	sorted bool
	failed error // the first of spilling: a run may be there in part
}

// held is entries in memory.
type held struct {
	blocks  [][]byte // keys and payloads, one behind the other
	bytes   int64    // in blocks
	entries []entry
	spare   []entry  // memory of sort
	order   []uint64 // the same
}

// entry is where an entry lies, and how its key begins: most comparisons end there.
type entry struct {
	begin           begin // of the key
	block           int32
	off             int32
	keyLen, dataLen int32
}

const (
	blockSize = 1 << 20
	entrySize = 40 + 40 + 8 // of entries, spare and order
)

// Add adds an entry; key and data are copied.
func (s *Sorter) Add(key, data []byte) error {
	return s.End(append(append(s.Begin(), key...), data...), len(key))
}

// usualEntry is how much room Begin sees to.
const usualEntry = 4 << 10

// Begin returns where the next entry lies, empty: its key is to be appended, and its data behind that. Only End is to be called then.
func (s *Sorter) Begin() []byte {
	h := &s.held
	last := len(h.blocks) - 1
	if last < 0 || cap(h.blocks[last])-len(h.blocks[last]) < min(usualEntry, int(s.memory())) {
		h.blocks = append(h.blocks, s.block(0))
		last++
	}
	return h.blocks[last][len(h.blocks[last]):]
}

// End adds an entry that has been appended to what Begin returned, with a key of so many bytes. It is copied only if there was no room for it.
func (s *Sorter) End(b []byte, key int) error {
	size := len(b)
	if key > maxEntry || size-key > maxEntry {
		return fmt.Errorf("entry of %d bytes: %w", size, errTooLong)
	}
	h := &s.held
	last := len(h.blocks) - 1
	off := len(h.blocks[last])
	switch room := h.blocks[last][off:cap(h.blocks[last])]; {
	case len(room) < size:
		h.blocks = append(h.blocks, append(s.block(size), b...))
		last, off = last+1, 0
	case size > 0 && &b[0] != &room[0]: // whoever appended wanted more room for a while
		copy(room, b)
		fallthrough
	default:
		h.blocks[last] = h.blocks[last][:off+size]
	}
	h.entries = append(h.entries, entry{})
	e := &h.entries[len(h.entries)-1]
	e.begin.set(b[:key])
	e.block, e.off, e.keyLen, e.dataLen = int32(last), int32(off), int32(key), int32(size-key)
	h.bytes += int64(size)
	if h.bytes+int64(len(h.entries))*entrySize > s.memory()/2 {
		s.failed = s.spill()
	}
	return s.failed
}

// block returns an empty block with room for size bytes. Blocks are used again, so that a long hunt leaves no garbage.
func (s *Sorter) block(size int) []byte {
	if n := len(s.free); n > 0 && size <= blockSize {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	return make([]byte, 0, max(size, int(min(blockSize, s.memory()))))
}

// unused appends the memory in which nothing lies: empty blocks, and the end of the last one.
func (s *Sorter) unused(to [][]byte) [][]byte {
	for _, b := range s.free {
		to = append(to, b[:cap(b)])
	}
	if n := len(s.held.blocks); n > 0 {
		b := s.held.blocks[n-1]
		to = append(to, b[len(b):cap(b)])
	}
	return to
}

var errTooLong = errors.New("too long")

func (s *Sorter) memory() int64 {
	if s.Memory > 0 {
		return s.Memory
	}
	return 4 << 20
}

// begin is how a key begins, big-endian, filled up with zeros: as much as the keys of a hunt have, so that hardly any have to be looked
// at again.
type begin [3]uint64

func (b *begin) set(key []byte) {
	if len(key) < 24 {
		var filled [24]byte
		copy(filled[:], key)
		b.set(filled[:])
		return
	}
	b[0], b[1], b[2] = binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:]), binary.BigEndian.Uint64(key[16:])
}

func (h *held) at(e *entry) Entry {
	b := h.blocks[e.block][e.off:]
	return Entry{b[:e.keyLen:e.keyLen], b[e.keyLen : e.keyLen+e.dataLen]}
}

// sort sorts what is in memory. Entries with one key stand as they were added, which is the order of their places in memory.
func (h *held) sort() {
	// Fast path: numbers of how keys begin and of their entries, which compare without a call, and then those that begin alike.
	places := bits.Len(uint(len(h.entries)))
	h.order = h.packed(h.order[:0], places)
	slices.Sort(h.order)
	sorted := h.spare[:0]
	for _, x := range h.order {
		sorted = append(sorted, h.entries[x&(1<<places-1)])
	}
	h.entries, h.spare = sorted, h.entries
	for i := 0; i < len(sorted); {
		from := i
		for i++; i < len(sorted) && h.order[i]>>places == h.order[from]>>places; i++ {
		}
		if i-from > 1 {
			slices.SortFunc(sorted[from:i], h.compare)
		}
	}
}

// packed appends, for each entry, as much of how its key begins as a number holds beside the entry's number, which is in its lowest bits.
func (h *held) packed(to []uint64, places int) []uint64 {
	least, most := uint64(math.MaxUint64), uint64(0)
	for i := range h.entries {
		least, most = min(least, h.entries[i].begin[0]), max(most, h.entries[i].begin[0])
	}
	room := 64 - places // bits
	used := bits.Len64(most - least)
	for i := range h.entries {
		begin := &h.entries[i].begin
		key := (begin[0] - least) >> max(used-room, 0)
		key = key<<max(room-used, 0) | begin[1]>>(64-max(room-used, 0))
		to = append(to, key<<places|uint64(i))
	}
	return to
}

func (h *held) compare(a, b entry) int {
	// Fast path: keys whose first bytes differ compare as these do, and zeros behind a short key change nothing.
	for i := range a.begin {
		if a.begin[i] != b.begin[i] {
			return cmp.Compare(a.begin[i], b.begin[i])
		}
	}
	if c := bytes.Compare(h.at(&a).Key, h.at(&b).Key); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.off, b.off))
}

// all yields what is in memory, which is sorted.
func (h *held) all(yield func(Entry, error) bool) {
	for i := range h.entries {
		if !yield(h.at(&h.entries[i]), nil) {
			return
		}
	}
}

// spill writes what is in memory as one sorted run. The caller waits for it: a goroutine of its own would need a processor that a worker
// of the hunt has, and drive that one from what lies in the caches there.
func (s *Sorter) spill() error {
	r, err := s.newRun(0)
	if err != nil {
		return err
	}
	if s.out == nil {
		s.out = bufio.NewWriterSize(nil, 256<<10)
	}
	h := &s.held
	h.sort()
	if err := r.write(s.out, h.all); err != nil {
		return err
	}
	for _, b := range h.blocks {
		if cap(b) == blockSize {
			s.free = append(s.free, b[:0])
		}
	}
	*h = held{blocks: h.blocks[:0], entries: h.entries[:0], spare: h.spare, order: h.order}
	return s.compact()
}

// maxRuns is how many runs there are of one level before they become one of the next: so few files are open at a time, and
// each can be read in large pieces, however much is sorted.
const maxRuns = 128

// compact merges the last runs, if there are enough of one level, and then those of the next.
func (s *Sorter) compact() error {
	n, most := len(s.runs), max(cmp.Or(s.Runs, maxRuns), 2)
	if n < most || s.runs[n-most].level != s.runs[n-1].level {
		return nil
	}
	old := slices.Clone(s.runs[n-most:])
	r, err := s.newRun(old[0].level + 1)
	if err != nil {
		return err
	}
	if err := r.write(s.out, func(yield func(Entry, error) bool) { merge([]sorted{{s, old, nil}}, yield) }); err != nil {
		return err
	}
	s.runs = append(s.runs[:n-most], r)
	for _, r := range old {
		err = cmp.Or(err, r.close())
	}
	if err != nil {
		return err
	}
	return s.compact()
}

// newRun makes room for a run, which is still empty.
func (s *Sorter) newRun(level int) (*spilled, error) {
	r := &spilled{level: level}
	if n := len(s.runs); n > 0 && s.runs[n-1].level == level && s.runs[n-1].file.runs%runsOfFile > 0 {
		const piece = 256 << 10 // what is written at a time
		r.file, r.from = s.runs[n-1].file, (s.runs[n-1].to+piece-1)&^(piece-1)
	} else {
		f, err := os.CreateTemp(s.Dir, "goshawk-sort-*")
		if err != nil {
			return nil, fmt.Errorf("make a temporary file: %w", err)
		}
		r.file = &runFile{File: f}
		// Where the system lets an open file lose its name, a killed run leaves nothing behind.
		if os.Remove(f.Name()) != nil {
			r.file.name = f.Name()
		}
	}
	r.file.runs++
	r.file.open++
	s.runs = append(s.runs, r)
	return r, nil
}

// spilled is a run on disk.
type spilled struct {
	file     *runFile
	from, to int64 // where it stands in it
	level    int   // how often its entries were merged
}

// runFile is a file of some runs of one level, one behind the other.
type runFile struct {
	*os.File
	name string // that it still has, and has to lose
	runs int    // that it was made for
	open int    // of these
}

// runsOfFile is how many runs a file is made for: to make one takes as long as to write 100 KiB, and one can be closed while others are.
const runsOfFile = 8

// write writes entries in order as the run, through w.
func (r *spilled) write(w *bufio.Writer, entries iter.Seq2[Entry, error]) error {
	at := io.NewOffsetWriter(r.file, r.from)
	w.Reset(at)
	var head [8]byte
	for e, err := range entries {
		if err != nil {
			return err
		}
		binary.LittleEndian.PutUint32(head[:4], uint32(len(e.Key)))
		binary.LittleEndian.PutUint32(head[4:], uint32(len(e.Data)))
		w.Write(head[:])
		w.Write(e.Key)
		w.Write(e.Data)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write a temporary file: %w", err)
	}
	size, err := at.Seek(0, io.SeekCurrent)
	r.to = r.from + size
	return err
}

// close gives back the run's file, after the last of its runs.
func (r *spilled) close() error {
	if r.file.open--; r.file.open > 0 {
		return nil
	}
	return r.file.close()
}

func (f *runFile) close() error {
	err := f.File.Close()
	if f.name != "" {
		err = cmp.Or(err, os.Remove(f.name))
	}
	return err
}

// All yields the entries in order; key and data are valid until the next step. It may be called several times, one walk after the other, after
// the last Add.
func (s *Sorter) All() iter.Seq2[Entry, error] { return allOf([]*Sorter{s}) }

// allOf yields the entries of several sorters as All does those of one. Of entries with the same key those of the first sorter come first.
func allOf(sorters []*Sorter) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var all []sorted
		var sorting sync.WaitGroup
		for _, s := range sorters {
			if s.failed != nil {
				yield(Entry{}, s.failed)
				return
			}
			all = append(all, sorted{s, s.runs, &s.held})
			if !s.sorted {
				s.sorted = true
				sorting.Go(s.held.sort)
			}
		}
		sorting.Wait()
		if len(all) == 1 && len(all[0].runs) == 0 {
			all[0].memory.all(yield)
			return
		}
		merge(all, yield)
	}
}

// Entry is a key and what was added with it.
type Entry struct{ Key, Data []byte }

// Close removes the temporary files.
func (s *Sorter) Close() error { return closeAll([]*Sorter{s}) }

// closeAll closes several sorters.
func closeAll(sorters []*Sorter) error {
	// The system takes back what is left of a file when it is closed: some hundred microseconds for each run, at the very end of a hunt.
	var files []*runFile
	for _, s := range sorters {
		for _, r := range s.runs {
			if len(files) == 0 || files[len(files)-1] != r.file {
				files = append(files, r.file)
			}
		}
		*s = Sorter{Memory: s.Memory, Runs: s.Runs, Dir: s.Dir}
	}
	var closers sync.WaitGroup
	errs := make([]error, len(files))
	n := min(runtime.GOMAXPROCS(0), len(files))
	for first := range n {
		closers.Go(func() {
			for i := first; i < len(errs); i += n {
				errs[i] = files[i].close()
			}
		})
	}
	closers.Wait()
	return errors.Join(errs...)
}
