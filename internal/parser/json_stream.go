package parser

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goshawk-ir/goshawk/internal/evidence"
)

const (
	// jsonPeek is how much text is looked at to tell what an object is.
	jsonPeek = 64 << 10
	// maxJSONWaste bounds what may be read in vain for the ends of objects that have none.
	maxJSONWaste = 256 << 20
	// maxJSONIndent is the deepest indent by which the start of an object is recognised after damage.
	maxJSONIndent = 64
)

// jsonStream reads objects that may reach over several lines.
type jsonStream struct {
	*jsonReader
	wraps  bool   // objects may hold the array of records
	arrays int    // how many arrays are open in such an object
	key    []byte // first key of the objects so far, with its quotes
	indent int    // of the last object, in bytes
	waste  int    // bytes read in vain
	over   bool   // no more is read
}

// stream reads the whole file. It returns false once the caller has stopped.
func (r *jsonReader) stream() bool {
	s := &jsonStream{jsonReader: r}
	t := &r.text
	t.open(r.in, 0)
	t.need(jsonPeek)
	_, _, s.wraps = jsonWrapper(t.buf, skipJSONBetween(t.buf, 0))
	for !s.over && t.need(1) {
		on := true
		switch c := t.buf[t.pos]; c {
		case ' ', '\n', '\r', '\t', ',':
			t.pos++
		case '[':
			t.pos++
			if s.arrays > 0 {
				s.arrays++
			}
		case ']':
			t.pos++
			if s.arrays > 0 {
				if s.arrays--; s.arrays == 0 {
					on = s.tail()
				}
			}
		case '{':
			on = s.object()
		default:
			t.need(32)
			if next := evtxDumpNumber(t.buf, t.pos); next > t.pos {
				t.pos = next
			} else {
				on = s.junk()
			}
		}
		if !on {
			return false
		}
	}
	return true
}

// object reads the object that begins here, or enters the array in it.
func (s *jsonStream) object() bool {
	t := &s.text
	at := t.offset(t.pos)
	if s.wraps && s.arrays == 0 {
		t.need(jsonPeek)
		if key, array, ok := jsonWrapper(t.buf, t.pos); ok {
			return s.enter(at, key, array)
		}
	}
	end, err := s.end(0)
	if err != nil {
		return s.damaged(at, err, end-t.pos)
	}
	if stop, err := s.scan.object(t.buf[:end], t.pos); err != nil {
		return s.damaged(at, err, stop-t.pos)
	}
	s.remember()
	t.pos = end
	return s.emit(at)
}

// enter goes into the array of an object that holds the records; the members before it are a record of their own.
func (s *jsonStream) enter(at int64, key, array int) bool {
	t := &s.text
	from := t.pos
	t.pos, s.arrays = array, 1
	if skipJSONSpace(t.buf, from+1) == key {
		return true
	}
	if _, err := s.scan.object(t.buf[:key], from); !errors.Is(err, errJSONEnd) || len(s.scan.slots) == 0 {
		return true
	}
	return s.emit(at)
}

// tail reads what follows the array of records in the object that holds it: a record of its own.
func (s *jsonStream) tail() bool {
	t := &s.text
	for t.need(1) && bytes.IndexByte([]byte(" \r\n\t,"), t.buf[t.pos]) >= 0 {
		t.pos++
	}
	if !t.need(1) {
		return s.problem(t.offset(t.pos), jsonError(errJSONEnd, 0))
	}
	at := t.offset(t.pos)
	if t.buf[t.pos] == '}' {
		t.pos++
		return true
	}
	end, err := s.end(1)
	if err == nil {
		s.scan.begin(t.buf[:end])
		end, err = s.scan.members(t.pos, 0, 0)
	}
	if err != nil {
		return s.damaged(at, err, end-t.pos)
	}
	t.pos = end
	return len(s.scan.slots) == 0 || s.emit(at)
}

// end finds the end of the object under way, of which depth brackets are open already.
func (s *jsonStream) end(depth int) (int, error) {
	t := &s.text
	skip := jsonSkip{depth: depth}
	for i := t.pos; ; {
		end, done, err := skip.run(t.buf, i)
		if end-t.pos > maxUnit {
			return end, errJSONLong
		}
		if done || err != nil {
			return end, err
		}
		seen := len(t.buf) - t.pos
		if !t.fill() {
			return len(t.buf), errJSONEnd
		}
		i = t.pos + seen
	}
}

// damaged reports an object that can't be read and goes on at the next one.
func (s *jsonStream) damaged(at int64, err error, in int) bool {
	t := &s.text
	if s.key == nil {
		s.remember()
	}
	if !s.problem(at, jsonError(err, in)) {
		return false
	}
	if s.waste += in; s.waste > maxJSONWaste {
		s.over = true
		return s.problem(t.offset(t.pos), fmt.Errorf("%w: too much damage, the rest is not read", evidence.ErrLimit))
	}
	t.pos++
	s.resync(s.likely)
	return true
}

// junk reports text that is no object and goes on at the next one.
func (s *jsonStream) junk() bool {
	at := s.text.offset(s.text.pos)
	s.resync(func(b []byte, i int) bool {
		i = skipJSONSpace(b, i+1)
		return i < len(b) && (b[i] == '"' || b[i] == '}')
	})
	return s.problem(at, fmt.Errorf("%w: text outside of an object", evidence.ErrCorrupt))
}

// remember keeps how the object that begins here looks.
func (s *jsonStream) remember() {
	t := &s.text
	i := skipJSONSpace(t.buf, t.pos+1)
	if i < len(t.buf) && t.buf[i] == '"' {
		if end := jsonStringEnd(t.buf, i+1); end >= 0 && end-i < 256 {
			s.key = append(s.key[:0], t.buf[i:end+1]...)
		}
	}
	if n := jsonIndent(t.buf, t.pos); n >= 0 {
		s.indent = n
	}
}

// likely says whether an object like those before begins at b[i]: it has their first key, or stands at the start of
// a line no deeper than they.
func (s *jsonStream) likely(b []byte, i int) bool {
	if k := skipJSONSpace(b, i+1); len(s.key) > 0 && bytes.HasPrefix(b[k:], s.key) {
		return true
	}
	n := jsonIndent(b, i)
	return n >= 0 && n <= s.indent
}

// resync goes to the next "{" that is accepted, or to the end of the text.
func (s *jsonStream) resync(accept func(b []byte, i int) bool) {
	t := &s.text
	for i := t.pos; ; {
		next := bytes.IndexByte(t.buf[i:], '{')
		if next >= 0 && (len(t.buf)-i-next > 4096 || t.eof) {
			if i += next; accept(t.buf, i) {
				t.pos = i
				return
			}
			i++
			continue
		}
		if next >= 0 {
			i += next
		} else {
			i = len(t.buf)
		}
		t.pos = max(t.pos, i-maxJSONIndent-1) // the start of the line stays in view
		behind := i - t.pos
		if !t.fill() && next < 0 {
			t.pos = len(t.buf)
			return
		}
		i = t.pos + behind
	}
}

// jsonIndent returns how many blanks stand before b[i] on its line, or -1 where other text does.
func jsonIndent(b []byte, i int) int {
	for n := 0; n <= maxJSONIndent; n++ {
		if i == n || b[i-n-1] == '\n' {
			return n
		}
		if c := b[i-n-1]; c != ' ' && c != '\t' {
			return -1
		}
	}
	return -1
}

// jsonWrapper says whether the object that begins at b[i] holds the records in an array: {"Records":[{...}]}. Only plain
// values may stand before it. It returns the place of the array's key and that of the array's inside.
func jsonWrapper(b []byte, i int) (key, array int, ok bool) {
	if i >= len(b) || b[i] != '{' {
		return 0, 0, false
	}
	i++
	for range 16 {
		key = skipJSONSpace(b, i)
		if key >= len(b) || b[key] != '"' {
			return 0, 0, false
		}
		end := jsonStringEnd(b, key+1)
		if end < 0 {
			return 0, 0, false
		}
		if i = skipJSONSpace(b, end+1); i >= len(b) || b[i] != ':' {
			return 0, 0, false
		}
		if i = skipJSONSpace(b, i+1); i >= len(b) {
			return 0, 0, false
		}
		switch c := b[i]; {
		case c == '[':
			inside := skipJSONSpace(b, i+1)
			return key, i + 1, jsonWrapperKeys[string(b[key+1:end])] && inside < len(b) && b[inside] == '{'
		case c == '"':
			if i = jsonStringEnd(b, i+1) + 1; i == 0 {
				return 0, 0, false
			}
		case isJSONWord[c]:
			for i < len(b) && isJSONWord[b[i]] {
				i++
			}
		default:
			return 0, 0, false
		}
		if i = skipJSONSpace(b, i); i >= len(b) || b[i] != ',' {
			return 0, 0, false
		}
		i++
	}
	return 0, 0, false
}

// jsonWrapperKeys are the names under which exports hold their records.
var jsonWrapperKeys = map[string]bool{
	"Records": true, "records": true, "value": true, "events": true, "Events": true, "results": true, "logs": true, "entries": true,
}
