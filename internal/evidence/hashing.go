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

// Unhashed says that the file's hash is still to be made, by Hash or by reading it in order with ReadNext, before the walk's
// next step. Until then Size is what the file system says of it.
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
		h := f.hashing
		want := min(int64(len(buf)-n), f.blob.size-h.at, hashStep)
		got, err := h.read(buf[n : n+int(want)])
		n += got
		switch {
		case int64(got) == want && (err == nil || err == io.EOF):
			if h.at == f.blob.size {
				f.hashed()
			}
		case got == 0 || err != nil:
			if err == io.EOF {
				err = sizeChanged(f.blob.size, h.at)
			}
			f.problemAt(h.at, "read", cause(err))
			f.hashed()
		}
	}
	return n
}

func (h *hashing) read(p []byte) (int, error) {
	n, err := h.file.ReadAt(p, h.at)
	h.sum.Write(p[:n])
	h.at += int64(n)
	return n, err
}

// hashed takes over what came out.
func (f *File) hashed() {
	h, b := f.hashing, f.blob
	f.hashing = nil
	opened := b.size
	if h.at < opened {
		b.size = h.at
		head := h.w.head[:min(int64(len(h.w.head)), h.at)]
		f.Kind = kindOf(head, b) // what is at a file's end may have told it
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
