package evtx

import (
	"bytes"
	"encoding/binary"
	"io"
	"iter"
)

// Carve yields the records that lie in bytes that are no valid log: a log without its file header, cut or shifted, or
// unallocated space. Chunks are found at any place, and records outside of chunks too. All are marked Recovered. The
// file is read once from front to back; what is kept of it is c and a buffer of twice its size.
func Carve(in io.ReaderAt, size int64, c *Chunk) iter.Seq2[*Record, error] {
	return singly(CarveBatches(in, size, c))
}

// CarveBatches is Carve in the form of File.Batches; a batch is one record.
func CarveBatches(in io.ReaderAt, size int64, c *Chunk) iter.Seq2[[]Record, error] {
	return func(yield func([]Record, error) bool) {
		c.data = c.memory
		v := carver{in: in, size: size, c: c, base: noBase, yield: yield}
		if c.Templates == nil {
			c.Templates = &Templates{}
			defer func() { c.Templates = nil }()
			v.learn = true
		}
		v.region(0, size)
	}
}

// noBase says that it is not known where the chunk begins that a record was written to.
const noBase = -1 << 62

// maxBases bounds how often a chunk's beginning is worked out anew in each 64 KiB: each time costs a read of a chunk.
const maxBases = 16

// carver looks for chunks and records in any bytes.
type carver struct {
	in    io.ReaderAt
	size  int64
	c     *Chunk
	yield func([]Record, error) bool
	learn bool // keep the definitions seen, for records that follow

	buf   []byte // from at
	at    int64
	base  int64 // where the chunk begins whose bytes c holds
	bases int
}

// region yields what begins in [from, to).
func (v *carver) region(from, to int64) bool {
	if v.buf == nil {
		v.buf = make([]byte, 2*ChunkSize)
	}
	for at := from; at < to; {
		n, err := v.in.ReadAt(v.buf[:min(int64(len(v.buf)), v.size-at)], at)
		if n == 0 {
			if err != nil && err != io.EOF {
				return v.yield(nil, &Damage{at, "look for records", err})
			}
			return true
		}
		v.at, v.bases = at, 0
		next, more := v.window(v.buf[:n], int(min(to-at, ChunkSize, int64(n))))
		if !more {
			return false
		}
		at += int64(next)
	}
	return true
}

// window yields what begins in the first limit bytes of b, and returns how many bytes are done with.
func (v *carver) window(b []byte, limit int) (next int, more bool) {
	p := 0
	chunk, record := -1, -1
	for p < limit {
		if chunk < p {
			chunk = findChunk(b, p)
		}
		if record < p {
			record = findRecord(b, p)
		}
		switch at := min(chunk, record); {
		case at >= limit:
			return limit, true
		case chunk < record:
			end := min(chunk+ChunkSize, len(b), findChunk(b, chunk+1))
			if !v.chunk(b[chunk:end], v.at+int64(chunk)) {
				return 0, false
			}
			p = end
		default:
			size := recordAt(b[record:])
			if !v.record(b[record:record+size], v.at+int64(record)) {
				return 0, false
			}
			p = record + size
		}
	}
	return p, true
}

// nowhere is behind all places of a window.
const nowhere = 1 << 30

// findChunk returns where a chunk begins in b at or after p, or nowhere.
func findChunk(b []byte, p int) int {
	for p < len(b) {
		i := bytes.Index(b[p:], []byte(chunkMagic))
		if i < 0 {
			break
		}
		if p += i; isChunk(b[p:]) {
			return p
		}
		p++
	}
	return nowhere
}

func isChunk(b []byte) bool {
	return len(b) >= chunkHeaderSize && string(b[:8]) == chunkMagic && binary.LittleEndian.Uint32(b[40:]) == 128
}

// findRecord returns where a record begins in b at or after p, or nowhere.
func findRecord(b []byte, p int) int {
	for p < len(b) {
		i := bytes.Index(b[p:], recordMagicBytes)
		if i < 0 {
			break
		}
		if p += i; recordAt(b[p:]) > 0 {
			return p
		}
		p++
	}
	return nowhere
}

// chunk yields the records of a chunk, as much of it as there is.
func (v *carver) chunk(b []byte, offset int64) bool {
	c := v.c
	copy(c.data, b)
	c.reset(-1, offset, len(b))
	v.base = offset
	if v.learn {
		c.eachDefinition(c.Templates.keep)
	}
	return c.carve(chunkHeaderSize, len(b), v.yield)
}

// record yields a record that lies outside of any chunk. Its names and templates are found if it can be worked out
// where its chunk began: a definition that stands in a record is said there to be at an offset of the chunk.
func (v *carver) record(b []byte, offset int64) bool {
	base, sure := v.base, false
	if def, at := inlineDefinition(b); at >= 0 {
		base, sure = offset+int64(at)-int64(def), true
	}
	if base != noBase && (offset-base < chunkHeaderSize || offset-base+int64(len(b)) > ChunkSize || base != v.base && v.bases >= maxBases) {
		base, sure = noBase, false
	}
	c := v.c
	if base == noBase {
		// Any place in a chunk does: nothing is found there but the record.
		base, v.base = offset-chunkHeaderSize, noBase
		c.reset(-1, base, chunkHeaderSize+len(b))
	} else if base != v.base {
		v.bases++
		v.load(base)
		v.base = base
	}
	at := int(offset - base)
	copy(c.data[at:], b)
	if !c.emit(at, len(b), v.yield) {
		return false
	}
	if v.learn && sure {
		for _, d := range c.recent {
			if d.program != nil {
				c.Templates.keep(d.program)
			}
		}
		for _, d := range c.definitions {
			if d.program != nil {
				c.Templates.keep(d.program)
			}
		}
	}
	return true
}

// load fills the chunk with the bytes that follow base, which may lie before the file's first.
func (v *carver) load(base int64) {
	c := v.c
	from := max(base, 0)
	skip := int(from - base)
	n := 0
	if skip < ChunkSize && from < v.size {
		n, _ = v.in.ReadAt(c.data[skip:min(ChunkSize, int64(skip)+v.size-from)], from)
	}
	clear(c.data[:min(skip, ChunkSize)])
	c.reset(-1, base, min(skip+n, ChunkSize))
}

// inlineDefinition returns where a record's template definition stands in it, and the offset that it has in its
// chunk; at is -1 if there is none. It looks at the outer template and at those in its values.
func inlineDefinition(b []byte) (def uint32, at int) {
	le := binary.LittleEndian
	for p, tries := recordHeaderSize, 0; tries < 8; tries++ {
		i := bytes.Index(b[p:], []byte{tokenFragment, 1, 1, 0, tokenTemplate})
		if i < 0 {
			break
		}
		p += i
		at := p + 14
		if at+definitionHead+4 > len(b) {
			break
		}
		id, def := le.Uint32(b[p+6:]), le.Uint32(b[p+10:])
		if le.Uint32(b[at+4:]) == id && le.Uint32(b[at+definitionHead:]) == fragmentHead && def >= chunkHeaderSize && def < ChunkSize {
			return def, at
		}
		p += 5
	}
	return 0, -1
}
