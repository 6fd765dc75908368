package evtx

// AnyText calls f with the texts of the record, UTF-16 with or without a NUL at the end and in between, until f returns
// true, and returns whether it did. It also returns true if a value is text of another kind. The texts are the values and the
// literals of fields that are Simple, and perhaps others.
//
// What f says of the literals of a template is remembered under key: with one key, f must say the same of the same text.
func (r *Record) AnyText(key uint64, f func(raw []byte) bool) bool {
	c := r.chunk
	for i := range c.insts {
		p := c.insts[i].program
		t := &c.texts[(p.shape+key)%uint64(len(c.texts))]
		if t.program != p || t.key != key {
			*t = textsOf{p, key, p.anyText(f)}
		}
		if t.any {
			return true
		}
	}
	for _, s := range c.slots {
		if s.size() == 0 {
			continue
		}
		switch t := s.typ().Item(); {
		case t == TypeString || t == TypeXML:
			if f(c.data[s.off() : s.off()+s.size()]) {
				return true
			}
		case t == TypeAnsiString || !t.known():
			return true
		}
	}
	return false
}

// textsOf is what was said of the literals of a program.
type textsOf struct {
	program *program
	key     uint64
	any     bool
}

func (p *program) anyText(f func(raw []byte) bool) bool {
	for i := range p.ops {
		o := &p.ops[i]
		if o.kind != opValue || len(o.raw) == 0 {
			continue
		}
		switch t := o.typ.Item(); {
		case t == TypeString || t == TypeXML:
			if f(o.raw) {
				return true
			}
		case t == TypeAnsiString || !t.known():
			return true
		}
	}
	return false
}

// Simple says whether the field's values are values of the record or literals of its template as they are, and not texts put
// together of several.
func (f *Field) Simple() bool {
	for i := range f.items {
		if p := f.items[i].parts; len(p) != 1 || !p[0].isRef && !p[0].isOp {
			return false
		}
	}
	return true
}
