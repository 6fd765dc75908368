package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// spool is the private folder of members that don't fit in memory. It is made when the first one needs it and
// removed when the walk is over and the last of them closed.
type spool struct {
	parent string

	mu       sync.Mutex
	dir      string
	open     int // files in dir
	finished bool
}

// create makes a file in the folder. Where the system allows it the file's name goes at once, so that nothing is
// left behind even if the program is killed.
func (s *spool) create() (*os.File, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		dir, err := os.MkdirTemp(s.parent, "goshawk-") // mode 0700
		if err != nil {
			return nil, nil, err
		}
		s.dir = dir
	}
	f, err := os.CreateTemp(s.dir, "member-")
	if err != nil {
		return nil, nil, err
	}
	gone := os.Remove(f.Name()) == nil
	s.open++
	return f, func() { s.closed(f, gone) }, nil
}

func (s *spool) closed(f *os.File, gone bool) {
	f.Close()
	if !gone {
		os.Remove(f.Name())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.tidy()
}

// finish says that the walk is over.
func (s *spool) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
	s.tidy()
}

func (s *spool) tidy() {
	if s.finished && s.open == 0 && s.dir != "" {
		os.RemoveAll(s.dir)
		s.dir = ""
	}
}

// unpacked is what came out of one member.
type unpacked struct {
	blob   *blob // what could be read; nil if a limit, a full disk or the caller stopped it
	sha256 string
	err    error // why it ended early; nil for a whole member
}

// unpack decompresses r once, to memory and beyond SpoolMemory to a file, and hashes it on the way.
func (w *walker) unpack(r io.Reader, b *budget) unpacked {
	var (
		sum    = sha256.New()
		sink   spoolSink
		result unpacked
	)
	sink.memory, sink.spool = w.o.SpoolMemory, w.spool
	for result.err == nil {
		if err := w.ctx.Err(); err != nil {
			sink.discard()
			return unpacked{err: err}
		}
		n, err := r.Read(w.buf)
		if n > 0 {
			if over := b.spend(int64(n)); over != nil {
				sink.discard()
				return unpacked{err: over}
			}
			if full := sink.write(w.buf[:n]); full != nil {
				sink.discard()
				return unpacked{err: fmt.Errorf("spool: %w", full)}
			}
			if !w.o.NoHash {
				sum.Write(w.buf[:n])
			}
		}
		if err == io.EOF {
			break
		}
		result.err = err
	}
	if errors.Is(result.err, ErrLimit) || errors.Is(result.err, context.Canceled) {
		sink.discard()
		return result
	}
	if result.blob = sink.blob(); !w.o.NoHash {
		result.sha256 = hex.EncodeToString(sum.Sum(nil))
	}
	return result
}

// spoolSink takes bytes in memory up to a limit, then in a file.
type spoolSink struct {
	memory int64
	spool  *spool
	buf    bytes.Buffer
	file   *os.File
	close  func()
	size   int64
}

func (s *spoolSink) write(p []byte) error {
	s.size += int64(len(p))
	if s.file == nil && s.size <= s.memory {
		s.buf.Write(p)
		return nil
	}
	if s.file == nil {
		f, closer, err := s.spool.create()
		if err != nil {
			return err
		}
		s.file, s.close = f, closer
		if _, err := f.Write(s.buf.Bytes()); err != nil {
			return cause(err)
		}
		s.buf = bytes.Buffer{}
	}
	_, err := s.file.Write(p)
	return cause(err)
}

func (s *spoolSink) discard() {
	if s.close != nil {
		s.close()
	}
}

func (s *spoolSink) blob() *blob {
	if s.file != nil {
		return newBlob(s.file, s.size, s.close)
	}
	return newBlob(bytes.NewReader(s.buf.Bytes()), s.size, nil)
}
