package evtx

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/simd"
)

// Bounds of one record. A record takes less than a chunk, so no sound one comes near them.
const (
	maxSlots     = 1 << 13 // values of a template or of a stream
	maxInstances = 1 << 10
)

// maxDefinitionBytes bounds how much template definition is read for one chunk: in sound chunks definitions don't
// overlap, so they take less than a chunk.
const maxDefinitionBytes = 8 * ChunkSize

const (
	noChild        = -1
	definitionHead = 24 // offset of the next definition, identifier, size
)

// slot is a value of a record: where it lies in its chunk, and for BinXML which instance it holds. From the lowest bit on:
// 16 bits size, 8 bits type, 8 bits of any kind, 16 bits offset, 16 bits instance. A record has some thirty of them, and one
// number is written and read in one step; the lower half is a descriptor as it stands in the record.
type slot uint64

func newSlot(typ Type, off, size int) slot {
	return slot(uint16(size)) | slot(typ)<<16 | slot(uint16(off))<<32 | 0xffff<<48
}

func (s slot) off() int   { return int(uint16(s >> 32)) }
func (s slot) size() int  { return int(uint16(s)) }
func (s slot) typ() Type  { return Type(s >> 16) }
func (s slot) child() int { return int(int64(s) >> 48) } // noChild for none

func (s slot) withChild(child int) slot { return s&(1<<48-1) | slot(child)<<48 }

// instance is a template with its values, or a record's own elements.
type instance struct {
	program  *program
	first    int32 // of its slots
	count    int32
	slot     int32 // of the instance around it, that holds it; if that is a template's
	resident bool  // a record's own elements; a program says nothing of that, for a definition may be just like them
}

// definition is a template definition of the chunk, read, or why it could not be.
type definition struct {
	off     uint32 // 0 if the entry is free: no definition stands there
	program *program
	err     error
}

// taken says whether there is something in an entry. No definition stands at 0, but records may name that place.
func (d *definition) taken() bool { return d.off > 0 || d.err != nil }

// stream reads the BinXML at [pos, end) of the chunk and returns the number of its instance.
func (c *Chunk) stream(pos, end, depth int) (int, error) {
	if depth > maxDepth {
		return 0, fmt.Errorf("%w: BinXML nested %d deep", ErrLimit, maxDepth)
	}
	at := pos
	if at+4 < end && c.data[at] == tokenFragment {
		at += 4
	}
	if at < end && c.data[at] == tokenTemplate {
		// Fast path: nearly every stream is one template and nothing more. What it skips is a program of a single step.
		insts, slots := len(c.insts), len(c.slots)
		n, next, err := c.instance(at+1, end, depth)
		if err != nil || next >= end || c.data[next] == tokenEnd {
			return n, err
		}
		c.insts, c.slots = c.insts[:insts], c.slots[:slots]
	}
	return c.resident(pos, end, depth)
}

// resident reads elements that stand in the record itself.
func (c *Chunk) resident(pos, end, depth int) (int, error) {
	n, err := c.addInstance()
	if err != nil {
		return 0, err
	}
	first := len(c.slots)
	if p := c.standing(pos, end); p != nil {
		c.insts[n] = instance{program: p, first: int32(first), count: int32(len(c.slots) - first), resident: true}
		return n, nil
	}
	for len(c.walkers) <= depth {
		c.walkers = append(c.walkers, &walker{chunk: c, resident: true, depth: len(c.walkers)})
	}
	w := c.walkers[depth]
	if err := w.walk(pos, end); err != nil {
		return 0, err
	}
	var guid [16]byte
	p := c.cache.program(&guid, w.ops, w)
	if p.resident && p.form != nil {
		copy(c.residents[1:], c.residents[:])
		c.residents[0] = p
	}
	c.insts[n] = instance{program: p, first: int32(len(c.slots)), count: int32(len(w.slots)), resident: true}
	c.slots = append(c.slots, w.slots...)
	for _, s := range w.slots {
		c.kinds |= slotKinds.Of(byte(s.typ()))
	}
	return n, nil
}

// standing returns the program of the record's own elements at [pos, end) if they are like some that were read shortly
// before, and adds their values to the chunk's; else nil.
func (c *Chunk) standing(pos, end int) *program {
	if c.salvage {
		return nil
	}
	for i, p := range c.residents {
		if p == nil {
			break
		}
		if c.stands(p, pos, end) {
			copy(c.residents[1:i+1], c.residents[:i])
			c.residents[0] = p
			return p
		}
	}
	return nil
}

func (c *Chunk) addInstance() (int, error) {
	if len(c.insts) >= maxInstances {
		return 0, fmt.Errorf("%w: %d templates in one record", ErrLimit, len(c.insts))
	}
	c.insts = append(c.insts, instance{})
	return len(c.insts) - 1, nil
}

// instance reads a template instance, after its token, and returns its number and where it ends:
//
//	1  1
//	4  template identifier: the first four bytes of the definition's
//	4  offset of the definition in the chunk
//	-  the definition, if it stands here
//	4  number of values
//	-  for each value: 2 size, 1 type, 1 unused
//	-  the values
func (c *Chunk) instance(pos, end, depth int) (n, next int, err error) {
	if end-pos < 13 {
		return 0, 0, fmt.Errorf("%w: a template at 0x%x of the chunk", ErrTruncated, pos)
	}
	if n, err = c.addInstance(); err != nil {
		return 0, 0, err
	}
	le := binary.LittleEndian
	id, off := le.Uint32(c.data[pos+1:]), le.Uint32(c.data[pos+5:])
	pos += 9
	// A carved record may lie at any place, so that the offset alone says nothing.
	if !c.salvage && int64(off) == int64(pos) || c.salvage && c.definedHere(id, pos) {
		if end-pos < definitionHead {
			return 0, 0, fmt.Errorf("%w: a template definition at 0x%x of the chunk", ErrTruncated, pos)
		}
		size := int64(le.Uint32(c.data[pos+20:]))
		if size > int64(end-pos-definitionHead-4) {
			return 0, 0, fmt.Errorf("%w: a template definition of %d bytes at 0x%x of the chunk", ErrTruncated, size, pos)
		}
		pos += definitionHead + int(size)
	}
	p, err := c.program(id, off)
	if err != nil && !c.salvage {
		return 0, 0, err
	}
	if end-pos < 4 {
		return 0, 0, fmt.Errorf("%w: a template at 0x%x of the chunk", ErrTruncated, pos)
	}
	count := le.Uint32(c.data[pos:])
	pos += 4
	if count > maxSlots || int(count)*4 > end-pos {
		return 0, 0, fmt.Errorf("%w: a template with %d values at 0x%x of the chunk", ErrTruncated, count, pos)
	}
	if c.salvage && (p == nil || p.values != int(count)) {
		p = c.Templates.find(id, int(count)) // one that was written over has left its place to another
	}
	first := len(c.slots)
	c.insts[n] = instance{program: p, first: int32(first), count: int32(count)}
	if next, err = c.values(pos, end, int(count), depth); err != nil {
		return 0, 0, err
	}
	if p == nil {
		c.insts[n].program = c.orphan(c.slots[first:first+int(count)], depth)
	}
	return n, next, nil
}

// values reads count descriptors and values at pos and returns where they end.
func (c *Chunk) values(pos, end, count, depth int) (int, error) {
	descriptors := c.data[pos : pos+4*count]
	pos += 4 * count
	first := len(c.slots)
	c.slots = slices.Grow(c.slots, count+7)[:first+count] // so that eight can be written at a time
	start := pos
	pos, kinds, nested := simd.Slots(c.slots[first:], descriptors, pos, &slotKinds)
	c.kinds |= kinds
	if pos > end || c.salvage {
		if err := c.checkValues(descriptors, start, end); err != nil {
			return 0, err
		}
	}
	if kinds&simd.Mark == 0 {
		return pos, nil
	}
	i := 0
	if count <= 64 {
		i, count = bits.TrailingZeros64(nested), bits.Len64(nested)
	}
	for ; i < count; i++ {
		s := c.slots[first+i]
		if s.typ() != TypeBinXML || s.size() == 0 {
			continue
		}
		child, err := c.stream(s.off(), s.off()+s.size(), depth+1)
		if err != nil {
			return 0, err
		}
		c.slots[first+i] = s.withChild(child)
		c.insts[child].slot = int32(i)
	}
	return pos, nil
}

// slotKinds are the classes of types that something is to be done about: simd.Mark is BinXML, and slotOdd what is textOdd.
var slotKinds, slotOdd = func() (simd.Classes, uint8) {
	c, bits := simd.MakeClasses(
		func(c byte) bool { return Type(c) == TypeBinXML },
		func(c byte) bool { return textKinds[c] == textOdd },
	)
	return c, bits[1]
}()

// checkValues says which of the values that descriptors name, from pos on, can't be.
func (c *Chunk) checkValues(descriptors []byte, pos, end int) error {
	for i := range len(descriptors) / 4 {
		size, typ := binary.LittleEndian.Uint16(descriptors[4*i:]), Type(descriptors[4*i+2])
		pos += int(size)
		if c.salvage && !typ.known() {
			return corrupt("type 0x%02x of value %d", uint8(typ), i)
		}
		if pos > end {
			return fmt.Errorf("%w: value %d of a template ends at 0x%x of the chunk, the record at 0x%x", ErrTruncated, i, pos, end)
		}
	}
	return nil
}

// program returns the template definition at an offset of the chunk, read once for each chunk.
func (c *Chunk) program(id, off uint32) (*program, error) {
	d := &c.recent[(off>>2)%uint32(len(c.recent))]
	if d.off == off && d.taken() {
		return d.program, d.err
	}
	if len(c.definitions) > 0 {
		if known, ok := c.definitions[off]; ok {
			c.definitions[d.off] = *d // this and the one that is found change places
			delete(c.definitions, off)
			*d = known
			return d.program, d.err
		}
	}
	p, err := c.readDefinition(id, off)
	if d.taken() {
		c.definitions[d.off] = *d
	}
	*d = definition{off, p, err}
	return p, err
}

// definedHere says whether the definition of a template seems to stand at pos, though the record may give another place: in
// records that are no longer where they were written.
func (c *Chunk) definedHere(id uint32, pos int) bool {
	le := binary.LittleEndian
	return pos+definitionHead+4 <= len(c.data) && le.Uint32(c.data[pos+4:]) == id && le.Uint32(c.data[pos+definitionHead:]) == fragmentHead
}

// readDefinition reads a template definition:
//
//	4   offset of the next definition
//	16  identifier
//	4   size of what follows
func (c *Chunk) readDefinition(id, off uint32) (*program, error) {
	if off < chunkHeaderSize || int64(off) > int64(len(c.data)-definitionHead) {
		return nil, fmt.Errorf("%w: a template definition at 0x%x of the chunk", ErrTruncated, off)
	}
	guid := [16]byte(c.data[off+4:])
	if have := binary.LittleEndian.Uint32(guid[:]); have != id {
		return nil, &otherTemplate{id, off, have}
	}
	size := int64(binary.LittleEndian.Uint32(c.data[off+20:]))
	start := int64(off) + definitionHead
	if size > int64(len(c.data))-start {
		return nil, fmt.Errorf("%w: a template definition of %d bytes at 0x%x of the chunk", ErrTruncated, size, off)
	}
	if c.defined += int(size) + definitionHead; c.defined > maxDefinitionBytes {
		return nil, fmt.Errorf("%w: template definitions of one chunk overlap", ErrLimit)
	}
	known := &c.known[id%uint32(len(c.known))]
	if p := known.find(c, &guid, int(start), int(start+size)); p != nil {
		return p, nil
	}
	if err := c.definer.walk(int(start), int(start+size)); err != nil {
		return nil, fmt.Errorf("read the template definition at 0x%x of the chunk: %w", off, err)
	}
	p := c.cache.program(&guid, c.definer.ops, &c.definer)
	if !c.salvage {
		im := p.image // which is of this definition, or of one like it that another goroutine has met
		if im == nil || !c.shows(im, int(start), int(start+size)) {
			im = c.definer.image(p)
		}
		if c.imaged += im.weight(); c.imaged > maxImageBytes {
			c.forget()
			c.imaged = im.weight()
		}
		known.add(im)
	}
	return p, nil
}
