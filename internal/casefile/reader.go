package casefile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// Bounds of what is read from a case folder, which may come from a stranger.
const (
	maxCaseBytes = 64 << 20
	maxLineBytes = 64 << 20
)

// Reader reads a case folder. It may be used by several goroutines.
type Reader struct {
	dir string
	c   Case
}

// Open opens the case at dir.
func Open(dir string) (*Reader, error) {
	c, err := readCase(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open the case %q: the folder has no %s", dir, CaseName)
	case err != nil:
		return nil, fmt.Errorf("open the case %q: %w", dir, err)
	}
	return &Reader{dir: dir, c: *c}, nil
}

func readCase(dir string) (*Case, error) {
	path := filepath.Join(dir, CaseName)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxCaseBytes {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", CaseName, maxCaseBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &Case{}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("read %s: %w", CaseName, err)
	}
	switch {
	case c.Format == 0 || c.Tool.Name != toolName:
		return nil, fmt.Errorf("%s was not written by goshawk", CaseName)
	case c.Format > Format:
		return nil, fmt.Errorf("%s has format %d, this version reads up to %d", CaseName, c.Format, Format)
	}
	return c, nil
}

// Case returns what case.json says. The caller must not change it.
func (r *Reader) Case() *Case { return &r.c }

// Dir returns the case's folder.
func (r *Reader) Dir() string { return r.dir }

// Findings yields the lines of findings.jsonl, in order of time. A line that can't be read is yielded as an error, and
// ends the sequence.
func (r *Reader) Findings() iter.Seq2[*finding.Finding, error] {
	return lines[finding.Finding](r.dir, FindingsName, nil)
}

// SomeFindings yields the findings that want asks for by their position, from 0; the others are passed over unread.
func (r *Reader) SomeFindings(want func(position int64) bool) iter.Seq2[*finding.Finding, error] {
	return lines[finding.Finding](r.dir, FindingsName, want)
}

// Evidence yields the lines of evidence.jsonl.
func (r *Reader) Evidence() iter.Seq2[*EvidenceFile, error] {
	return lines[EvidenceFile](r.dir, EvidenceName, nil)
}

func lines[T any](dir, name string, want func(int64) bool) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			yield(nil, fmt.Errorf("read the case: %w", err))
			return
		}
		defer f.Close()
		s := bufio.NewScanner(f)
		s.Buffer(make([]byte, 64<<10), maxLineBytes)
		n := int64(0)
		for s.Scan() {
			n++
			if want != nil && !want(n-1) {
				continue
			}
			v := new(T)
			if err := json.Unmarshal(s.Bytes(), v); err != nil {
				yield(nil, fmt.Errorf("read %s, line %d: %w", name, n, err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(nil, fmt.Errorf("read %s, line %d: %w", name, n+1, err))
		}
	}
}
