package event

import (
	"strconv"
	"time"
)

// Origin says where records come from. One Origin serves all records of a file.
type Origin struct {
	Path   string // as outputs name it: relative to the evidence argument, "container!/member"
	SHA256 string // lower-case hexadecimal
	Host   string // host that the collection's layout names, "" if none
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
	dst = appendMember(dst, `,"provider":`, r.Schema.Provider)
	dst = appendMember(dst, `,"channel":`, r.Schema.Channel)
	if r.Schema.HasEventID {
		dst = append(dst, `,"event_id":`...)
		dst = appendUint(dst, uint64(r.Schema.EventID))
	}
	if r.HasRecordID {
		dst = append(dst, `,"record_id":`...)
		dst = appendUint(dst, r.RecordID)
	}
	dst = append(dst, `,"evidence":{"path":`...)
	dst = AppendJSONString(dst, r.Origin.Path)
	dst = append(dst, `,"offset":`...)
	dst = appendUint(dst, uint64(r.Offset))
	dst = append(dst, `,"recovered":`...)
	dst = appendBool(dst, r.Recovered)
	dst = append(dst, `},"fields":`...)
	dst = r.AppendFields(dst)
	return append(dst, '}')
}

// AppendFields appends the record's own names and values as one JSON object. A list becomes an array.
func (r *Record) AppendFields(dst []byte) []byte {
	dst = append(dst, '{')
	first := true
	for i, f := range r.Schema.Fields {
		if f.Envelope {
			continue
		}
		n := r.Values.Len(i)
		if n == 0 {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = AppendJSONString(dst, f.Name)
		dst = append(dst, ':')
		if n == 1 {
			dst = r.Values.At(i, 0).AppendJSON(dst)
			continue
		}
		dst = append(dst, '[')
		for k := range n {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = r.Values.At(i, k).AppendJSON(dst)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// AppendTime appends t in UTC as RFC 3339 with all its precision.
func AppendTime(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, time.RFC3339Nano) }

func appendMember(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return AppendJSONString(append(dst, key...), value)
}

func appendUint(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }

func appendBool(dst []byte, b bool) []byte { return strconv.AppendBool(dst, b) }
