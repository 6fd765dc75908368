package evtx

// Types of what Record.Values gives where a field has not one value.
const (
	TypeAbsent  Type = 0xfe // the record has no such field
	TypeSeveral Type = 0xff // a list: Record.Len and Record.Value give its values
)

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

// Values sets dst[i] to the value of field fields[i], for each of fields: what Value(fields[i], 0) returns if Len is 1, else
// one of type TypeAbsent or TypeSeveral. What is put there is valid until the next record.
//
// Fast path: nearly every field is one value of the record, at a place that its layout knows, and nothing is to be looked
// at beside it but whether that value, or one other, is null.
func (r *Record) Values(dst []Value, fields []int32) {
	c, cells := r.chunk, r.layout.cells
	dst = dst[:len(fields)]
	for i, field := range fields {
		cell := &cells[field]
		if cell.form > cellDepends|cellIfAny {
			dst[i] = r.odd(int(field))
			continue
		}
		v := c.value(cell.ref)
		if v.Type.IsArray() || cell.form != 0 {
			v = c.checked(cell, v)
		}
		dst[i] = v
	}
}

// checked returns the value v of a cell, or that there is none, or several.
func (c *Chunk) checked(cell *cell, v Value) Value {
	if cell.form&cellIfAny != 0 && v.isEmpty() || cell.form&cellDepends != 0 && c.isNull(cell.dep) {
		return Value{Type: TypeAbsent}
	}
	if v.Type.IsArray() {
		if v.Len() > 1 {
			return Value{Type: TypeSeveral}
		}
		return v.item(0)
	}
	return v
}

// odd returns the value of a field that lies elsewhere than among the record's values.
func (r *Record) odd(field int) Value {
	if cell := &r.layout.cells[field]; cell.form&cellItems == 0 {
		o := &r.chunk.insts[cell.ref.inst].program.ops[cell.ref.slot]
		return r.chunk.checked(cell, Value{o.typ, o.raw})
	}
	switch r.Len(field) {
	case 0:
		return Value{Type: TypeAbsent}
	case 1:
		return r.Value(field, 0)
	}
	return Value{Type: TypeSeveral}
}
