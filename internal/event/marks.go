package event

import (
	"slices"
	"strings"
	"sync"

	"github.com/goshawk-ir/goshawk/internal/simd"
)

// What is kept of a record on its way to an output, perhaps on disk, is two fifths names of fields, which are the same few hundred again
// and again. So they stand as marks there: two bytes, the first of which is a control character, as no JSON text has. What a mark stands for
// holds for the process.

// marks are the names that have one. Each is written once, before its mark is.
var marks struct {
	sync.Mutex
	numbers map[string]int // by name
	keys    simd.Words     // by number
}

const (
	markSize = 2
	markLead = 0x01 // what the first mark begins with
)

// Mark stands for the key of a field; zero is none.
type Mark [markSize]byte

// markOf returns the mark of a name; none where its key is long, or there are too many names.
func markOf(name string, key *Key) Mark {
	if key.long != nil {
		return Mark{}
	}
	marks.Lock()
	defer marks.Unlock()
	n, ok := marks.numbers[name]
	if !ok {
		if n = len(marks.numbers); n == len(marks.keys) {
			return Mark{}
		}
		if marks.numbers == nil {
			marks.numbers = map[string]int{}
		}
		marks.numbers[strings.Clone(name)] = n // it may be part of something long
		marks.keys[n] = simd.Word{Text: key.text, Size: key.size}
	}
	return Mark{byte(markLead + n/256), byte(n % 256)}
}

// AppendMarked appends the record's own names and values in the form that AppendUnmarked makes AppendFields' of.
func (r *Record) AppendMarked(dst []byte) []byte {
	r.Schema.once.Do(r.Schema.prepare)
	r.Schema.markOnce.Do(r.Schema.mark)
	return r.fieldsWriter().AppendFieldsJSON(dst, &r.Schema.marked)
}

// mark works out how names stand in marked text.
func (s *Schema) mark() {
	s.marked = s.shown
	s.marked.Marks = make([]Mark, len(s.shown.Fields))
	for i, field := range s.shown.Fields {
		s.marked.Marks[i] = markOf(s.Fields[field].Name, &s.shown.Keys[i])
	}
}

// AppendUnmarked appends, as a JSON object, what AppendMarked wrote in this process.
func AppendUnmarked(dst, text []byte) []byte {
	start := len(dst)
	for len(text) > 0 {
		dst = slices.Grow(dst, len(text)+64)
		written, read := simd.Unmark(dst[len(dst):cap(dst)], text, &marks.keys)
		dst, text = dst[:len(dst)+written], text[read:]
		dst, text = appendUnmarkedPart(dst, text)
	}
	if len(dst) == start {
		return append(dst, "{}"...)
	}
	dst[start] = '{' // in place of the first key's comma
	return append(dst, '}')
}

// appendUnmarkedPart appends text up to behind the first mark, and returns the rest.
func appendUnmarkedPart(dst, text []byte) (out, rest []byte) {
	n := 0
	for n < len(text) && text[n] >= 0x20 {
		n++
	}
	dst, text = append(dst, text[:n]...), text[n:]
	if len(text) < markSize || text[0] < markLead { // which nobody writes
		return dst, text[min(len(text), 1):]
	}
	m := &marks.keys[int(text[0]-markLead)*256+int(text[1])]
	return append(dst, m.Text[:m.Size]...), text[markSize:]
}
