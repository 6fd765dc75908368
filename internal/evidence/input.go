// Package evidence finds the files of an intrusion's evidence and opens them: folders, archives and archives
// in archives, read only. It says for each file what it is, its hash, its size, and what could not be read.
package evidence

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// Causes of a Problem, for errors.Is.
var (
	ErrCorrupt     = errors.New("corrupt")
	ErrTruncated   = errors.New("truncated")
	ErrUnsupported = errors.New("unsupported")
	ErrLimit       = errors.New("over the limit")
)

// Problem is a place of the evidence that could not be read. Parsers yield it between records and go on; the
// case lists it, and the exit status says that there was one.
type Problem struct {
	Path   string // as outputs name the file; the pipeline fills it in where a parser leaves it empty
	Offset int64  // of the first byte that could not be read; -1 where no place can be named
	What   string // what was tried: "read chunk 12"
	Err    error
}

// Error gives place, attempt and cause in one line.
func (p *Problem) Error() string {
	if p.Offset < 0 {
		return fmt.Sprintf("%s: %v", p.What, p.Err)
	}
	return fmt.Sprintf("%s at 0x%x: %v", p.What, p.Offset, p.Err)
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Input is one file of evidence, open for reading. ReadAt may be called from several goroutines.
type Input struct {
	io.ReaderAt
	Origin *event.Origin
	Size   int64
	// Original is the file's path on the machine that it was taken from, "/"-separated with a drive letter
	// where there is one ("C:/Windows/System32/winevt/Logs/Security.evtx"), or "" where the collection doesn't say.
	Original string
	// Modified is when the file was last changed, as the file system or the container says; zero if neither does. It
	// tells the year of logs that leave it out.
	Modified time.Time
	// From and To bound the part that this call of a parser is to read: units (chunks, lines) that begin in
	// [From, To). The whole file is [0, Size).
	From, To int64
}

// Borrow returns the n bytes at an offset where Hold put them into memory, or nil: they are not to be changed, and whoever
// borrows them is to be done with them before they are dropped, so only the worker that parses a part may do it.
func (in *Input) Borrow(at int64, n int) []byte {
	h, ok := in.ReaderAt.(*held)
	if !ok {
		return nil
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	from := at - h.from
	if from < 0 || n < 0 || from > int64(len(h.data))-int64(n) {
		return nil
	}
	return h.data[from : from+int64(n) : from+int64(n)]
}

// Hold makes in answer what lies at [from, from+len(data)) out of data, which is that piece of the file, and only the rest
// out of the file. drop ends that: data is not looked at any more by ReadAt, whoever still has in, and may be used again.
func (in *Input) Hold(from int64, data []byte) (drop func()) {
	h := &held{file: in.ReaderAt, from: from, data: data}
	in.ReaderAt = h
	return h.drop
}

// held is a file of which a piece lies in memory.
type held struct {
	file io.ReaderAt
	from int64

	mu   sync.RWMutex // held while data is read
	data []byte
}

func (h *held) drop() {
	h.mu.Lock()
	h.data = nil
	h.mu.Unlock()
}

// ReadAt reads what lies before the piece, in it and after it, each from its place.
func (h *held) ReadAt(p []byte, at int64) (n int, err error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if at < h.from && at >= 0 {
		before := p[:min(int64(len(p)), h.from-at)]
		if n, err = h.file.ReadAt(before, at); n < len(before) || n == len(p) {
			return n, err
		}
	}
	if in := at + int64(n) - h.from; in >= 0 && in < int64(len(h.data)) {
		n += copy(p[n:], h.data[in:])
	}
	if n == len(p) {
		return n, nil
	}
	rest, err := h.file.ReadAt(p[n:], at+int64(n))
	return n + rest, err
}
