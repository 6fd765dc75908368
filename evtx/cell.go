package evtx

import "math"

// Types of what Record.Places gives where a field has not one value among the record's own.
const (
	TypeElsewhere Type = 0xfd // one value, which Record.Value gives: it stands in the definition, or is put together
	TypeAbsent    Type = 0xfe // the record has no such field
	TypeSeveral   Type = 0xff // a list: Record.Len and Record.Value give its values
)

// Place is where a value of a record lies, and its type; Record.At gives the value. It is valid as long as the record is.
type Place uint64

// Type returns the type of the value. It is never that of a list.
func (p Place) Type() Type { return slot(p).typ() }

// At returns the value at a place; what has none of TypeElsewhere, TypeAbsent and TypeSeveral.
func (r *Record) At(p Place) Value {
	off := slot(p).off()
	return Value{slot(p).typ(), r.chunk.data[off : off+slot(p).size()]}
}

// cell is a field in short: where its one value lies, if it has one place and depends on one other at most.
type cell struct {
	ref, dep ref
	form     cellForm
}

// cellForm says what there is to look at beside the value: bits of these.
type cellForm uint8

const (
	cellIfAny   cellForm = 1 << iota // no value rather than an empty one
	cellDepends                      // no value where dep is null
	cellLiteral                      // the value stands in the definition
	cellItems                        // none of that is so: look at the field's items
)

func newCell(f *Field) cell {
	if len(f.items) != 1 || len(f.items[0].parts) != 1 {
		return cell{form: cellItems}
	}
	i := &f.items[0]
	p := &i.parts[0]
	c := cell{ref: p.ref}
	switch {
	case p.isOp:
		c.form = cellLiteral
	case !p.isRef:
		return cell{form: cellItems}
	}
	if i.ifAny {
		c.form |= cellIfAny
	}
	// Windows lets most elements depend on the value that stands in them.
	for _, d := range i.deps {
		if c.form&cellDepends != 0 && d != c.dep {
			return cell{form: cellItems}
		}
		c.form |= cellDepends
		c.dep = d
	}
	return c
}

// place returns where the value of a field lies.
func (r *Record) place(field int32) Place {
	cell := &r.guide.layout.cells[field]
	if cell.form&cellItems != 0 {
		switch r.Len(int(field)) {
		case 0:
			return marker(TypeAbsent)
		case 1:
			return marker(TypeElsewhere)
		}
		return marker(TypeSeveral)
	}
	v := r.cellValue(cell)
	if cell.form&cellIfAny != 0 && v.isEmpty() || cell.form&cellDepends != 0 && r.isNull(cell.dep) {
		return marker(TypeAbsent)
	}
	switch {
	case v.Type.IsArray() && v.Len() > 1:
		return marker(TypeSeveral)
	case v.Type.IsArray(), cell.form&cellLiteral != 0:
		return marker(TypeElsewhere)
	case v.Type == TypeNull:
		return 0
	default:
		in := &r.insts[cell.ref.inst]
		return Place(r.slots[in.first+int32(cell.ref.slot)])
	}
}

// cellValue returns the one value of a cell, if it is there.
func (r *Record) cellValue(cell *cell) Value {
	if cell.form&cellLiteral != 0 {
		o := &r.insts[cell.ref.inst].program.ops[cell.ref.slot]
		return Value{o.typ, o.raw}
	}
	return r.value(cell.ref)
}

func marker(t Type) Place { return Place(newSlot(t, 0, 0)) }

// spot is a cell in short, for records whose instances have as many values as those of the record that it was made for.
type spot struct {
	slot uint16 // of the record's; of a literal, its step in the program
	form uint8  // spotPlain and so on
	inst uint8  // of a literal: whose program
}

const (
	spotPlain   = iota // whatever the value is, unless its type is odd, it is the field's
	spotIfAny          // unless it is empty
	spotOdd            // see the cell
	spotLiteral        // the same, and it stands in the definition, whatever else the record holds
)

// typeForms says what a value of each type may be: with a spot's form it makes spotOdd or more if there is more to look at
// than the slot.
var typeForms = func() (t [256]uint8) {
	for i := range t {
		switch typ := Type(i); {
		case typ == TypeNull, typ == TypeBinXML, typ.IsArray():
			t[i] = spotOdd
		case typ == TypeString, typ == TypeAnsiString, typ == TypeBinary, typ == TypeText:
			t[i] = spotIfAny // may be empty
		}
	}
	return t
}()

// maxSpots bounds the spots of a layout. Hostile records can ask for new ones each time, and no real one has as many fields.
const maxSpots = 256

// guideOf returns the guide for records like r, of a layout; without spots if it has too many fields.
func (r *Record) guideOf(l *Layout) *guide {
	g := &guide{layout: l, head: noSpots}
	if len(l.cells) <= maxSpots {
		g.spots = r.spotsOf(l)
	}
	for k, field := range l.headFields() {
		if field >= 0 && field < len(g.spots) {
			g.head[k] = g.spots[field]
		}
	}
	return g
}

// guideAlone makes the record's guide one without spots, of a layout.
func (r *Record) guideAlone(l *Layout) {
	r.alone = guide{layout: l, head: noSpots}
	r.guide = &r.alone
}

// noSpots are spots that say nothing.
var noSpots = [headLen]spot{{form: spotOdd}, {form: spotOdd}, {form: spotOdd}, {form: spotOdd}, {form: spotOdd}, {form: spotOdd}}

// spotsOf returns the cells of a layout as spots for records like r.
func (r *Record) spotsOf(l *Layout) []spot {
	spots := make([]spot, len(l.cells))
	for i := range l.cells {
		cell, s := &l.cells[i], &spots[i]
		s.form = spotOdd
		if cell.form&(cellItems|cellLiteral|cellDepends) == cellLiteral && cell.ref.inst <= math.MaxUint8 {
			*s = spot{cell.ref.slot, spotLiteral, uint8(cell.ref.inst)}
		}
		if cell.form&(cellItems|cellLiteral) != 0 || cell.form&cellDepends != 0 && cell.dep != cell.ref {
			continue
		}
		in := &r.insts[cell.ref.inst]
		if at := in.first + int32(cell.ref.slot); int32(cell.ref.slot) < in.count && at < 1<<16 {
			s.slot, s.form = uint16(at), uint8(cell.form&cellIfAny)
		}
	}
	return spots
}

// Places sets dst[i] to where the value of field fields[i] lies, for each of fields, or to a place of type TypeElsewhere,
// TypeAbsent or TypeSeveral. Null has no bytes.
//
// Fast path: nearly every field is one value, always the same of the record's values, and that is all there is to it if it
// is neither null nor perhaps empty. The others are looked at with all that their layout says of them.
func (r *Record) Places(dst []Place, fields []int32) {
	slots, spots := r.slots, r.guide.spots
	dst = dst[:len(fields)]
	for i, field := range fields {
		if s, ok := plainSlot(slots, spots, int(field)); ok {
			dst[i] = Place(s)
		} else {
			dst[i] = r.place(field)
		}
	}
}

// plainSlot returns the slot of a field that is one value, and whether there is no more to it.
func plainSlot(slots []slot, spots []spot, field int) (s slot, ok bool) {
	if uint(field) < uint(len(spots)) {
		if at := spots[field]; int(at.slot) < len(slots) {
			s = slots[at.slot]
			return s, typeForms[s.typ()]+at.form < spotOdd
		}
	}
	return 0, false
}

// Tagged is the bytes of a value, and a tag that stands for its type.
type Tagged = struct {
	Bytes []byte
	Tag   uint8
}

// Tagged is Places for whoever wants the bytes at once: it sets dst[i] to the value of fields[i] with the tag that its type has in tags; a
// value that is null, whatever its type, has the tag of TypeNull and no bytes, and what Places has no place for that of TypeElsewhere and so on.
func (r *Record) Tagged(dst []Tagged, fields []int32, tags *[256]uint8) {
	slots, spots, data := r.slots, r.guide.spots, r.chunk.data
	dst = dst[:len(fields)]
	for i, field := range fields {
		v := &dst[i]
		if s, ok := plainSlot(slots, spots, int(field)); ok && s.size() >= int(leastSizes[s.typ()]) {
			v.Bytes, v.Tag = data[s.off():s.off()+s.size()], tags[s.typ()]
			continue
		}
		x := r.At(r.place(field))
		if v.Bytes, v.Tag = x.Raw, x.Tag(tags); x.IsNull() {
			v.Bytes = nil
		}
	}
}

// leastSizes holds how many bytes a value needs that is not null, by type.
var leastSizes = func() (t [256]uint8) {
	copy(t[:], itemSizes[:])
	return t
}()

// Tag returns what stands in tags for the type of a value; for one that is null, what stands there for TypeNull.
func (v Value) Tag(tags *[256]uint8) uint8 {
	if v.IsNull() {
		return tags[TypeNull]
	}
	return tags[v.Type]
}

// Head is where the values lie that say what a record is, as Places says it. First gives them.
type Head [headLen]Place

// What is where in a Head.
const (
	HeadProvider = iota
	HeadEventID
	HeadChannel
	HeadComputer
	HeadTime
	HeadRecordID
	headLen
)

// Head fills at with the places of the record.
func (r *Record) Head(at *Head) {
	slots, spots := r.slots, &r.guide.head
	for k := range at {
		spot := spots[k]
		at[k] = marker(TypeElsewhere)
		// Fast path: the same as in Places.
		if i := int(spot.slot); i < len(slots) {
			s := slots[i]
			switch form := typeForms[s.typ()] + spot.form; {
			case form < spotOdd, form == 2*spotIfAny && s.typ() == TypeString && s.size() >= 2 && r.chunk.data[s.off()] != 0:
				at[k] = Place(s)
				continue
			}
		}
		if spot.form != spotLiteral {
			at[k] = r.headAt(k)
		}
	}
}

// headFields returns the fields that Head is about; -1 where the layout has none.
func (l *Layout) headFields() [headLen]int {
	return [headLen]int{l.Provider, l.EventID, l.Channel, l.Computer, l.Time, l.RecordID}
}

func (r *Record) headAt(k int) Place {
	field := r.guide.layout.headFields()[k]
	if field < 0 {
		return marker(TypeAbsent)
	}
	return r.place(int32(field))
}

// First returns the value of a field at its place, the first if there are several; one of TypeAbsent if there is none. It is valid as
// those of Value are.
func (r *Record) First(p Place, field int) Value {
	if p.Type() < TypeElsewhere {
		return r.At(p)
	}
	return r.first(p, field)
}

func (r *Record) first(p Place, field int) Value {
	if p.Type() == TypeAbsent {
		return Value{Type: TypeAbsent}
	}
	// Fast path: a literal where it stands, which the program of the record says.
	if spots := r.guide.spots; uint(field) < uint(len(spots)) && spots[field].form == spotLiteral {
		at := spots[field]
		if o := &r.insts[at.inst].program.ops[at.slot]; o.typ == TypeString && len(o.raw) > 0 {
			return Value{o.typ, o.raw}
		}
	}
	if p = r.place(int32(field)); p.Type() < TypeElsewhere {
		return r.At(p)
	} else if p.Type() == TypeAbsent {
		return Value{Type: TypeAbsent}
	}
	return r.Value(field, 0)
}
