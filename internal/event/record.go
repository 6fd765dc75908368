package event

import (
	"bytes"
	"sync"
	"time"

	"github.com/goshawk-ir/goshawk/internal/bin"
)

// Origin says where records come from. One Origin serves all records of a file.
type Origin struct {
	Path   string // as outputs name it: relative to the evidence argument, "container!/member"
	SHA256 string // lower-case hexadecimal
	Host   string // host that the collection's layout names, "" if none
	Number int    // of the file in a run, for the run's own use

	once sync.Once
	json []byte // Path as a member of an output's record
}

func (o *Origin) pathJSON() []byte {
	o.once.Do(func() { o.json = append(AppendJSONString([]byte(`,"evidence":{"path":`), o.Path), `,"offset":`...) })
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

	host     string // of which hostJSON is the member: few records name another host than the one before
	hostJSON []byte
	day      int64 // the first second of the day of which date is what a time begins with
	date     []byte
}

// AppendJSON appends the record as one JSON object, in the form that "goshawk events" promises.
func (r *Record) AppendJSON(dst []byte) []byte {
	r.Schema.once.Do(r.Schema.prepare)
	if r.Time.IsZero() {
		dst = append(dst, '{')
	} else {
		dst = append(r.appendTime(append(dst, `{"time":"`...)), `",`...)
	}
	dst = append(dst, r.Schema.source...)
	if r.Host != r.host {
		r.host, r.hostJSON = r.Host, appendMember(r.hostJSON[:0], `,"host":`, r.Host)
	}
	dst = append(dst, r.hostJSON...)
	dst = append(dst, r.Schema.head...)
	if r.HasRecordID {
		dst = bin.AppendUint(append(dst, `,"record_id":`...), r.RecordID)
	}
	dst = bin.AppendUint(append(dst, r.Origin.pathJSON()...), uint64(r.Offset))
	if r.Recovered {
		dst = append(dst, `,"recovered":true},"fields":`...)
	} else {
		dst = append(dst, `,"recovered":false},"fields":`...)
	}
	return append(r.AppendFields(dst), '}')
}

// fieldsWriter is implemented by Values that write fields as JSON faster than value by value.
type fieldsWriter interface {
	// AppendFieldsJSON appends, for each of the fields that has values, its key, and one value or an array: what
	// plainValues does.
	AppendFieldsJSON(dst []byte, shown *Shown) []byte
}

// AppendFields appends the record's own names and values as one JSON object. A list becomes an array.
func (r *Record) AppendFields(dst []byte) []byte {
	r.Schema.once.Do(r.Schema.prepare)
	start := len(dst)
	dst = r.fieldsWriter().AppendFieldsJSON(dst, &r.Schema.shown)
	if len(dst) == start {
		return append(dst, "{}"...)
	}
	dst[start] = '{' // in place of the first key's comma
	return append(dst, '}')
}

func (r *Record) fieldsWriter() fieldsWriter {
	if w, ok := r.Values.(fieldsWriter); ok {
		return w
	}
	return plainValues{r.Values}
}

// plainValues makes any Values a fieldsWriter; it is what a faster one is compared with.
type plainValues struct{ Values }

// AppendFieldsJSON appends the values one by one.
func (v plainValues) AppendFieldsJSON(dst []byte, shown *Shown) []byte {
	for i, field := range shown.Fields {
		n := v.Len(int(field))
		if n > 0 {
			dst = AppendList(shown.AppendKey(dst, i), v.Values, int(field), n)
		}
	}
	return dst
}

// AppendList appends the n values of a field, of which there is at least one, as JSON: one by itself, several as an array.
func AppendList(dst []byte, v Values, field, n int) []byte {
	if n == 1 {
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
	start := len(dst)
	dst = append(dst, "0000-00-00T"...)
	b := dst[start:]
	bin.PutUint(b[:4], uint64(year))
	bin.PutUint(b[5:7], uint64(month))
	bin.PutUint(b[8:10], uint64(day))
	return appendClock(dst, t)
}

// appendClock appends what follows the T.
func appendClock(dst []byte, t time.Time) []byte {
	second := uint64(secondOf(t))
	start := len(dst)
	dst = append(dst, "00:00:00.000000000Z"...)
	b := dst[start:]
	bin.PutUint(b[:2], second/3600)
	bin.PutUint(b[3:5], second/60%60)
	bin.PutUint(b[6:8], second%60)
	end := 8
	if nanos := t.Nanosecond(); nanos > 0 {
		bin.PutUint(b[9:18], uint64(nanos))
		for end = 18; b[end-1] == '0'; end-- {
		}
	}
	b[end] = 'Z'
	return dst[:start+end+1]
}

// secondOf returns the second of the day, in UTC.
func secondOf(t time.Time) int64 {
	const day = 24 * 3600
	return ((t.Unix() % day) + day) % day
}

// appendTime appends the record's time.
//
// Fast path: records next to one another are mostly of one day, whose date is worked out once.
func (r *Record) appendTime(dst []byte) []byte {
	day := r.Time.Unix() - secondOf(r.Time)
	if r.date == nil || r.day != day {
		start := len(dst)
		dst = AppendTime(dst, r.Time)
		if i := bytes.IndexByte(dst[start:], 'T'); i == len("0000-00-00") {
			r.day, r.date = day, append(r.date[:0], dst[start:start+i+1]...)
		}
		return dst
	}
	return appendClock(append(dst, r.date...), r.Time)
}

func appendMember(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return AppendJSONString(append(dst, key...), value)
}
