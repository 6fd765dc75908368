package evtxwriter

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Sizes of the format, in bytes.
const (
	headerSize      = 4096 // of the file's header block
	chunkSize       = 65536
	chunkHeaderSize = 512
)

// chunk is a chunk that is being filled. Positions in b are the offsets that its records refer to.
type chunk struct {
	array   [chunkSize]byte
	b       []byte // array[:used]; grows out of the array when a record doesn't fit
	names   map[string]uint32
	defs    map[GUID]uint32
	strings [64]uint32 // newest name of each bucket
	defHead [32]uint32 // newest template of each bucket

	firstNumber, firstID uint64
	records              uint64
	lastRecord           int

	undo []change // what the record under way entered into the tables
}

// change is an entry into one of the chunk's tables, kept to take it back.
type change struct {
	name   string
	guid   GUID
	bucket int
	before uint32
}

// reset begins an empty chunk. The bytes of the chunk before stay where they were if keep is set.
func (c *chunk) reset(number, id uint64, keep bool) {
	if !keep {
		clear(c.array[:])
	}
	c.b = c.array[:chunkHeaderSize]
	c.names, c.defs = map[string]uint32{}, map[GUID]uint32{}
	c.strings, c.defHead = [64]uint32{}, [32]uint32{}
	c.firstNumber, c.firstID, c.records, c.lastRecord = number, id, 0, 0
	c.undo = c.undo[:0]
}

// rollback takes back a record that didn't fit, from the position where it began.
func (c *chunk) rollback(start int) {
	for i := len(c.undo) - 1; i >= 0; i-- {
		if u := c.undo[i]; u.name != "" {
			delete(c.names, u.name)
			c.strings[u.bucket] = u.before
		} else {
			delete(c.defs, u.guid)
			c.defHead[u.bucket] = u.before
		}
	}
	c.undo = c.undo[:0]
	c.b = c.array[:start]
	clear(c.array[start:])
}

// finish writes the chunk's header into it and returns the whole chunk:
//
//	0   "ElfChnk\0"            40  u32 header size, 128
//	8   u64 first number       44  u32 offset of the last record
//	16  u64 last number        48  u32 offset of the free space
//	24  u64 first record id    52  u32 CRC-32 of the records
//	32  u64 last record id     120 u32 flags
//	124 u32 CRC-32 of [0,120) and [128,512)
//	128 64 × u32 newest name of each bucket, by hash modulo 64
//	384 32 × u32 newest template of each bucket, by the GUID's first word modulo 32
func (c *chunk) finish() []byte {
	h, le := c.array[:chunkHeaderSize], binary.LittleEndian
	clear(h)
	copy(h, "ElfChnk\x00")
	last, firstID, lastID := c.firstNumber+c.records-1, c.firstID, c.firstID+c.records-1
	if c.records == 0 { // as Windows marks a log without a record
		last, firstID, lastID = ^uint64(0), ^uint64(0), ^uint64(0)
	}
	le.PutUint64(h[8:], c.firstNumber)
	le.PutUint64(h[16:], last)
	le.PutUint64(h[24:], firstID)
	le.PutUint64(h[32:], lastID)
	le.PutUint32(h[40:], 128)
	le.PutUint32(h[44:], uint32(c.lastRecord))
	le.PutUint32(h[48:], uint32(len(c.b)))
	le.PutUint32(h[52:], crc32.ChecksumIEEE(c.b[chunkHeaderSize:]))
	le.PutUint32(h[120:], 1)
	for i, o := range c.strings {
		le.PutUint32(h[128+4*i:], o)
	}
	for i, o := range c.defHead {
		le.PutUint32(h[384+4*i:], o)
	}
	sum := crc32.ChecksumIEEE(h[:120])
	le.PutUint32(h[124:], crc32.Update(sum, crc32.IEEETable, h[128:]))
	return c.array[:]
}

func (c *chunk) u16(n uint16) { c.b = binary.LittleEndian.AppendUint16(c.b, n) }
func (c *chunk) u32(n uint32) { c.b = binary.LittleEndian.AppendUint32(c.b, n) }
func (c *chunk) u64(n uint64) { c.b = binary.LittleEndian.AppendUint64(c.b, n) }

// sized reserves a u32, runs body and enters how many bytes body wrote.
func (c *chunk) sized(body func()) {
	at := len(c.b)
	c.u32(0)
	body()
	binary.LittleEndian.PutUint32(c.b[at:], uint32(len(c.b)-at-4))
}

// name writes a reference to a name, and the name itself at its first use in the chunk: u32 the bucket's next
// name, u16 hash, u16 length, UTF-16, NUL.
func (c *chunk) name(s string) {
	if at, ok := c.names[s]; ok {
		c.u32(at)
		return
	}
	at := uint32(len(c.b) + 4)
	c.u32(at)
	hash := nameHash(s)
	bucket := int(hash % 64)
	c.undo = append(c.undo, change{name: s, bucket: bucket, before: c.strings[bucket]})
	c.u32(c.strings[bucket])
	c.u16(hash)
	c.u16(uint16(utf16Units(s)))
	c.b = appendUTF16(c.b, s)
	c.u16(0)
	c.names[s], c.strings[bucket] = at, at
}

func nameHash(s string) uint16 {
	var h uint32
	for _, r := range s {
		h = h*65599 + uint32(r)
	}
	return uint16(h)
}

// instance writes a template instance up to its values: token, u8 1, u32 id, u32 offset of the definition, and
// the definition itself at its first use in the chunk: u32 the bucket's next template, GUID, u32 length, BinXML.
func (c *chunk) instance(t *template) {
	id := binary.LittleEndian.Uint32(t.guid[:])
	c.b = append(c.b, tokenTemplate, 1)
	c.u32(id)
	if at, ok := c.defs[t.guid]; ok {
		c.u32(at)
		return
	}
	at := uint32(len(c.b) + 4)
	c.u32(at)
	bucket := int(id % 32)
	c.undo = append(c.undo, change{guid: t.guid, bucket: bucket, before: c.defHead[bucket]})
	c.u32(c.defHead[bucket])
	c.b = append(c.b, t.guid[:]...)
	c.sized(func() {
		c.fragment()
		c.element(&t.root)
		c.b = append(c.b, tokenEnd)
	})
	c.defs[t.guid], c.defHead[bucket] = at, at
}

// The tokens of BinXML.
const (
	tokenEnd        = 0x00
	tokenOpen       = 0x01
	tokenCloseStart = 0x02
	tokenCloseEmpty = 0x03
	tokenCloseElem  = 0x04
	tokenText       = 0x05
	tokenAttribute  = 0x06
	tokenTemplate   = 0x0c
	tokenValue      = 0x0d
	tokenOptional   = 0x0e
	tokenFragment   = 0x0f
	tokenMore       = 0x40
)

func (c *chunk) fragment() { c.b = append(c.b, tokenFragment, 1, 1, 0) }

// element writes an element: token, u16 dependency, u32 size of the rest, name, attributes, content.
func (c *chunk) element(e *element) {
	if e.name == "" {
		c.content(e.body)
		return
	}
	token := byte(tokenOpen)
	if len(e.attrs) > 0 {
		token |= tokenMore
	}
	c.b = append(c.b, token)
	c.u16(e.dep)
	c.sized(func() {
		c.name(e.name)
		if len(e.attrs) > 0 {
			c.sized(func() { c.attributes(e.attrs) })
		}
		if len(e.kids) == 0 && e.body == (content{}) {
			c.b = append(c.b, tokenCloseEmpty)
			return
		}
		c.b = append(c.b, tokenCloseStart)
		c.content(e.body)
		for i := range e.kids {
			c.element(&e.kids[i])
		}
		c.b = append(c.b, tokenCloseElem)
	})
}

func (c *chunk) attributes(list []attribute) {
	for i, a := range list {
		token := byte(tokenAttribute)
		if i < len(list)-1 {
			token |= tokenMore
		}
		c.b = append(c.b, token)
		c.name(a.name)
		c.content(a.body)
	}
}

func (c *chunk) content(t content) {
	switch {
	case t.value && t.optional:
		c.b = append(c.b, tokenOptional)
	case t.value:
		c.b = append(c.b, tokenValue)
	case t.text != "":
		c.b = append(c.b, tokenText, byte(String))
		c.u16(uint16(utf16Units(t.text)))
		c.b = appendUTF16(c.b, t.text)
		return
	default:
		return
	}
	c.u16(t.index)
	c.b = append(c.b, byte(t.typ))
}

// values is the list of an instance's values: u32 count, then for each u16 size, u8 type, u8 0, then the bytes.
type values struct {
	c    *chunk
	next int // position of the next description
}

func (c *chunk) values(count int) values {
	c.u32(uint32(count))
	v := values{c, len(c.b)}
	for range count {
		c.u32(0)
	}
	return v
}

// add enters what was written since start as the next value.
func (v *values) add(start int, t Type) error {
	size := len(v.c.b) - start
	if size > 0xffff {
		return fmt.Errorf("a value of %d bytes has no form", size)
	}
	binary.LittleEndian.PutUint16(v.c.b[v.next:], uint16(size))
	v.c.b[v.next+2] = byte(t)
	v.next += 4
	return nil
}

// put writes one value of the envelope.
func (v *values) put(t Type, value any) error {
	start := len(v.c.b)
	b, actual, err := appendValue(v.c.b, &Field{Type: t, Counted: true}, value)
	v.c.b = b
	if err != nil {
		return err
	}
	return v.add(start, actual)
}

// absent enters a value that isn't there. Windows leaves some of them their size; readers must step over it.
func (v *values) absent(size int) error {
	start := len(v.c.b)
	v.c.b = append(v.c.b, make([]byte, size)...)
	return v.add(start, Null)
}
