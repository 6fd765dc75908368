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
	Apart    []bool   // of Fields: those that RawRecord.AnyText doesn't show; nil: all

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

// RawRecord is a Record that can also show values as they lie in the evidence, before anybody makes a text of them. To a
// record that shows most of its values so, matching costs a fraction.
type RawRecord interface {
	Record
	// Raw sets dst[i] to the value of fields[i]. Bytes are valid until another record is asked for something.
	Raw(dst []Raw, fields []int32)
	// AnyText calls f with every text of the record, UTF-16 little-endian, which may have NULs, until f returns true; it returns
	// whether f did, or whether there is text of another kind. Numbers, truth values and what is RawPlain need not be shown,
	// nor the fields that are Apart, nor those of but that Raw shows as RawUTF16. Calls with one key have the same but, and f
	// says the same of the same text: both may be remembered.
	//
	// A record whose texts lie together in its evidence may show piece the bytes instead: where piece, which can be nil, returns false, f
	// would return false for each text in them, wherever they begin.
	AnyText(key uint64, but []int32, piece, f func(utf16 []byte) bool) bool
}

// Raw is a value as it lies in the evidence: Tag and Bytes together say what its text is. Tags are the source's own, but for
// these. Where a field holds a single value, its text is the one that AppendValues adds.
type Raw = struct {
	Bytes []byte
	Tag   uint8
}

// Tags that all sources share. In those between RawNull and RawOther the two highest bits say what the text is like, and the
// others are the source's own.
const (
	RawNone  uint8 = 0   // the record has no such field
	RawNull  uint8 = 1   // the field is there, and null
	RawUTF16 uint8 = 64  // this bit alone: the text is Bytes, UTF-16 little-endian, up to the first NUL; an odd byte at the end is none of it
	RawPlain uint8 = 128 // this bit alone: a number, a GUID, a SID or a time, of the characters in plainText alone
	RawOther uint8 = 255 // a list, or anything else: ask AppendValues
)

// plainText holds the characters of RawPlain values, folded.
const plainText = "0123456789abcdefxstz{}-.:?"

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
