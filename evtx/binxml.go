package evtx

import (
	"encoding/binary"
	"fmt"

	"github.com/goshawk-ir/goshawk/internal/bin"
)

// Tokens of BinXML. Bit 0x40 of a token says that more of the same follows (for an element: that it has attributes).
const (
	tokenEnd       = 0x00
	tokenElement   = 0x01
	tokenCloseHead = 0x02
	tokenCloseVoid = 0x03
	tokenClose     = 0x04
	tokenValue     = 0x05
	tokenAttr      = 0x06
	tokenCDATA     = 0x07
	tokenChar      = 0x08
	tokenEntity    = 0x09
	tokenPITarget  = 0x0a
	tokenPIData    = 0x0b
	tokenTemplate  = 0x0c
	tokenSub       = 0x0d
	tokenOptional  = 0x0e
	tokenFragment  = 0x0f

	tokenMore = 0x40
)

// maxDepth bounds how deep elements, and values that hold BinXML, may lie in one another.
const maxDepth = 64

// walker reads one stream of BinXML into steps. A definition's values become part of the program. In a record's own
// elements they become values of the record, so that records of one shape have one program.
type walker struct {
	chunk    *Chunk
	cur      bin.Cursor
	from, to int  // what is walked, in the chunk
	resident bool // a record's own elements, not a template definition
	depth    int  // of the stream, in values that hold BinXML
	ops      []op
	slots    []slot    // resident: the values
	open     []uint16  // elements and attributes under way
	form     []segment // see program.form
	nested   bool      // resident: there is more to read than the form says
	segment  int       // where the segment under way begins
	inHead   bool      // between an element's name and the end of its attributes
	inAttr   bool
	kept     []byte // scratch of keep
}

// walk reads the stream at [pos, end) of the chunk.
func (w *walker) walk(pos, end int) error {
	w.cur, w.from, w.to = bin.NewCursor(w.chunk.data[:end], pos), pos, end
	w.ops, w.slots, w.open, w.inHead, w.inAttr = w.ops[:0], w.slots[:0], w.open[:0], false, false
	w.form, w.segment, w.nested = w.form[:0], pos, false
	for w.cur.Left() > 0 {
		at := w.cur.Pos()
		token := w.cur.U8()
		if token == tokenEnd {
			w.cut(0)
			break
		}
		if err := w.token(token); err != nil {
			return fmt.Errorf("token 0x%02x at 0x%x of the chunk: %w", token, at, err)
		}
		if err := w.cur.Err(); err != nil {
			return fmt.Errorf("%w: token 0x%02x at 0x%x of the chunk: %w", ErrTruncated, token, at, err)
		}
		if len(w.ops) > maxOps {
			return fmt.Errorf("%w: %d steps in one template", ErrLimit, len(w.ops))
		}
	}
	if len(w.open) > 0 || w.inHead {
		return corrupt("%d elements are not closed", len(w.open))
	}
	return nil
}

func (w *walker) token(token uint8) error {
	switch token &^ tokenMore {
	case tokenElement:
		return w.element(token&tokenMore != 0)
	case tokenCloseHead:
		if !w.inHead {
			return corrupt("no element begins here")
		}
		w.endHead()
	case tokenCloseVoid:
		if !w.inHead {
			return corrupt("no element begins here")
		}
		w.endHead()
		w.ops[w.open[len(w.open)-1]].closed = true
		w.close()
	case tokenClose:
		if w.inHead || len(w.open) == 0 {
			return corrupt("no element ends here")
		}
		w.close()
	case tokenAttr:
		return w.attribute()
	case tokenValue:
		return w.value()
	case tokenSub, tokenOptional:
		if w.resident {
			return corrupt("a substitution outside of a template")
		}
		id := w.cur.U16()
		w.cur.Skip(1) // the type that the template expects; the value has its own
		return w.content(op{kind: opSub, id: id, optional: token == tokenOptional})
	case tokenTemplate:
		return w.template()
	case tokenFragment:
		w.cur.Skip(3) // version and flags
	default:
		return w.special(token &^ tokenMore)
	}
	return nil
}

// special reads the tokens that hardly ever occur.
func (w *walker) special(token uint8) error {
	switch token {
	case tokenEntity, tokenPITarget:
		name, err := w.name(0)
		if err != nil {
			return err
		}
		return w.content(op{kind: map[uint8]opKind{tokenEntity: opEntity, tokenPITarget: opTarget}[token], text: name})
	case tokenChar:
		return w.content(op{kind: opChar, id: w.cur.U16()})
	case tokenCDATA, tokenPIData:
		raw := w.cur.Bytes(2 * int(w.cur.U16()))
		return w.content(op{kind: map[uint8]opKind{tokenCDATA: opCDATA, tokenPIData: opData}[token], text: string(appendUTF16(nil, raw))})
	}
	return corrupt("no such token")
}

// element reads the head of an element:
//
//	2  number of the value that it depends on, in template definitions only
//	4  size
//	4  offset of its name
//	4  size of its attributes, if it has any
func (w *walker) element(attributes bool) error {
	if w.inHead {
		return corrupt("an element in the head of another")
	}
	if len(w.open) >= maxDepth {
		return fmt.Errorf("%w: elements nested %d deep", ErrLimit, maxDepth)
	}
	dependency := uint16(none)
	if !w.resident {
		dependency = w.cur.U16()
	}
	name, err := w.name(4)
	if err != nil {
		return err
	}
	if attributes {
		w.cut(4)
	}
	w.open = append(w.open, uint16(len(w.ops)))
	w.ops = append(w.ops, op{kind: opElement, id: dependency, text: name})
	w.inHead = true
	return nil
}

func (w *walker) attribute() error {
	if !w.inHead {
		return corrupt("an attribute outside of an element's head")
	}
	w.endAttribute()
	name, err := w.name(0)
	if err != nil {
		return err
	}
	w.open = append(w.open, uint16(len(w.ops)))
	w.ops = append(w.ops, op{kind: opAttr, text: name})
	w.inAttr = true
	return nil
}

func (w *walker) endAttribute() {
	if w.inAttr {
		w.close()
		w.inAttr = false
	}
}

func (w *walker) endHead() {
	w.endAttribute()
	w.ops[w.open[len(w.open)-1]].body = uint16(len(w.ops))
	w.inHead = false
}

func (w *walker) close() {
	last := len(w.open) - 1
	w.ops[w.open[last]].end = uint16(len(w.ops))
	w.open = w.open[:last]
}

// content adds a step to the attribute or the element under way.
func (w *walker) content(o op) error {
	switch {
	case len(w.open) == 0:
		return corrupt("content outside of an element")
	case w.inHead && !w.inAttr:
		return nil // evtx_dump, too, passes over what stands between an element's name and its first attribute
	}
	w.ops = append(w.ops, o)
	return nil
}

// value reads a value that stands in the stream itself: its type, and for a string its length in characters.
func (w *walker) value() error {
	typ := Type(w.cur.U8())
	at := w.cur.Pos()
	var raw []byte
	switch size := int(itemSizes[typ&^arrayBit]); {
	case typ == TypeString, typ == TypeXML:
		raw = w.cur.Bytes(2 * int(w.cur.U16()))
	case typ == TypeBinXML:
		raw = w.cur.Bytes(int(w.cur.U16()))
	case typ == TypeNull:
	case typ.IsArray() || size == 0:
		return corrupt("a value of type 0x%02x without a size", uint8(typ))
	default:
		raw = w.cur.Bytes(size)
	}
	if w.cur.Err() != nil {
		return nil // walk reports it
	}
	if !w.resident {
		if typ == TypeBinXML {
			return corrupt("a template that holds BinXML")
		}
		return w.content(literal(typ, raw))
	}
	// The name of a Data element decides about the shape of the record, so it stays in the program; so do name spaces.
	if n := len(w.open); w.inAttr && n > 1 && typ == TypeString {
		if attr := w.ops[w.open[n-1]].text; attr == "xmlns" || attr == "Name" && w.ops[w.open[n-2]].text == "Data" {
			return w.content(literal(typ, raw))
		}
	}
	w.form = append(w.form, segment{from: w.segment, to: at, value: true})
	w.segment = w.cur.Pos()
	w.nested = w.nested || typ == TypeBinXML
	s := newSlot(typ, w.cur.Pos()-len(raw), len(raw))
	if typ == TypeBinXML && len(raw) > 0 {
		child, err := w.chunk.stream(s.off(), w.cur.Pos(), w.depth+1)
		if err != nil {
			return err
		}
		s = s.withChild(child)
	}
	return w.slot(s)
}

// slot adds a value of a record's own elements, and the step that asks for it.
func (w *walker) slot(s slot) error {
	if len(w.slots) >= maxSlots {
		return fmt.Errorf("%w: %d values", ErrLimit, len(w.slots))
	}
	w.slots = append(w.slots, s)
	o := op{kind: opSub, id: uint16(len(w.slots) - 1)}
	if s.child() != noChild && len(w.open) == 0 {
		w.ops = append(w.ops, o) // a template may be all that the stream holds
		return nil
	}
	return w.content(o)
}

func literal(typ Type, raw []byte) op {
	if typ == TypeString {
		raw = cutNUL(raw)
	}
	return op{kind: opValue, typ: typ, raw: raw}
}

// template reads the instance of a template among a record's own elements. It becomes a value that holds it.
func (w *walker) template() error {
	if !w.resident {
		return corrupt("a template in a template")
	}
	if w.inHead {
		return corrupt("a template in an attribute")
	}
	child, next, err := w.chunk.instance(w.cur.Pos(), w.cur.Pos()+w.cur.Left(), w.depth+1)
	if err != nil {
		return err
	}
	w.cur.Seek(next)
	w.nested = true
	return w.slot(newSlot(TypeBinXML, 0, 0).withChild(child))
}

// name passes over skip bytes, reads the offset of a name, and passes over the name if it stands here:
//
//	4  offset of the next name with the same hash
//	2  hash
//	2  number of characters
//	-  characters, and a NUL
func (w *walker) name(skip int) (string, error) {
	at := w.cur.Pos()
	w.cur.Skip(skip)
	off := int(w.cur.U32())
	if off == w.cur.Pos() {
		w.cur.Skip(6)
		w.cur.Skip(2*int(w.cur.U16()) + 2)
	}
	name, err := w.chunk.name(off)
	w.form = append(w.form, segment{from: w.segment, to: at, skip: skip, name: name, at: off, named: true})
	w.segment = w.cur.Pos()
	return name, err
}

// cut ends a segment of the definition and passes over skip bytes.
func (w *walker) cut(skip int) {
	at := w.cur.Pos()
	w.cur.Skip(skip)
	w.form = append(w.form, segment{from: w.segment, to: at, skip: skip})
	w.segment = w.cur.Pos()
}

// nameAt is the entry of a chunk's table of names seen.
type nameAt struct {
	off  uint32 // 0 if the entry is free: no name stands there
	text string
}

// name returns the name at an offset of the chunk.
func (c *Chunk) name(off int) (string, error) {
	e := &c.names[(off>>1)&(len(c.names)-1)]
	if off > 0 && e.off == uint32(off) {
		return e.text, nil
	}
	if off < 0 || off+8 > len(c.data) {
		return "", fmt.Errorf("%w: a name at 0x%x of the chunk", ErrTruncated, off)
	}
	n := 2 * int(binary.LittleEndian.Uint16(c.data[off+6:]))
	if n > len(c.data)-off-8 || n > 2*maxName {
		return "", fmt.Errorf("%w: a name of %d characters at 0x%x of the chunk", ErrTruncated, n/2, off)
	}
	raw := c.data[off+8 : off+8+n]
	if c.salvage && nameHash(raw) != binary.LittleEndian.Uint16(c.data[off+4:]) {
		// Records that outlived their chunk refer to names that were written over.
		return "", corrupt("a name at 0x%x of the chunk does not have its hash", off)
	}
	text, ok := c.interned[string(raw)]
	if !ok {
		if len(c.interned) >= maxInterned {
			clear(c.interned)
		}
		text = string(appendUTF16(nil, cutNUL(raw)))
		c.interned[string(raw)] = text
	}
	*e = nameAt{uint32(off), text}
	return text, nil
}

// nameHead is the size of what stands before the characters of a name: the offset of another, a hash, their number.
const nameHead = 8

// nameSize returns the size of the name that b begins with, without the NUL after it.
func nameSize(b []byte) int { return nameHead + 2*int(binary.LittleEndian.Uint16(b[6:])) }

func nameHash(raw []byte) uint16 {
	var h uint32
	for i := 0; i+1 < len(raw); i += 2 {
		h = h*65599 + (uint32(raw[i]) | uint32(raw[i+1])<<8)
	}
	return uint16(h)
}

// maxName is the most characters of a name; maxInterned is how many names a Chunk remembers.
const (
	maxName     = 1024
	maxInterned = 4096
)
