package evtx

// Layout returns the shape of the record.
func (r *Record) Layout() *Layout { return r.guide.layout }

// Len returns how many values the field has in this record: 0 where the record has no such field, 1 for a single value,
// which may be null, more for a list.
func (r *Record) Len(field int) int {
	f := &r.guide.layout.Fields[field]
	n := 0
	for i := range f.items {
		n += r.itemLen(&f.items[i])
	}
	return n
}

// Value returns value k of the field. It is valid until another record's value is asked for, or the next step of the iterator.
func (r *Record) Value(field, k int) Value {
	if cell := &r.guide.layout.cells[field]; cell.form&cellItems == 0 && k == 0 {
		// Fast path: one place, and nothing that would come before it.
		return r.cellValue(cell).item(0)
	}
	f := &r.guide.layout.Fields[field]
	for i := range f.items {
		n := r.itemLen(&f.items[i])
		if k < n {
			return r.itemValue(&f.items[i], k)
		}
		k -= n
	}
	return Value{}
}

// item returns item k of a list, or a single value; an empty list stands for null.
func (v Value) item(k int) Value {
	if v.Type.IsArray() {
		return v.At(k)
	}
	return v
}

func (r *Record) itemLen(i *item) int {
	for _, d := range i.deps {
		if r.isNull(d) {
			return 0
		}
	}
	if i.ifAny && r.isEmpty(i) {
		return 0
	}
	if len(i.parts) != 1 {
		return 1
	}
	return max(1, r.part(&i.parts[0]).Len())
}

// isEmpty says whether nothing is to be seen of an item.
func (r *Record) isEmpty(i *item) bool {
	for k := range i.parts {
		if !r.part(&i.parts[k]).isEmpty() {
			return false
		}
	}
	return true
}

func (r *Record) itemValue(i *item, k int) Value {
	switch len(i.parts) {
	case 0:
		return Value{}
	case 1:
		return r.part(&i.parts[0]).item(k)
	}
	return Value{TypeText, r.chunk.joined.Append(r, func(dst []byte) []byte {
		for p := range i.parts {
			dst = r.part(&i.parts[p]).AppendText(dst)
		}
		return dst
	})}
}

func (r *Record) part(p *part) Value {
	switch {
	case p.isRef:
		return r.value(p.ref)
	case p.isOp:
		o := &r.insts[p.ref.inst].program.ops[p.ref.slot]
		return Value{o.typ, o.raw}
	}
	return p.text
}

// isNull says whether an element that depends on this value is left out. A value that the record does not have leaves
// nothing out.
func (r *Record) isNull(at ref) bool {
	in := &r.insts[at.inst]
	if int32(at.slot) >= in.count {
		return false
	}
	s := r.slots[in.first+int32(at.slot)]
	return s.typ() == TypeNull || s.typ() == TypeBinXML && s.child() == noChild
}
