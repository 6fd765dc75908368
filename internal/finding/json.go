package finding

import (
	"strconv"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// AppendJSON appends f as one JSON object: what encoding/json makes of it once it has its ID, with the same escapes as records have.
func (f *Finding) AppendJSON(dst []byte) []byte { return f.appendJSON(dst, nil) }

// appendJSON takes from known, which may be nil, what it has.
func (f *Finding) appendJSON(dst []byte, known *Known) []byte {
	dst = append(dst, `{"id":`...)
	if f.ID == "" {
		dst = append(known.appendID(append(dst, '"'), f), '"')
	} else {
		dst = event.AppendJSONString(dst, f.ID)
	}
	if !f.Time.IsZero() {
		dst = append(event.AppendTime(append(dst, `,"time":"`...), f.Time), '"')
	}
	if !f.First.IsZero() {
		dst = append(event.AppendTime(append(dst, `,"first":"`...), f.First), '"')
	}
	if !f.Last.IsZero() {
		dst = append(event.AppendTime(append(dst, `,"last":"`...), f.Last), '"')
	}
	dst = known.appendText(dst, `,"host":`, f.Host)
	dst = known.appendRule(dst, f)
	dst = append(dst, `,"evidence":[`...)
	for i := range f.Evidence {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = f.Evidence[i].appendJSON(dst, known)
	}
	dst = append(dst, ']')
	if f.Count != 0 {
		dst = strconv.AppendInt(append(dst, `,"count":`...), int64(f.Count), 10)
	}
	dst = known.appendText(dst, `,"channel":`, f.Channel)
	if f.EventID != 0 {
		dst = strconv.AppendUint(append(dst, `,"event_id":`...), uint64(f.EventID), 10)
	}
	if len(f.Fields) > 0 {
		dst = append(append(dst, `,"fields":`...), f.Fields...)
	}
	return append(dst, '}')
}

// appendRule appends what findings of one rule have in common.
func (f *Finding) appendRule(dst []byte) []byte {
	dst = event.AppendJSONString(append(dst, `,"level":`...), f.Level)
	dst = event.AppendJSONString(append(dst, `,"title":`...), f.Title)
	dst = event.AppendJSONString(append(dst, `,"rule":{"kind":`...), f.Rule.Kind)
	dst = event.AppendJSONString(append(dst, `,"id":`...), f.Rule.ID)
	dst = event.AppendJSONString(append(dst, `,"title":`...), f.Rule.Title)
	dst = append(dst, '}')
	if len(f.Attack) > 0 {
		dst = append(dst, `,"attack":[`...)
		for i, id := range f.Attack {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = event.AppendJSONString(dst, id)
		}
		dst = append(dst, ']')
	}
	return dst
}

func (e *Evidence) appendJSON(dst []byte, known *Known) []byte {
	if dst = append(dst, '{'); e.Path == "" {
		dst = append(dst, `"path":""`...)
	}
	dst = known.appendText(dst, `"path":`, e.Path)
	dst = known.appendText(dst, `,"sha256":`, e.SHA256)
	if e.RecordID != nil {
		dst = strconv.AppendUint(append(dst, `,"record_id":`...), *e.RecordID, 10)
	}
	dst = strconv.AppendInt(append(dst, `,"offset":`...), e.Offset, 10)
	dst = strconv.AppendBool(append(dst, `,"recovered":`...), e.Recovered)
	if !e.Time.IsZero() {
		dst = append(event.AppendTime(append(dst, `,"time":"`...), e.Time), '"')
	}
	return append(dst, '}')
}

func appendText(dst []byte, key, text string) []byte {
	if text == "" {
		return dst
	}
	return event.AppendJSONString(append(dst, key...), text)
}
