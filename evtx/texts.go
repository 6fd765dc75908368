package evtx

// AnyText calls f with the texts of the record, UTF-16 with or without a NUL at the end and in between, until f returns
// true, and returns whether it did. It also returns true if a value is text of another kind. The texts are the values and the
// literals of fields that are Simple, and perhaps others.
//
// Fields of but whose one value is a string among the record's own are left out where that costs nothing.
//
// What f says of the literals of a template is remembered under key, and where but lies: with one key, f must say the same of
// the same text, and but must be the same. Keys are above 0 and below 1<<63.
//
// If piece is not nil, the bytes in which the values lie are shown to it first. Where it returns false, f must do so for every text in
// them, wherever it begins; then f is asked about literals alone.
func (r *Record) AnyText(key uint64, but []int32, piece, f func(raw []byte) bool) bool {
	for i := range r.insts {
		if r.insts[i].program.anyText(key, f) {
			return true
		}
	}
	if piece != nil && r.kinds&slotOdd == 0 && !r.anyPiece(piece) {
		return false
	}
	pass, data := r.passed(key, but), r.chunk.data
	for i, s := range r.slots {
		kind := textKinds[s.typ()]
		if kind == textNone || s.size() == 0 {
			continue
		}
		if kind == textOdd {
			return true
		}
		if kind == textOne && i < maxSpots && pass[i/64]>>(i%64)&1 != 0 {
			continue
		}
		if f(data[s.off() : s.off()+s.size()]) {
			return true
		}
	}
	return false
}

// anyPiece shows f the bytes in which all values of the record lie, with some of what is around them.
func (r *Record) anyPiece(f func([]byte) bool) bool {
	from, to := r.pos+recordHeaderSize, r.pos+r.Size
	if len(r.insts) == 0 || r.insts[0].resident || len(r.slots) == 0 {
		return f(r.piece(from, to))
	}
	// Fast path: what stands before the values of a template, and of the one in it, is left out: definitions are longer than
	// many a record.
	from = r.slots[0].off()
	if len(r.insts) == 2 && r.insts[1].count > 0 && !r.insts[1].resident {
		if f(r.piece(from, r.slots[r.insts[1].slot].off())) {
			return true
		}
		from = r.slots[r.insts[1].first].off()
	}
	return f(r.piece(from, to))
}

// leastPiece is how many bytes are shown at least, since fewer take more time.
const leastPiece = 72

func (r *Record) piece(from, to int) []byte {
	data := r.chunk.data
	return data[from:min(max(to, from+leastPiece), len(data))]
}

// What values of a type have of text.
const (
	textNone    = iota
	textOne     // a string
	textStrings // a list of strings
	textOdd     // text that is not UTF-16, or of an unknown type
)

var textKinds = func() (kinds [256]uint8) {
	for i := range kinds {
		switch t := Type(i); {
		case t == TypeString || t == TypeXML:
			kinds[i] = textOne
		case t.Item() == TypeString || t.Item() == TypeXML:
			kinds[i] = textStrings
		case t.Item() == TypeAnsiString || !t.Item().known():
			kinds[i] = textOdd
		}
	}
	return kinds
}()

// passedSlots is which values of records with the same spots are fields to leave out: bits, by number of the slot.
type passedSlots struct {
	spots []spot
	key   uint64
	bits  [maxSpots / 64]uint64
}

// passed returns the slots that hold the fields of but and nothing else.
func (r *Record) passed(key uint64, but []int32) *[maxSpots / 64]uint64 {
	c := r.chunk
	if len(but) == 0 || len(r.guide.spots) == 0 {
		return &noSlots
	}
	p := &c.passed[(r.guide.layout.Number+key)%uint64(len(c.passed))]
	if len(p.spots) > 0 && &p.spots[0] == &r.guide.spots[0] && p.key == key {
		return &p.bits
	}
	*p = passedSlots{spots: r.guide.spots, key: key}
	for _, field := range but {
		if s := r.guide.spots[field]; s.form < spotOdd && s.slot < maxSpots {
			p.bits[s.slot/64] |= 1 << (s.slot % 64)
		}
	}
	return &p.bits
}

var noSlots [maxSpots / 64]uint64

// anyText says what f says of the texts among the program's literals, for a key below 1<<63.
func (p *program) anyText(key uint64, f func(raw []byte) bool) bool {
	// Fast path: it was asked under this key last.
	if said := p.said.Load(); said>>1 == key && said != 0 {
		return said&1 != 0
	}
	said := key << 1
	if p.findText(f) {
		said |= 1
	}
	p.said.Store(said)
	return said&1 != 0
}

func (p *program) findText(f func(raw []byte) bool) bool {
	for i := range p.ops {
		o := &p.ops[i]
		if o.kind != opValue || len(o.raw) == 0 {
			continue
		}
		if kind := textKinds[o.typ]; kind == textOdd || kind != textNone && f(o.raw) {
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
