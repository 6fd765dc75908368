package pipeline

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
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
	Memory int64  // bytes held before a run is spilled; 0: 16 MiB
	Dir    string // for the runs; "": the system's folder for temporary files

	blocks  [][]byte // keys and payloads, one behind the other
	free    [][]byte // blocks that are empty
	held    int64    // bytes in blocks
	entries []entry
	runs    []spilled
	sorted  bool
}

// entry is where an entry lies, and how its key begins: most comparisons end there.
type entry struct {
	begin           [3]uint64 // of the key, big-endian, filled up with zeros
	block           int32
	off             int32
	keyLen, dataLen int32
}

const (
	blockSize = 1 << 20
	entrySize = 40
)

// Add adds an entry; key and data are copied.
func (s *Sorter) Add(key, data []byte) error {
	size := len(key) + len(data)
	if len(key) > maxEntry || len(data) > maxEntry {
		return fmt.Errorf("entry of %d bytes: %w", size, errTooLong)
	}
	last := len(s.blocks) - 1
	if last < 0 || cap(s.blocks[last])-len(s.blocks[last]) < size {
		s.blocks = append(s.blocks, s.block(size))
		last++
	}
	b := s.blocks[last]
	s.entries = append(s.entries, entry{begin: beginOf(key), block: int32(last), off: int32(len(b)), keyLen: int32(len(key)), dataLen: int32(len(data))})
	s.blocks[last] = append(append(b, key...), data...)
	s.held += int64(size)
	if s.held+int64(len(s.entries))*entrySize > s.memory() {
		return s.spill()
	}
	return nil
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

var errTooLong = errors.New("too long")

func (s *Sorter) memory() int64 {
	if s.Memory > 0 {
		return s.Memory
	}
	return 16 << 20
}

// beginOf returns how a key begins: as much as the keys of a hunt have, so that hardly any have to be looked at again.
func beginOf(key []byte) (b [3]uint64) {
	if len(key) >= 24 {
		return [3]uint64{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:]), binary.BigEndian.Uint64(key[16:])}
	}
	var filled [24]byte
	copy(filled[:], key)
	return beginOf(filled[:])
}

func (s *Sorter) at(e *entry) Entry {
	b := s.blocks[e.block][e.off:]
	return Entry{b[:e.keyLen:e.keyLen], b[e.keyLen : e.keyLen+e.dataLen]}
}

// sort sorts what is in memory. Entries with one key stand as they were added, which is the order of their places in memory.
func (s *Sorter) sort() {
	slices.SortFunc(s.entries, func(a, b entry) int {
		// Fast path: keys whose first bytes differ compare as these do, and zeros behind a short key change nothing.
		for i := range a.begin {
			if a.begin[i] != b.begin[i] {
				return cmp.Compare(a.begin[i], b.begin[i])
			}
		}
		if c := bytes.Compare(s.at(&a).Key, s.at(&b).Key); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.off, b.off))
	})
}

// spill writes what is in memory as one sorted run.
func (s *Sorter) spill() error {
	s.sort()
	err := s.write(0, func(yield func(Entry, error) bool) {
		for i := range s.entries {
			if !yield(s.at(&s.entries[i]), nil) {
				return
			}
		}
	})
	for _, b := range s.blocks {
		if cap(b) == blockSize {
			s.free = append(s.free, b[:0])
		}
	}
	s.blocks, s.held, s.entries = s.blocks[:0], 0, s.entries[:0]
	if err != nil {
		return err
	}
	return s.compact()
}

// maxRuns is how many runs there are of one level before they become one of the next: so few files are open at a time, and
// each can be read in large pieces, however much is sorted.
const maxRuns = 64

// compact merges the last runs, if there are enough of one level.
func (s *Sorter) compact() error {
	n := len(s.runs)
	if n < maxRuns || s.runs[n-maxRuns].level != s.runs[n-1].level {
		return nil
	}
	old := slices.Clone(s.runs[n-maxRuns:])
	err := s.write(old[0].level+1, func(yield func(Entry, error) bool) { s.merge(old, nil, yield) })
	if err != nil {
		return err
	}
	s.runs = append(s.runs[:n-maxRuns], s.runs[n])
	for _, r := range old {
		err = cmp.Or(err, r.close())
	}
	return err
}

// write writes entries in order as a run.
func (s *Sorter) write(level int, entries iter.Seq2[Entry, error]) error {
	f, err := os.CreateTemp(s.Dir, "goshawk-sort-*")
	if err != nil {
		return fmt.Errorf("make a temporary file: %w", err)
	}
	r := spilled{file: f, level: level}
	// Where the system lets an open file lose its name, a killed run leaves nothing behind.
	if os.Remove(f.Name()) != nil {
		r.name = f.Name()
	}
	s.runs = append(s.runs, r)
	w := bufio.NewWriterSize(f, 256<<10)
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
		if len(s.runs) > 0 {
			s.merge(s.runs, s, yield)
			return
		}
		for i := range s.entries {
			if !yield(s.at(&s.entries[i]), nil) {
				return
			}
		}
	}
}

// Entry is a key and what was added with it.
type Entry struct{ Key, Data []byte }

// Close removes the temporary files.
func (s *Sorter) Close() error {
	var errs []error
	for _, r := range s.runs {
		errs = append(errs, r.close())
	}
	*s = Sorter{Memory: s.Memory, Dir: s.Dir}
	return errors.Join(errs...)
}

// spilled is a run on disk.
type spilled struct {
	file  *os.File
	name  string // that it still has, and has to lose
	level int    // how often its entries were merged
}

func (r *spilled) close() error {
	err := r.file.Close()
	if r.name != "" {
		err = cmp.Or(err, os.Remove(r.name))
	}
	return err
}
