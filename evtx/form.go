package evtx

import (
	"encoding/binary"
	"slices"
)

// segment is a piece of a template definition that is the same wherever the definition stands, what to pass over after
// it, and the name or value that follows. Between chunks a definition differs only in the offsets of its names, in which of
// these stand in it, and in the sizes of its elements, which depend on that. The elements that stand in a record itself
// have the same, and values.
type segment struct {
	from, to int    // while the definition is read: where it lies in the chunk
	raw      string // of a program
	skip     int
	name     string
	at       int    // while the definition is read: where the name lies
	wide     string // of a program: the name as it lies in a chunk, its head included
	named    bool
	value    bool // of the type that is the last byte of the piece
}

// keep makes the segments independent of the chunk that they were read from. A definition that ends without an end
// token has none, for the next one could go on.
func (w *walker) keep() []segment {
	if n := len(w.form); n == 0 || w.segment != w.form[n-1].to || w.nested {
		return nil
	}
	data := w.chunk.data
	all := w.kept[:0] // what the segments say, in one piece
	for i := range w.form {
		s := &w.form[i]
		all = append(all, data[s.from:s.to]...)
		if s.named {
			all = append(all, data[s.at:s.at+nameSize(data[s.at:])]...)
		}
	}
	form, text := slices.Clone(w.form), string(all)
	w.kept = all
	for i := range form {
		s := &form[i]
		n := s.to - s.from
		s.raw, text = text[:n], text[n:]
		if s.named {
			n = nameSize(data[s.at:])
			s.wide, text = text[:n], text[n:]
		}
		s.from, s.to, s.at = 0, 0, 0
	}
	return form
}

// named says whether the name of a segment stands at an offset of the chunk.
//
// Fast path: a name is compared as it lies in the chunk, which takes less than to look up what it says.
func (c *Chunk) named(off int, s *segment) bool {
	e := &c.names[(off>>1)&(len(c.names)-1)]
	if off > 0 && e.off == uint32(off) {
		return e.text == s.name
	}
	if end := off + len(s.wide); !c.salvage && off > 0 && end <= len(c.data) && string(c.data[off+nameHead:end]) == s.wide[nameHead:] &&
		string(c.data[off+6:off+nameHead]) == s.wide[6:nameHead] {
		*e = nameAt{uint32(off), s.name}
		return true
	}
	name, err := c.name(off)
	return err == nil && name == s.name
}

// stands says whether what p was read from, a definition or a record's own elements, is what stands at [pos, end) of the
// chunk. It adds the values of the latter to the chunk's.
//
// Fast path: chunks repeat their definitions, and comparing one with a known one takes a fraction of the time of
// reading it. All bytes that a walker looks at are compared, so the answer is that of reading it.
func (c *Chunk) stands(p *program, pos, end int) bool {
	data := c.data[:end]
	first := len(c.slots)
	for i := range p.form {
		s := &p.form[i]
		if len(data)-pos < len(s.raw)+s.skip || string(data[pos:pos+len(s.raw)]) != s.raw {
			break
		}
		pos += len(s.raw) + s.skip
		if s.named && len(data)-pos >= 4 {
			// Fast path: a name that stands elsewhere and was compared with this one before.
			off := binary.LittleEndian.Uint32(data[pos:])
			if e := &c.names[(off>>1)&uint32(len(c.names)-1)]; e.off == off && e.text == s.name && off != uint32(pos+4) && off > 0 {
				if pos += 4; i == len(p.form)-1 {
					return true
				}
				continue
			}
		}
		var ok bool
		switch {
		case s.named:
			pos, ok = c.passName(s, data, pos)
		case s.value:
			pos, ok = c.passValue(Type(s.raw[len(s.raw)-1]), data, pos)
		default:
			ok = true
		}
		if !ok {
			break
		}
		if i == len(p.form)-1 {
			return true
		}
	}
	c.slots = c.slots[:first]
	return false
}

// passName passes over the offset of the segment's name, and over the name if it stands here.
func (c *Chunk) passName(s *segment, data []byte, pos int) (next int, ok bool) {
	if len(data)-pos < 4 {
		return pos, false
	}
	off := int(binary.LittleEndian.Uint32(data[pos:]))
	if pos += 4; off == pos {
		if len(data)-pos < nameHead {
			return pos, false
		}
		if pos += nameSize(data[pos:]) + 2; pos > len(data) {
			return pos, false
		}
	}
	return pos, c.named(off, s)
}

// passValue passes over a value of a record's own elements and adds it to the chunk's.
func (c *Chunk) passValue(typ Type, data []byte, pos int) (next int, ok bool) {
	size := int(itemSizes[typ])
	if size == 0 && typ != TypeNull { // a string: its number of characters stands before it
		if len(data)-pos < 2 {
			return pos, false
		}
		size = 2 * int(binary.LittleEndian.Uint16(data[pos:]))
		pos += 2
	}
	if len(data)-pos < size {
		return pos, false
	}
	c.slots = append(c.slots, newSlot(typ, pos, size))
	c.kinds |= slotKinds.Of(byte(typ))
	return pos + size, true
}
