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
	data := c.data
	for _, s := range c.slots {
		form := textForms[s.typ()]
		if form == textNone || s.size() == 0 {
			continue
		}
		if form == textOther || f(data[s.off():s.off()+s.size()]) {
			return true
		}
	}
	return false
}

// textForms says what text the values of each type have.
var textForms = func() (t [256]uint8) {
	for i := range t {
		switch item := Type(i).Item(); {
		case item == TypeString || item == TypeXML:
			t[i] = textUTF16
		case item == TypeAnsiString || !item.known():
			t[i] = textOther
		}
	}
	return t
}()

const (
	textNone = iota
	textUTF16
	textOther
)

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
		if form := textForms[o.typ]; form == textOther || form == textUTF16 && f(o.raw) {
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
