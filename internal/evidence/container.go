package evidence

import (
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"iter"
	"path"
	"strconv"
	"time"
)

// opener yields the members of one kind of container. An error it yields is noted as a problem of the container;
// after it the opener goes on with the next member it can find, or ends.
type opener func(c *container) iter.Seq2[*member, error]

// openers are the containers that are opened, by kind. What is a zip inside but a document or a program outside has
// another kind and stays one file.
var openers map[string]opener

func init() {
	openers = map[string]opener{ // here, since openers reach the table again by way of nested ones
		"zip":   zipMembers,
		"tar":   tarMembers,
		"gzip":  gzipMembers,
		"bzip2": bzip2Members,
		"xz":    xzMembers,
		"zstd":  zstdMembers,
		"7z":    sevenZipMembers,
		"rar":   rarMembers,
	}
}

// container is what an opener works on.
type container struct {
	io.ReaderAt
	size int64
	name string // base name, for the member of a packed single file
	o    *Options
	hint string // host that a file in the container names; set before the first member is yielded
}

// member is one file in a container.
type member struct {
	name      string // as the container has it, in valid UTF-8
	modified  time.Time
	packed    int64  // bytes in the container, -1 where these can't be told
	solid     bool   // what follows can't be read without reading this one
	special   string // kind of what is not a file ("link", "device"), "" for a file
	target    string // of a link
	encrypted bool
	backslash bool // "\" separates folders in this container's names
	limited   bool // set when a limit stopped it
	// open gives the content. The reader is valid until the next member; it is closed if it can be. For an
	// encrypted member it is called with one password after the other.
	open func(password string) (io.Reader, error)
}

// errPassword says that the password is not the member's.
var errPassword = errors.New("encrypted, and none of the passwords fits")

// place is where in the evidence a file lies.
type place struct {
	layout string  // path that layouts look at
	hint   string  // host that a file of the collection names
	around *budget // of the container, nil outside of one
	depth  int     // containers around
}

// take finds out what a file is, yields its members if it is a container, and then the file.
func (w *walker) take(f *File, b *blob, at *place) bool {
	size := b.size
	whole := w.recognise(f, b)
	if f.Unhashed() && (!w.o.LateHash || !whole || openers[f.Kind] != nil) {
		if f.Hash(); b.size != size {
			w.recognise(f, b)
		}
	}
	if open := openers[f.Kind]; open != nil {
		if at.depth >= w.o.MaxDepth {
			f.problem("open "+f.Kind, fmt.Errorf("%w: %d containers around it", ErrLimit, at.depth))
		} else if !w.members(f, b, at, open) {
			return false
		}
	}
	return w.emit(f)
}

// recognise finds out a file's kind; false if its first bytes could not be read.
func (w *walker) recognise(f *File, b *blob) bool {
	want := min(int64(len(w.head)), b.size)
	n, _ := b.ReadAt(w.head[:want], 0)
	f.Kind = kindOf(w.head[:n], b)
	if f.Kind == "zip" {
		f.Kind = refineZip(b)
	}
	return int64(n) == want
}

// members yields what is in a container.
func (w *walker) members(f *File, b *blob, at *place, open opener) bool {
	c := &container{ReaderAt: b, size: b.size, name: path.Base(f.Path), o: &w.o}
	inner := &place{layout: at.layout, hint: at.hint, around: w.o.containerBudget(at.around, b.size), depth: at.depth + 1}
	names := map[string]int{}
	for m, err := range open(c) {
		if w.ctx.Err() != nil {
			return false
		}
		if err != nil {
			f.problem("open "+f.Kind, err)
			continue
		}
		f.Container = true
		if c.hint != "" {
			inner.hint = c.hint
		}
		if err := inner.around.member(); err != nil {
			f.problem("read members", err)
			break
		}
		if !w.member(f, m, inner, names) {
			return false
		}
		if m.limited && m.solid || inner.around.spent() {
			f.problem("read the members after "+strconv.Quote(m.name), ErrLimit)
			break
		}
	}
	return true
}

// member unpacks one member and takes it in as a file. names counts the names that were used in the container.
func (w *walker) member(outer *File, m *member, at *place, names map[string]int) bool {
	name, climbs := cleanName(m.name, m.backslash)
	if names[name]++; names[name] > 1 {
		name += "~" + strconv.Itoa(names[name]) // the container has the name twice
	}
	f := &File{Path: outer.Path + "!/" + name, Modified: m.modified}
	layout := at.layout + "!/" + name
	f.Original, f.Host = locate(layout, at.hint)
	switch {
	case climbs:
		f.Kind = "unreadable"
		f.problem("open", fmt.Errorf("the name %q leads out of the container: %w", m.name, ErrNotFollowed))
		return w.emit(f)
	case m.special != "":
		f.Kind = m.special
		what := "open"
		if m.target != "" {
			what = fmt.Sprintf("open link to %q", m.target)
		}
		f.problem(what, fmt.Errorf("%s: %w", m.special, ErrNotFollowed))
		return w.emit(f)
	}
	got := w.unlock(m, at.around)
	if got.err != nil {
		if w.ctx.Err() != nil {
			return false
		}
		m.limited = errors.Is(got.err, ErrLimit)
		f.problem("read member", got.err)
	}
	if got.blob == nil {
		f.Kind = "unreadable"
		return w.emit(f)
	}
	defer got.blob.drop()
	f.Size, f.SHA256, f.blob = got.blob.size, got.sha256, got.blob
	if f.Size == 0 && got.err != nil {
		f.Kind, f.SHA256 = "unreadable", ""
		return w.emit(f)
	}
	return w.take(f, got.blob, &place{layout: layout, hint: at.hint, around: at.around, depth: at.depth})
}

// unlock unpacks a member, trying the passwords where there is need. What comes out of the first password that seems to
// fit but leads to damage is used if no other one fits: the member may be damaged.
func (w *walker) unlock(m *member, around *budget) unpacked {
	if !m.encrypted {
		return w.unpackMember(m, "", around)
	}
	var best unpacked
	for _, password := range w.o.passwords() {
		got := w.unpackMember(m, password, around)
		if got.err == nil {
			if best.blob != nil {
				best.blob.drop()
			}
			return got
		}
		if errors.Is(got.err, ErrUnsupported) || errors.Is(got.err, ErrLimit) || w.ctx.Err() != nil {
			if best.blob != nil {
				best.blob.drop()
			}
			return got
		}
		switch {
		case got.blob == nil:
		case best.blob == nil:
			best = got
		default:
			got.blob.drop()
		}
	}
	if best.blob == nil {
		return unpacked{err: errPassword}
	}
	return best
}

// unpackMember runs a member's content through the limits into a blob.
func (w *walker) unpackMember(m *member, password string, around *budget) unpacked {
	r, err := m.open(password)
	if err != nil {
		return unpacked{err: err}
	}
	if c, ok := r.(io.Closer); ok {
		defer c.Close()
	}
	return w.unpack(r, w.o.memberBudget(around, m.packed))
}

// crcReader checks a CRC-32 at the end of what it reads.
type crcReader struct {
	r    io.Reader
	want uint32
	sum  hash.Hash32
}

func newCRCReader(r io.Reader, want uint32) *crcReader {
	return &crcReader{r: r, want: want, sum: crc32.NewIEEE()}
}

func (c *crcReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	if err == io.EOF && c.sum.Sum32() != c.want {
		err = fmt.Errorf("%w: checksum mismatch", ErrCorrupt)
	}
	return n, err
}

// damaged turns the error of a decompressor into one of this package's causes.
func damaged(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, ErrCorrupt) || errors.Is(err, ErrTruncated) || errors.Is(err, ErrUnsupported) || errors.Is(err, ErrLimit) ||
		errors.Is(err, errPassword):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// safeReader reads through code that is not ours. Such a decoder may panic on hostile bytes; that is damage in the evidence and no
// fault of the program, so it is caught here, at the border, and nowhere wider.
type safeReader struct{ r io.Reader }

func (s safeReader) Read(p []byte) (n int, err error) {
	err = safely(func() (err error) {
		n, err = s.r.Read(p)
		return err
	})
	if n < 0 || n > len(p) {
		n = 0
	}
	return n, damaged(err)
}

func (s safeReader) Close() error {
	if c, ok := s.r.(io.Closer); ok {
		return safely(c.Close)
	}
	return nil
}

// safely calls into a decoder that is not ours and turns a panic into damage.
func safely(call func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: the decoder gave up: %v", ErrCorrupt, fault)
		}
	}()
	return call()
}
