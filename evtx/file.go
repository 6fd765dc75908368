package evtx

import (
	"encoding/binary"
	"fmt"
	"io"
	"iter"
)

// File is an event log. It may be used from several goroutines, each with a Chunk of its own.
type File struct {
	Header Header
	in     io.ReaderAt
	size   int64
}

// Borrower may be implemented by the reader of a log that lies in memory: Records then reads chunks where they lie. Borrow
// returns the n bytes at off, or nil; they are not to be changed, and stay as they are until the records of their chunk were
// walked.
type Borrower interface {
	Borrow(off int64, n int) []byte
}

// Open reads the header of a log of size bytes.
func Open(in io.ReaderAt, size int64) (*File, error) {
	var b [128]byte
	if n, err := in.ReadAt(b[:], 0); n < len(b) {
		if err == nil || err == io.EOF {
			err = ErrTruncated
		}
		return nil, &Damage{0, "read the file header", err}
	}
	if !Is(b[:]) {
		return nil, &Damage{0, "read the file header", corrupt("%q instead of a log", b[:8])}
	}
	return &File{Header: parseHeader(b[:]), in: in, size: size}, nil
}

// With returns the same log, read through another reader of its bytes, of which there may be more or fewer.
func (f *File) With(in io.ReaderAt, size int64) *File {
	return &File{Header: f.Header, in: in, size: size}
}

// Is says whether a file with these first bytes is an event log.
func Is(head []byte) bool { return len(head) >= 8 && string(head[:8]) == fileMagic }

// Chunks returns how many chunks the file has room for, a cut one at its end included. The count in the header is not
// relied on: in a log that was copied while in use, chunks follow that it does not count.
func (f *File) Chunks() int {
	if f.size <= FileHeaderSize {
		return 0
	}
	return int((f.size - FileHeaderSize + ChunkSize - 1) / ChunkSize)
}

// borrowChunk does what ReadChunk does. Fast path: a whole chunk that lies in memory is read there and not copied, which
// is the same as long as nobody writes to it, see Chunk.own.
func (f *File) borrowChunk(i int, c *Chunk) error {
	if in, ok := f.in.(Borrower); ok && f.size-chunkOffset(i) >= ChunkSize {
		if b := in.Borrow(chunkOffset(i), ChunkSize); len(b) == ChunkSize && string(b[:8]) == chunkMagic {
			c.data = b[:ChunkSize:ChunkSize]
			c.reset(i, chunkOffset(i), ChunkSize)
			c.Header = parseChunkHeader(c.data)
			return nil
		}
	}
	return f.ReadChunk(i, c)
}

// ReadChunk reads chunk i into c. A place that was never written to gives no error and a chunk without records. A
// place where no chunk begins, or only a piece of one lies, gives a *Damage.
func (f *File) ReadChunk(i int, c *Chunk) error {
	offset := chunkOffset(i)
	size := int(min(ChunkSize, f.size-offset))
	c.data = c.memory
	n, err := f.in.ReadAt(c.data[:size], offset)
	c.reset(i, offset, n)
	what := func() string { return fmt.Sprintf("read chunk %d", i) }
	switch {
	case n < size:
		if err == nil || err == io.EOF {
			err = ErrTruncated
		}
		return &Damage{offset + int64(n), what(), err}
	case string(c.data[:8]) == chunkMagic && n == ChunkSize:
		c.Header = parseChunkHeader(c.data)
		return nil
	case allZero(c.data[:n]):
		return nil
	case n < ChunkSize:
		return &Damage{offset, what(), fmt.Errorf("%w: %d of %d bytes", ErrTruncated, n, ChunkSize)}
	}
	return &Damage{offset, what(), corrupt("%q instead of a chunk", c.data[:8])}
}

func chunkOffset(i int) int64 { return FileHeaderSize + int64(i)*ChunkSize }

// Records yields the records of the place where chunk i should be, read into c: those that the chunk counts, then those
// in its slack. If no chunk is there, that is yielded as a *Damage, and then the records that can be carved out of
// the place, also of chunks that begin elsewhere in it. If the file's reader is a Borrower, c is not to be looked at any more
// when its bytes are given back.
func (f *File) Records(i int, c *Chunk) iter.Seq2[*Record, error] { return singly(f.Batches(i, c)) }

// Batches is Records, with several records at a time: those of a batch are valid together, until the next step. Who does one thing
// with all of them, and then the next, is faster than who does all of it with one after the other. A value of a record is valid until
// one of another record is asked for.
func (f *File) Batches(i int, c *Chunk) iter.Seq2[[]Record, error] {
	return func(yield func([]Record, error) bool) {
		if err := f.borrowChunk(i, c); err != nil {
			if yield(nil, err) {
				v := carver{in: f.in, size: f.size, c: c, yield: yield, base: chunkOffset(i)}
				v.load(v.base)
				v.region(f.carveFrom(i), min(chunkOffset(i+1), f.size))
			}
			return
		}
		end, more := c.live(yield)
		if !more {
			return
		}
		slack := c.size
		if moved := findChunk(c.data, end); moved != nowhere && f.lost(i+1) {
			slack = moved
		}
		if c.carve(end, slack, yield) && slack < c.size {
			c.own()
			v := carver{in: f.in, size: f.size, c: c, yield: yield, base: noBase}
			v.region(chunkOffset(i)+int64(slack), chunkOffset(i+1))
		}
	}
}

// lost says whether there is something other than a chunk where chunk i should be.
func (f *File) lost(i int) bool {
	offset := chunkOffset(i)
	b := make([]byte, max(0, min(ChunkSize, f.size-offset)))
	n, _ := f.in.ReadAt(b, offset)
	b = b[:n]
	return !allZero(b) && (n < ChunkSize || string(b[:8]) != chunkMagic)
}

// carveFrom returns where carving in the place of the lost chunk i begins: after a chunk that was moved and begins in
// the place before, whose records are yielded there. The answer depends on the file's bytes alone, so that places can
// be read in any order.
func (f *File) carveFrom(i int) int64 {
	from := chunkOffset(i)
	if i == 0 {
		return from
	}
	b := make([]byte, ChunkSize+chunkHeaderSize)
	n, _ := f.in.ReadAt(b, chunkOffset(i-1))
	b = b[:n]
	at := 0
	if isChunk(b) {
		at = liveEnd(b)
	}
	moved := nowhere
	for p := findChunk(b, at); p < ChunkSize; p = findChunk(b, p+1) {
		moved = p
	}
	if moved == nowhere {
		return from
	}
	// The moved chunk ends where the next one begins, if that is sooner than it should.
	end := int64(moved)
	rest := make([]byte, moved+chunkHeaderSize)
	n, _ = f.in.ReadAt(rest, from)
	return from + min(end, int64(findChunk(rest[:n], 0)))
}

// liveEnd returns where the records end that the header of the chunk b counts.
func liveEnd(b []byte) int {
	h := parseChunkHeader(b)
	pos := chunkHeaderSize
	for pos < int(min(int64(h.FreeSpace), ChunkSize)) {
		size, err := recordSize(b[:min(len(b), ChunkSize)], pos)
		if err != nil {
			break
		}
		last := binary.LittleEndian.Uint64(b[pos+8:]) == h.LastID
		if pos += size; last {
			break
		}
	}
	return pos
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
