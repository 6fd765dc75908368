package evtx

import (
	"encoding/binary"
	"time"
)

const recordMagic = 0x00002a2a

// Record is one event. It is a view of its Chunk, valid until the next step of the iterator that yields it.
type Record struct {
	ID        uint64 // as the record's header states it
	Written   uint64 // FILETIME of the record's header
	Offset    int64  // of its first byte in the file
	Size      int    // in bytes
	Recovered bool   // not among the records that the chunk counts
	// Orphan marks a record whose template is lost: its values are called value_0, value_1 and so on.
	Orphan bool

	chunk *Chunk
	pos   int // in the chunk
	insts []instance
	slots []slot
	kinds uint8 // of their types: bits of slotKinds
	guide *guide
	alone guide // where it is for this record alone
}

// begin takes the record of size bytes at pos of the chunk.
func (r *Record) begin(pos, size int, recovered bool) {
	b := r.chunk.data[pos:]
	r.ID, r.Written = binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])
	r.Offset, r.Size, r.Recovered, r.Orphan = r.chunk.Offset+int64(pos), size, recovered, false
	r.chunk.joined.Forget(r)
	r.pos = pos
}

// read reads the values. To salvage is to make do without the definitions that are lost.
func (r *Record) read(salvage bool) error {
	c := r.chunk
	c.insts, c.slots, c.kinds, c.salvage, c.orphaned = r.insts[:0], r.slots[:0], 0, salvage, false
	_, err := c.stream(r.pos+recordHeaderSize, r.pos+r.Size-4, 0)
	if r.insts, r.slots, r.kinds, r.Orphan = c.insts, c.slots, c.kinds, c.orphaned; err != nil {
		return err
	}
	r.setLayout()
	return nil
}

// bare makes r a record of which nothing but its header can be read.
func (r *Record) bare() {
	r.insts, r.slots, r.kinds, r.Orphan = append(r.insts[:0], instance{program: r.chunk.orphan(nil, 0)}), r.slots[:0], 0, true
	r.setLayout()
}

// WrittenTime returns the time at which the record was written, as its header states it.
func (r *Record) WrittenTime() time.Time { return FileTime(r.Written) }

// recordAt returns the size of the record that b begins with, or 0 if none does.
func recordAt(b []byte) int {
	if len(b) < minRecordSize+4 || binary.LittleEndian.Uint32(b) != recordMagic {
		return 0
	}
	size := binary.LittleEndian.Uint32(b[4:])
	if size < minRecordSize+4 || size > ChunkSize || int(size) > len(b) || binary.LittleEndian.Uint32(b[size-4:]) != size ||
		binary.LittleEndian.Uint32(b[recordHeaderSize:]) != fragmentHead {
		return 0
	}
	return int(size)
}

// fragmentHead is what a stream begins with: the token, version 1.1, no flags.
const fragmentHead = 0x0001010f

var recordMagicBytes = []byte{0x2a, 0x2a, 0, 0}
