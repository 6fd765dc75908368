package parser

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

// JSON (RFC 8259) as logs are written in it: one object a line, objects one after the other over several lines, an array
// of objects, or an object that holds the array ({"Records":[...]}). Each object is a record; its place is that of
// its "{". See docs/formats/json.md for how members become fields.
func init() {
	register(Parser{
		Name: "json",
		Doc:  "JSON of any kind, one record an object: lines, arrays, pretty-printed; docs/formats/json.md",
		Match: func(_ string, head []byte) bool {
			head = textHead(head)
			return looksJSON(head) && !looksWindowsJSON(head)
		},
		Parse: func(in *evidence.Input) iter.Seq2[*event.Record, error] { return parseJSON(in, "json") },
		Split: splitJSON,
	})
	register(Parser{
		Name: "winevt-json",
		Doc:  "Windows events as JSON: NXLog and OTRF, evtx_dump, winlogbeat, Velociraptor, Get-WinEvent; docs/formats/json.md",
		Match: func(_ string, head []byte) bool {
			head = textHead(head)
			return looksJSON(head) && looksWindowsJSON(head)
		},
		Parse: func(in *evidence.Input) iter.Seq2[*event.Record, error] { return parseJSON(in, "winevt-json") },
		Split: splitJSON,
	})
}

// looksJSON says whether a text begins as objects of JSON do: neither "[section]" nor "{\rtf" passes.
func looksJSON(head []byte) bool {
	i := skipJSONSpace(head, evtxDumpNumber(head, 0))
	if i < len(head) && head[i] == '[' {
		i = skipJSONSpace(head, i+1)
	}
	if i >= len(head) || head[i] != '{' {
		return false
	}
	if i = skipJSONSpace(head, i+1); i >= len(head) || head[i] != '"' {
		return i < len(head) && head[i] == '}'
	}
	end := jsonStringEnd(head, i+1)
	if end < 0 {
		return false
	}
	i = skipJSONSpace(head, end+1)
	return i >= len(head) || head[i] == ':'
}

// looksWindowsJSON says whether a text that begins as JSON names what every Windows event has. It decides only under which
// name the file is read: what a record is, each record says itself.
func looksWindowsJSON(head []byte) bool {
	has := func(names ...string) bool {
		for _, n := range names {
			if bytes.Contains(head, []byte(n)) {
				return true
			}
		}
		return false
	}
	return has(`"EventID"`, `"event_id"`, `"EventId"`, `"LogName"`) &&
		has(`"Channel"`, `"channel"`, `"SourceName"`, `"ProviderName"`, `"provider_name"`, `"Provider"`, `"log_name"`)
}

// jsonPart is about how many bytes of a file of lines are read in one go.
const jsonPart = 1 << 20

func splitJSON(in *evidence.Input) []int64 {
	if in.Size < 2*jsonPart || !jsonLines(in) {
		return nil
	}
	return splitLines(in.Size, jsonPart)
}

// jsonLines says whether the file has one object a line: whether one of its first lines is a whole object. It looks at the
// file's beginning only, so that every part of a file comes to the same answer.
func jsonLines(in *evidence.Input) bool {
	whole := *in
	whole.From, whole.To = 0, min(in.Size, maxUnit)
	whole.Size = whole.To
	var t textReader
	t.open(&whole, 0)
	defer t.close()
	if t.enc != utf8Text {
		return false
	}
	scan := jsonScan{names: newJSONNames()}
	for n := range 3 {
		line, ok, more := t.line()
		if !more || !ok || len(line) == 0 || line[0] != '{' {
			return false
		}
		if n == 0 {
			if _, _, wraps := jsonWrapper(line, 0); wraps || len(bytes.TrimSpace(line)) == 1 {
				return false
			}
		}
		if end, err := scan.object(line, 0); err == nil && skipJSONSpace(line, end) == len(line) {
			return true
		}
	}
	return false
}

// jsonReader hands out records for one call of Parse.
type jsonReader struct {
	in     *evidence.Input
	source string
	yield  func(*event.Record, error) bool
	text   textReader
	scan   jsonScan
	record event.Record
	values jsonValues
	hosts  map[string]string
	key    []byte // scratch
}

func parseJSON(in *evidence.Input, source string) iter.Seq2[*event.Record, error] {
	return func(yield func(*event.Record, error) bool) {
		r := &jsonReader{in: in, source: source, yield: yield, hosts: map[string]string{}}
		r.scan.names = newJSONNames()
		defer r.text.close()
		r.record.Origin, r.record.Values = in.Origin, &r.values
		var on bool
		if jsonLines(in) {
			on = r.lines()
		} else {
			if in.From > 0 {
				return // read in one go: it is all in the first part
			}
			on = r.stream()
		}
		if err := r.text.err; on && err != nil {
			yield(nil, &evidence.Problem{Offset: r.text.next, What: "read", Err: err})
		}
	}
}

// lines reads one object a line. It returns false once the caller has stopped.
func (r *jsonReader) lines() bool {
	r.text.openLines(r.in)
	for {
		line, whole, ok := r.text.line()
		if !ok || r.text.at(0) >= r.in.To {
			return true
		}
		if !whole {
			if !r.problem(r.text.at(0), fmt.Errorf("%w: a line of more than %d MiB", evidence.ErrLimit, maxUnit>>20)) {
				return false
			}
			continue
		}
		if !r.line(line) {
			return false
		}
	}
}

// line reads the objects of a line. A damaged object costs the rest of its line, other text only itself.
func (r *jsonReader) line(line []byte) bool {
	for i := 0; ; {
		if i = skipJSONBetween(line, i); i == len(line) {
			return true
		}
		at := r.text.at(i)
		if line[i] != '{' {
			if !r.problem(at, fmt.Errorf("%w: text outside of an object", evidence.ErrCorrupt)) {
				return false
			}
			next := bytes.IndexByte(line[i:], '{')
			if next < 0 {
				return true
			}
			i += next
			continue
		}
		end, err := r.scan.object(line, i)
		if err != nil {
			return r.problem(at, jsonError(err, end-i))
		}
		if !r.emit(at) {
			return false
		}
		i = end
	}
}

// skipJSONBetween goes over what may stand between objects: white space, commas, the brackets of an array, and
// byte order marks, which stand where files were joined.
func skipJSONBetween(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ' ', '\n', '\r', '\t', ',', '[', ']':
			i++
		case 0xef:
			if !bytes.HasPrefix(b[i:], []byte("\xef\xbb\xbf")) {
				return i
			}
			i += 3
		default:
			return i
		}
	}
	return i
}

// evtxDumpNumber goes over "Record 7" and its newline, which evtx_dump writes above each object unless told not to.
func evtxDumpNumber(b []byte, i int) int {
	const word = "Record "
	if !bytes.HasPrefix(b[i:], []byte(word)) {
		return i
	}
	end := i + len(word)
	for end < len(b) && b[end] >= '0' && b[end] <= '9' {
		end++
	}
	if end == i+len(word) || end == len(b) || b[end] != '\n' && b[end] != '\r' {
		return i
	}
	return end
}

func (r *jsonReader) problem(at int64, err error) bool {
	return r.yield(nil, &evidence.Problem{Offset: at, What: "read JSON object", Err: err})
}

// jsonError says what damage means for the case, and how far into the object it is.
func jsonError(err error, in int) error {
	cause := evidence.ErrCorrupt
	switch {
	case errors.Is(err, errJSONEnd):
		cause = evidence.ErrTruncated
	case errors.Is(err, errJSONMany), errors.Is(err, errJSONLong):
		cause = evidence.ErrLimit
	}
	return fmt.Errorf("%w: %w, %d bytes in", cause, err, in)
}
