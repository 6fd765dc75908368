package evidence

import (
	"archive/tar"
	"fmt"
	"io"
	"iter"
)

func tarMembers(c *container) iter.Seq2[*member, error] {
	return func(yield func(*member, error) bool) {
		readTar(io.NewSectionReader(c, 0, c.size), yield)
	}
}

// readTar yields the members of a tar in its order. After a damaged header it looks for the next sound one, block by
// block.
func readTar(r io.Reader, yield func(*member, error) bool) {
	in := &blockReader{r: r}
	t := tar.NewReader(in)
	lost := int64(-1) // where the damage began
	for {
		at := (in.read + 511) &^ 511 // the padding of the member before may be unread
		h, err := t.Next()
		switch {
		case err == io.EOF:
			if lost >= 0 {
				yield(nil, tarProblem(lost, fmt.Errorf("%w: no sound header up to the end", ErrCorrupt)))
			}
			return
		case in.err != nil && in.err != io.EOF || err == io.ErrUnexpectedEOF:
			cause := in.err
			if cause == nil || cause == io.EOF {
				cause = io.ErrUnexpectedEOF
			}
			if lost < 0 {
				lost = at
			}
			yield(nil, tarProblem(lost, damaged(cause)))
			return
		case err != nil:
			if lost < 0 {
				lost = at
			}
			if in.err != nil {
				yield(nil, tarProblem(lost, ErrTruncated))
				return
			}
			t = tar.NewReader(in)
			continue
		}
		if lost >= 0 {
			if !yield(nil, tarProblem(lost, fmt.Errorf("%w: skipped to the next sound header at 0x%x", ErrCorrupt, at))) {
				return
			}
			lost = -1
		}
		if m := tarMember(h, t); m != nil && !yield(m, nil) {
			return
		}
	}
}

func tarProblem(at int64, err error) *Problem {
	return &Problem{Offset: at, What: "read tar header", Err: err}
}

// tarMember is the member that a header stands for; nil for a folder.
func tarMember(h *tar.Header, t *tar.Reader) *member {
	m := &member{name: pathText(h.Name), packed: -1, modified: h.ModTime.UTC()}
	m.open = func(string) (io.Reader, error) { return damageReader{t}, nil }
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
	case tar.TypeDir, tar.TypeXGlobalHeader:
		return nil
	case tar.TypeLink, tar.TypeSymlink:
		m.special, m.target = "link", pathText(h.Linkname)
	case tar.TypeChar, tar.TypeBlock:
		m.special = "device"
	case tar.TypeFifo:
		m.special = "pipe"
	default:
		m.special = "special"
	}
	return m
}

// damageReader says in this package's words why a reader ended.
type damageReader struct{ r io.Reader }

func (d damageReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	return n, damaged(err)
}

// blockReader counts what is read and remembers why it ended.
type blockReader struct {
	r    io.Reader
	read int64
	err  error
}

func (b *blockReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.read += int64(n)
	b.err = err
	return n, err
}
