package evtx

import "encoding/binary"

// segment is a piece of a template definition that is the same wherever the definition stands, what to pass over after
// it, and the name that follows. Between chunks a definition differs only in the offsets of its names, in which of
// these stand in it, and in the sizes of its elements, which depend on that.
type segment struct {
	from, to int    // while the definition is read: where it lies in the chunk
	raw      string // of a program
	skip     int
	name     string
	named    bool
}

// keep makes the segments independent of the chunk that they were read from. A definition that ends without an end
// token has none, for the next one could go on.
func (w *walker) keep() []segment {
	if n := len(w.form); n == 0 || w.segment != w.form[n-1].to {
		return nil
	}
	form := append([]segment(nil), w.form...)
	for i := range form {
		s := &form[i]
		s.raw, s.from, s.to = string(w.chunk.data[s.from:s.to]), 0, 0
	}
	return form
}

// stands says whether the definition of p is what stands at [pos, end) of the chunk.
//
// Fast path: chunks repeat their definitions, and comparing one with a known one takes a fraction of the time of
// reading it. All bytes that a walker looks at are compared, so the answer is that of reading it.
func (c *Chunk) stands(p *program, pos, end int) bool {
	data := c.data[:end]
	for i := range p.form {
		s := &p.form[i]
		if len(data)-pos < len(s.raw)+s.skip || string(data[pos:pos+len(s.raw)]) != s.raw {
			return false
		}
		pos += len(s.raw) + s.skip
		if !s.named {
			continue
		}
		if len(data)-pos < 4 {
			return false
		}
		off := int(binary.LittleEndian.Uint32(data[pos:]))
		if pos += 4; off == pos {
			if len(data)-pos < 8 {
				return false
			}
			if pos += 10 + 2*int(binary.LittleEndian.Uint16(data[pos+6:])); pos > len(data) {
				return false
			}
		}
		if name, err := c.name(off); err != nil || name != s.name {
			return false
		}
	}
	return len(p.form) > 0
}
