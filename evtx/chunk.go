package evtx

import (
	"encoding/binary"
	"hash/crc32"
	"iter"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/bin"
)

// Chunk holds one chunk of a log while its records are read. It is meant to be used again for the next one. A Chunk is
// for one goroutine; several may read chunks of one File at the same time.
type Chunk struct {
	// Header is what the chunk states; of a chunk whose header is lost it is zero.
	Header ChunkHeader
	Number int   // in the file, from 0; -1 for a carved one
	Offset int64 // of its first byte in the file

	cache  *Cache
	memory []byte // ChunkSize bytes
	data   []byte // the chunk: memory, or borrowed and not to be written to
	size   int    // how many of them the file has; the rest is zero

	recent      [64]definition        // its definitions, by offset, those that were asked for last
	definitions map[uint32]definition // the others
	known       [1024]images          // definitions of chunks before, by identifier
	imaged      int                   // bytes of these, about
	emptied     uint32                // how often the cache was, when the first of them came
	residents   [8]*program           // of records' own elements, those before the one under way
	defined     int                   // bytes of definition that were read
	names       [256]nameAt
	interned    map[string]string
	definer     walker
	walkers     []*walker // by depth
	// Templates, if set, is asked for definitions that the chunk itself has lost.
	Templates *Templates
	orphans   map[string]*program // by nesting, and what their values are
	layouts   [512]layoutEntry
	passed    [64]passedSlots
	key       []byte

	reported []error    // damage of this chunk that was yielded
	salvage  bool       // make do without lost definitions
	orphaned bool       // they were made do without
	insts    []instance // of the record that is being read
	slots    []slot
	kinds    uint8       // of their types: bits of slotKinds
	joined   bin.Scratch // text of a record that is put together of several values
	nodes    []node      // of renderings
	records  [maxBatch]Record
	read     int  // of these, waiting to be yielded
	touched  byte // what touch made of the bytes, which says nothing
}

// maxBatch is how many records are read before the first of them is yielded. What reads a record, and what is done with it then, are
// more instructions than the processor's nearest cache holds: taking turns with each record costs more than reading does.
const maxBatch = 32

// NewChunk returns an empty Chunk whose templates are kept in cache.
func NewChunk(cache *Cache) *Chunk {
	c := &Chunk{cache: cache, memory: make([]byte, ChunkSize), interned: map[string]string{}, definitions: map[uint32]definition{}, orphans: map[string]*program{}}
	c.data = c.memory
	c.definer.chunk = c
	for i := range c.records {
		c.records[i].chunk = c
	}
	return c
}

// reset forgets the chunk before, but not what all chunks share.
func (c *Chunk) reset(number int, offset int64, size int) {
	c.Header, c.Number, c.Offset, c.size, c.defined = ChunkHeader{}, number, offset, size, 0
	clear(c.data[size:])
	clear(c.definitions)
	clear(c.recent[:])
	clear(c.names[:])
	c.reported = c.reported[:0]
	if n := c.cache.emptied.Load(); n != c.emptied {
		c.forget() // or programs would live on that the cache has let go
		c.emptied = n
	}
}

// forget lets go of the images.
func (c *Chunk) forget() {
	clear(c.known[:])
	c.imaged = 0
}

// own makes the chunk's bytes its own, so that they can be written to.
func (c *Chunk) own() {
	if &c.data[0] != &c.memory[0] {
		copy(c.memory, c.data)
		c.data = c.memory
	}
}

// ChecksumsOK says whether the chunk's two checksums hold. They are often stale in logs that were copied while in use,
// so nothing depends on them.
func (c *Chunk) ChecksumsOK() (header, records bool) {
	sum := crc32.ChecksumIEEE(c.data[:120])
	sum = crc32.Update(sum, crc32.IEEETable, c.data[128:chunkHeaderSize])
	free := min(max(int(c.Header.FreeSpace), chunkHeaderSize), ChunkSize)
	return sum == c.Header.headerSum, crc32.ChecksumIEEE(c.data[chunkHeaderSize:free]) == c.Header.dataSum
}

// Records yields the records of the chunk: those that its header counts, in order, then those that still lie in its
// slack, marked Recovered. Damage is yielded as a *Damage with a nil Record, and reading goes on. A Record is valid
// until the next step.
func (c *Chunk) Records() iter.Seq2[*Record, error] {
	return singly(func(yield func([]Record, error) bool) {
		if end, more := c.live(yield); more {
			c.carve(end, c.size, yield)
		}
	})
}

// singly yields the records of batches one by one.
func singly(batches iter.Seq2[[]Record, error]) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for batch, err := range batches {
			if err != nil && !yield(nil, err) {
				return
			}
			for i := range batch {
				if !yield(&batch[i], nil) {
					return
				}
			}
		}
	}
}

// live yields the records that the header counts, and returns where they end.
func (c *Chunk) live(yield func([]Record, error) bool) (end int, more bool) {
	c.read = 0
	limit := min(int64(c.Header.FreeSpace), int64(c.size))
	pos := chunkHeaderSize
	c.touch(pos, int(limit))
	for int64(pos) < limit {
		size, err := recordSize(c.data, pos)
		if err != nil {
			if !c.flush(yield) {
				return pos, false
			}
			// Zeroes are where the free space really begins, when the header was written before its records.
			if pos+4 <= len(c.data) && binary.LittleEndian.Uint32(c.data[pos:]) != 0 || findRecord(c.data[:limit], pos) != nowhere {
				return pos, yield(nil, c.damage(pos, "find a record", err))
			}
			return pos, true
		}
		r := &c.records[c.read]
		r.begin(pos, size, false)
		if err := r.read(false); err != nil {
			if !c.flush(yield) || !c.broken(pos, size, err, yield) {
				return pos, false
			}
		} else if c.read++; c.read == len(c.records) {
			if !c.flush(yield) {
				return pos, false
			}
			c.touch(pos+size, int(limit))
		}
		last := binary.LittleEndian.Uint64(c.data[pos+8:]) == c.Header.LastID
		pos += size
		if last {
			break
		}
	}
	return pos, c.flush(yield)
}

// touch has the processor bring what is likely to be read for the next batch into its nearest caches, all at once. Reading a record
// means to wait for each of its parts in turn, since one says where the next is: its header, its descriptors, its end.
func (c *Chunk) touch(from, limit int) {
	var all byte
	for i, end := from, min(from+touched, limit); i < end; i += cacheLine {
		all += c.data[i]
	}
	c.touched = all // so that the loop is not for nothing
}

const (
	touched   = 32 << 10 // bytes, about what a batch of records takes
	cacheLine = 64
)

// flush yields the records that wait.
func (c *Chunk) flush(yield func([]Record, error) bool) bool {
	n := c.read
	c.read = 0
	return n == 0 || yield(c.records[:n], nil)
}

// carve yields what looks like a record in [pos, end).
func (c *Chunk) carve(pos, end int, yield func([]Record, error) bool) bool {
	for {
		if pos = findRecord(c.data[:end], pos); pos == nowhere {
			return true
		}
		size := recordAt(c.data[pos:end])
		if !c.emit(pos, size, yield) {
			return false
		}
		pos += size
	}
}

// broken yields a live record that can't be read: the damage, and what can be had of it as recovered.
func (c *Chunk) broken(pos, size int, err error, yield func([]Record, error) bool) bool {
	// A broken definition is damage once, not once for each record that names it.
	if !slices.Contains(c.reported, err) {
		if len(c.reported) < maxReported {
			c.reported = append(c.reported, err)
		}
		if !yield(nil, c.damage(pos, "read a record", err)) {
			return false
		}
	}
	return c.emit(pos, size, yield)
}

// emit yields the record at pos as recovered.
func (c *Chunk) emit(pos, size int, yield func([]Record, error) bool) bool {
	r := &c.records[0]
	r.begin(pos, size, true)
	if r.read(true) != nil {
		r.bare()
	}
	return yield(c.records[:1], nil)
}

// maxReported is how many causes of damage in a chunk are remembered.
const maxReported = 64

func (c *Chunk) damage(pos int, what string, err error) error {
	return &Damage{Offset: c.Offset + int64(pos), What: what, Err: err}
}

// recordSize returns the size that the record at pos states:
//
//	0   4  0x00002a2a
//	4   4  size
//	8   8  identifier
//	16  8  time written, a FILETIME
//	24  -  BinXML
//	-   4  the size again
func recordSize(b []byte, pos int) (int, error) {
	if pos+minRecordSize > len(b) {
		return 0, ErrTruncated
	}
	if magic := binary.LittleEndian.Uint32(b[pos:]); magic != recordMagic {
		return 0, corrupt("0x%08x instead of a record", magic)
	}
	size := binary.LittleEndian.Uint32(b[pos+4:])
	if size < minRecordSize || int64(size) > int64(len(b)-pos) {
		return 0, corrupt("a record of %d bytes", size)
	}
	return int(size), nil
}
