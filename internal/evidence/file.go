package evidence

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// ErrNotFollowed marks what is recorded but not opened: a link, a device, a pipe, a name that climbs out of
// its container. Its Problem tells it from evidence that could not be read.
var ErrNotFollowed = errors.New("not followed")

// errReleased answers an Open that comes too late.
var errReleased = errors.New("no longer held: open it before the walk goes on")

// File is one file of evidence: a plain file, a member of a container, or a place that could not be read.
type File struct {
	Path     string    // as outputs name it: valid UTF-8, "/"-separated, "container!/member"
	Size     int64     // bytes that can be read
	SHA256   string    // of these bytes, lower-case hexadecimal; "" if nothing could be read
	Kind     string    // by content, see kind.go; "link", "device" and the like for what is not a file
	Original string    // path on the machine that it was taken from, "" where the collection doesn't say
	Host     string    // machine that it was taken from, "" where the collection doesn't say
	Modified time.Time // UTC, as the file system or container says; zero if it doesn't
	// Problems are what went wrong before any parser saw the file, each with Path set.
	Problems []*Problem
	// Container says that members of the file were read. They come before it in the walk, since only after them is
	// known what of the container could not be read.
	Container bool

	blob    *blob
	origin  *event.Origin // of all Inputs
	hashing *hashing      // nil once SHA256 stands, or if it never will
}

// Readable says whether parsers are to be shown the file: it holds bytes, and they are not those of a container whose
// members were read.
func (f *File) Readable() bool { return f.blob != nil && f.Size > 0 && !f.Container }

// Open returns the file's bytes, valid until Release. The first Open of a File comes before the walk's next step;
// each successful Open needs its Release.
func (f *File) Open() (*Input, error) {
	if f.blob == nil || !f.blob.hold() {
		return nil, errReleased
	}
	if f.origin == nil {
		f.origin = &event.Origin{Path: f.Path, SHA256: f.SHA256, Host: f.Host}
	}
	return &Input{ReaderAt: f.blob, Size: f.Size, To: f.Size, Original: f.Original, Modified: f.Modified, Origin: f.origin}, nil
}

// Release gives back what Open took. It may be called from another goroutine than Open.
func (f *File) Release() {
	if f.blob != nil {
		f.blob.drop()
	}
}

// problem records what could not be done with the file as a whole.
func (f *File) problem(what string, err error) { f.problemAt(-1, what, err) }

func (f *File) problemAt(offset int64, what string, err error) {
	var p *Problem
	if errors.As(err, &p) {
		if p.Path == "" {
			p.Path = f.Path
		}
	} else {
		p = &Problem{Path: f.Path, Offset: offset, What: what, Err: err}
	}
	if len(f.Problems) < maxProblems {
		f.Problems = append(f.Problems, p)
	}
}

// maxProblems bounds what is remembered of one file; a hostile container can have one a member.
const maxProblems = 200

// blob is bytes that several goroutines read, and the count of those who hold them: an open file, a piece of memory or
// a spooled member.
type blob struct {
	io.ReaderAt
	size  int64
	close func() // nil if there is nothing to close

	mu    sync.Mutex
	holds int
}

// newBlob returns a blob with one hold, the caller's.
func newBlob(r io.ReaderAt, size int64, closer func()) *blob {
	return &blob{ReaderAt: r, size: size, close: closer, holds: 1}
}

// hold adds a hold; false if the last one was dropped already.
func (b *blob) hold() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.holds == 0 {
		return false
	}
	b.holds++
	return true
}

// drop gives a hold back and closes the blob with the last one.
func (b *blob) drop() {
	b.mu.Lock()
	b.holds--
	left := b.holds
	b.mu.Unlock()
	if left < 0 {
		panic("evidence: Release without Open")
	}
	if left == 0 && b.close != nil {
		b.close()
	}
}

// sizeChanged says that a file did not keep still while it was read.
func sizeChanged(from, to int64) error {
	if to < from {
		return fmt.Errorf("%w: the file had %d bytes when it was opened, and %d could be read", ErrTruncated, from, to)
	}
	return fmt.Errorf("the file grew from %d to %d bytes while it was read; the first %d are used", from, to, from)
}
