package sigma

// Schema is what the engine has to know of a shape of events before it sees one: where they come from and how
// their fields are called. Values that are constant for the shape (channel, event id) decide once, at Bind,
// which rules can match at all.
type Schema struct {
	Product  string   // windows, linux, ...; "" if unknown
	Service  string   // auth, syslog, ...; "" if a channel says it
	Channel  string   // Windows channel
	Provider string   // Windows provider
	File     string   // original path of a text log
	EventID  string   // decimal; "" if the shape has none or it varies
	Fields   []string // names, in the order by which Record speaks of them

	// EmptyIsNull says that the evidence can't tell a null from an empty text, as Windows event logs can't: rules that
	// ask for either match both.
	EmptyIsNull bool
}

// Record gives the values of one event whose shape was bound.
type Record interface {
	// AppendValues adds the values of field (an index into Schema.Fields) to dst: nothing where the event
	// has no such field, one value as a rule, several for a list.
	AppendValues(dst *Values, field int)
}

// Values collects the values of one field: texts in UTF-8, and nulls. The zero value is empty and ready.
type Values struct {
	buf  []byte
	ends []int32 // end of each value in buf; negative (^end) for a null
}

// Reset empties v and keeps its memory.
func (v *Values) Reset() { v.buf, v.ends = v.buf[:0], v.ends[:0] }

// Len returns how many values there are.
func (v *Values) Len() int { return len(v.ends) }

// AddNull adds a value that is present and null.
func (v *Values) AddNull() { v.ends = append(v.ends, ^int32(len(v.buf))) }

// Buffer returns the text so far, to append one more value to; End takes the result.
//
//	v.End(value.AppendText(v.Buffer()))
func (v *Values) Buffer() []byte { return v.buf }

// End takes the buffer with one more value appended to it.
func (v *Values) End(buf []byte) {
	v.buf = buf
	v.ends = append(v.ends, int32(len(buf)))
}

// Text returns value i and whether it is null. The text is valid until Reset.
func (v *Values) Text(i int) (text []byte, null bool) {
	start := int32(0)
	if i > 0 {
		if start = v.ends[i-1]; start < 0 {
			start = ^start
		}
	}
	if end := v.ends[i]; end >= 0 {
		return v.buf[start:end], false
	}
	return nil, true
}
