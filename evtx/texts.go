package evtx

// AnyText calls f with the record's values that are text, UTF-16 with or without a NUL at the end and in between, until f
// returns true, and returns whether it did. It also returns true if a value is text of another kind. Literals of the
// templates are not looked at, since they are the same for all records: Field.Own tells the fields that have none.
func (r *Record) AnyText(f func(raw []byte) bool) bool {
	c := r.chunk
	for i := range c.slots {
		s := &c.slots[i]
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

// Own says whether all that the field holds are values of the record, each one by itself: not literals of the template,
// and not texts put together of several.
func (f *Field) Own() bool {
	for i := range f.items {
		if p := f.items[i].parts; len(p) != 1 || !p[0].isRef {
			return false
		}
	}
	return true
}
