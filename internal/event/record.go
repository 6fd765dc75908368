package event

import (
	"strconv"
	"sync"
	"time"
)

// Origin says where records come from. One Origin serves all records of a file.
type Origin struct {
	Path   string // as outputs name it: relative to the evidence argument, "container!/member"
	SHA256 string // lower-case hexadecimal
	Host   string // host that the collection's layout names, "" if none

	once sync.Once
	json []byte // Path as a JSON string
}

func (o *Origin) pathJSON() []byte {
	o.once.Do(func() { o.json = AppendJSONString(nil, o.Path) })
	return o.json
}

// Values gives the values of one record. An implementation belongs to the parser that made the record and is
// used again for the next one.
type Values interface {
	// Len returns how many values the field holds: 0 where the record has no such field, 1 for a single value,
	// which may be Null, more for a list.
	Len(field int) int
	// At returns value k of the field. Raw is valid until the parser's next step.
	At(field, k int) Value
}

// Record is one event of the evidence. It is valid until the parser's next step.
type Record struct {
	Origin    *Origin
	Schema    *Schema
	Time      time.Time // UTC; zero if the record holds none
	Host      string    // as the record says, else the Origin's
	RecordID  uint64    // the record's own number, if HasRecordID
	Offset    int64     // of the record's first byte in its file
	Recovered bool      // carved from slack or from what is no longer a valid file

	HasRecordID bool
	Values      Values
}

// AppendJSON appends the record as one JSON object, in the form that "goshawk events" promises.
func (r *Record) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if !r.Time.IsZero() {
		dst = append(dst, `"time":"`...)
		dst = AppendTime(dst, r.Time)
		dst = append(dst, `",`...)
	}
	dst = append(dst, `"source":`...)
	dst = AppendJSONString(dst, r.Schema.Source)
	dst = appendMember(dst, `,"host":`, r.Host)
	r.Schema.once.Do(r.Schema.prepare)
	dst = append(dst, r.Schema.head...)
	if r.HasRecordID {
		dst = append(dst, `,"record_id":`...)
		dst = appendUint(dst, r.RecordID)
	}
	dst = append(dst, `,"evidence":{"path":`...)
	dst = append(dst, r.Origin.pathJSON()...)
	dst = append(dst, `,"offset":`...)
	dst = appendUint(dst, uint64(r.Offset))
	dst = append(dst, `,"recovered":`...)
	dst = appendBool(dst, r.Recovered)
	dst = append(dst, `},"fields":`...)
	dst = r.AppendFields(dst)
	return append(dst, '}')
}

// fieldWriter is implemented by Values that write a field as JSON faster than value by value.
type fieldWriter interface {
	// AppendFieldJSON appends what Record.AppendFields would write for the field's values, nothing where there are none.
	AppendFieldJSON(dst []byte, field int) []byte
}

// AppendFields appends the record's own names and values as one JSON object. A list becomes an array.
func (r *Record) AppendFields(dst []byte) []byte {
	r.Schema.once.Do(r.Schema.prepare)
	values, ok := r.Values.(fieldWriter)
	if !ok {
		values = plainValues{r.Values}
	}
	dst = append(dst, '{')
	start := len(dst)
	for i := range r.Schema.shown {
		f := &r.Schema.shown[i]
		before := len(dst)
		dst = append(dst, f.key...)
		after := len(dst)
		if dst = values.AppendFieldJSON(dst, f.index); len(dst) == after {
			dst = dst[:before]
			continue
		}
		dst = append(dst, ',')
	}
	if len(dst) > start {
		dst = dst[:len(dst)-1] // the last comma
	}
	return append(dst, '}')
}

// plainValues makes any Values a fieldWriter; it is what a faster one is compared with.
type plainValues struct{ Values }

// AppendFieldJSON appends the values one by one.
func (v plainValues) AppendFieldJSON(dst []byte, field int) []byte {
	n := v.Len(field)
	switch n {
	case 0:
		return dst
	case 1:
		return v.At(field, 0).AppendJSON(dst)
	}
	dst = append(dst, '[')
	for k := range n {
		dst = append(v.At(field, k).AppendJSON(dst), ',')
	}
	dst[len(dst)-1] = ']'
	return dst
}

// PlainFields appends what AppendFields does, value by value, for tests of a faster way.
func (r *Record) PlainFields(dst []byte) []byte {
	plain := *r
	plain.Values = plainValues{r.Values}
	return plain.AppendFields(dst)
}

// AppendTime appends t in UTC as RFC 3339 with all its precision.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, time.RFC3339Nano)
	}
	hour, minute, second := t.Clock()
	dst = append(dst, byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-')
	dst = append(appendTwo(dst, int(month)), '-')
	dst = append(appendTwo(dst, day), 'T')
	dst = append(appendTwo(dst, hour), ':')
	dst = append(appendTwo(dst, minute), ':')
	dst = appendTwo(dst, second)
	if nanos := t.Nanosecond(); nanos > 0 {
		digits := [10]byte{'.'}
		for i := 9; i > 0; i-- {
			digits[i] = byte('0' + nanos%10)
			nanos /= 10
		}
		end := len(digits)
		for digits[end-1] == '0' {
			end--
		}
		dst = append(dst, digits[:end]...)
	}
	return append(dst, 'Z')
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func appendMember(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return AppendJSONString(append(dst, key...), value)
}

func appendUint(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }

func appendBool(dst []byte, b bool) []byte { return strconv.AppendBool(dst, b) }
