package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
)

// hashing is the hash of a plain file under way. The file is read from its first byte to its last, once, either for the
// hash alone or by somebody who wants its bytes too.
type hashing struct {
	w    *walker
	file *os.File
	sum  hash.Hash
	at   int64 // how far the file was read
}

// hashStep is how much is read before it is hashed: little enough to lie in the processor's cache still.
const hashStep = 128 << 10

// Unhashed says that the file's hash is still to be made, by Hash or by reading it in order with ReadNext or ReadBoth, by the
// goroutine that walks. Until then Size is what the file system says of it. A file that is open (see Open) may be left
// Unhashed when the walk goes on: a step of the walk closes only what nobody holds, and hashing shares nothing with it but memory
// that is filled and looked at in one call.
func (f *File) Unhashed() bool { return f.hashing != nil }

// Hash reads a file that is Unhashed through.
func (f *File) Hash() {
	for f.hashing != nil {
		if f.hashing.w.ctx.Err() != nil {
			f.hashing = nil // a hash of less than the file would say nothing
			return
		}
		f.ReadNext(f.hashing.w.buf)
	}
}

// ReadNext reads what follows the bytes that were read before into buf, hashes it and returns how many bytes there are. With
// the last byte that can be read the file is no longer Unhashed: SHA256, Size and Problems say how far it could be read, and
// so does the Origin of its Inputs, whose SHA256 nobody may look at before that.
func (f *File) ReadNext(buf []byte) (n int) {
	for f.hashing != nil && n < len(buf) {
		got, err := f.fetch(buf[n:])
		f.hashing.sum.Write(got)
		f.fetched(err)
		n += len(got)
	}
	return n
}

// ReadBoth is ReadNext for two files that are Unhashed, one step of both: as much of each as both buffers have room for, little
// enough to lie in the processor's cache still when the two are hashed, at once.
func ReadBoth(f, g *File, buf, other []byte) (n, m int) {
	step := min(len(buf), len(other), hashStep)
	p, err := f.fetch(buf[:step])
	q, otherErr := g.fetch(other[:step])
	f.hashing.w.pair.Write(f.hashing.sum, g.hashing.sum, p, q)
	f.fetched(err)
	g.fetched(otherErr)
	return len(p), len(q)
}

// fetch reads a step of what follows into buf, to be hashed. An error comes with the last bytes that can be read before the file's
// end.
func (f *File) fetch(buf []byte) ([]byte, error) {
	h := f.hashing
	want := min(int64(len(buf)), f.blob.size-h.at, hashStep)
	n, err := h.file.ReadAt(buf[:want], h.at)
	h.at += int64(n)
	if int64(n) == want && err == io.EOF {
		err = nil
	}
	return buf[:n], err
}

// fetched ends the hash with the last byte that can be read.
func (f *File) fetched(err error) {
	h := f.hashing
	if err == nil && h.at < f.blob.size {
		return
	}
	if err == io.EOF {
		err = sizeChanged(f.blob.size, h.at)
	}
	if err != nil {
		f.problemAt(h.at, "read", cause(err))
	}
	f.hashed()
}

// hashed takes over what came out.
func (f *File) hashed() {
	h, b := f.hashing, f.blob
	f.hashing = nil
	opened := b.size
	if h.at < opened {
		b.size = h.at
		h.w.recognise(f, b) // what is at a file's end may have told its kind
	}
	f.Size, f.SHA256 = h.at, hex.EncodeToString(h.sum.Sum(nil))
	if f.origin != nil {
		f.origin.SHA256 = f.SHA256
	}
	if now, err := h.file.Stat(); err == nil && now.Size() > opened {
		f.problemAt(opened, "read", sizeChanged(opened, now.Size()))
	}
}

// openPlain opens a file of the file system. Its hash comes later, see take; what can be read of a damaged one is used.
func (w *walker) openPlain(f *File, name string) (*blob, error) {
	file, b, err := openBlob(name)
	if err != nil {
		return nil, err
	}
	f.Size, f.blob = b.size, b
	if !w.o.NoHash {
		f.hashing = &hashing{w: w, file: file, sum: sha256.New()}
	}
	return b, nil
}
