package report

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"io"
	"os"
	"slices"
)

// sortBytes is how much a sorter holds before it writes to disk.
const sortBytes = 8 << 20

// maxSortedRow bounds a row on its way back from disk.
const maxSortedRow = 16 << 20

// sorter puts rows in order of a number, rows of the same number as they came, in bounded memory: what is too much goes to
// a temporary file in sorted runs, which are merged in the end.
type sorter struct {
	dir   string
	rows  []sortRow
	size  int
	seq   uint64
	file  *os.File
	end   int64
	runs  []run
	limit int
}

type sortRow struct {
	key  int64
	seq  uint64
	data []byte
}

// run is a sorted part of the file.
type run struct{ from, to int64 }

func compareRows(a, b sortRow) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.seq, b.seq))
}

// add takes over data.
func (s *sorter) add(key int64, data []byte) error {
	s.rows = append(s.rows, sortRow{key, s.seq, data})
	s.seq++
	s.size += len(data) + 48
	if s.size < cmp.Or(s.limit, sortBytes) {
		return nil
	}
	return s.spill()
}

func (s *sorter) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, ".rows-*")
		if err != nil {
			return err
		}
		s.file = f
	}
	slices.SortFunc(s.rows, compareRows)
	w := bufio.NewWriterSize(s.file, 64<<10)
	var head [20]byte
	from := s.end
	for _, r := range s.rows {
		binary.LittleEndian.PutUint64(head[0:], uint64(r.key))
		binary.LittleEndian.PutUint64(head[8:], r.seq)
		binary.LittleEndian.PutUint32(head[16:], uint32(len(r.data)))
		w.Write(head[:])
		w.Write(r.data)
		s.end += int64(len(head) + len(r.data))
	}
	s.runs = append(s.runs, run{from, s.end})
	s.rows, s.size = s.rows[:0], 0
	return w.Flush() // a bufio.Writer remembers its first error
}

// writeTo writes the rows in order.
func (s *sorter) writeTo(w io.Writer) error {
	slices.SortFunc(s.rows, compareRows)
	var merge runHeap
	rest := &runReader{rows: s.rows}
	sources := []*runReader{rest}
	for _, r := range s.runs {
		sources = append(sources, &runReader{r: bufio.NewReaderSize(io.NewSectionReader(s.file, r.from, r.to-r.from), 32<<10)})
	}
	for _, r := range sources {
		if err := r.next(); err == nil {
			merge = append(merge, r)
		} else if err != io.EOF {
			return err
		}
	}
	heap.Init(&merge)
	for len(merge) > 0 {
		top := merge[0]
		if _, err := w.Write(top.row.data); err != nil {
			return err
		}
		switch err := top.next(); err {
		case nil:
			heap.Fix(&merge, 0)
		case io.EOF:
			heap.Pop(&merge)
		default:
			return err
		}
	}
	return nil
}

// close removes the temporary file.
func (s *sorter) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}

// runReader steps through a run on disk, or through rows in memory if r is nil.
type runReader struct {
	r    *bufio.Reader
	rows []sortRow
	row  sortRow
}

func (r *runReader) next() error {
	if r.r == nil {
		if len(r.rows) == 0 {
			return io.EOF
		}
		r.row, r.rows = r.rows[0], r.rows[1:]
		return nil
	}
	var head [20]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return err
	}
	n := int(binary.LittleEndian.Uint32(head[16:]))
	if n > maxSortedRow {
		return io.ErrUnexpectedEOF
	}
	if cap(r.row.data) < n {
		r.row.data = make([]byte, n)
	}
	r.row.key, r.row.seq, r.row.data = int64(binary.LittleEndian.Uint64(head[0:])), binary.LittleEndian.Uint64(head[8:]), r.row.data[:n]
	_, err := io.ReadFull(r.r, r.row.data)
	return err
}

type runHeap []*runReader

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return compareRows(h[i].row, h[j].row) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*runReader)) }
func (h *runHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
