package parser

import (
	"bytes"
	"errors"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// Bounds of one JSON object. What lies deeper than maxJSONDepth is kept as text.
const (
	maxJSONDepth  = 32
	maxJSONValues = 1 << 16
)

// What can be wrong with an object.
var (
	errJSONEnd    = errors.New("the object doesn't end")
	errJSONKey    = errors.New("no key where one should be")
	errJSONColon  = errors.New("no colon after a key")
	errJSONComma  = errors.New("no comma between values")
	errJSONString = errors.New("a string doesn't end on its line")
	errJSONValue  = errors.New("not a value")
	errJSONLong   = errors.New("longer than 16 MiB")
	errJSONMany   = errors.New("too many names or values in one object")
)

// jsonValue is a value as it lies in the unit: b[from:to].
type jsonValue struct {
	kind     event.Kind
	from, to uint32
	next     int32 // the next value of the same name, or -1
}

// jsonSlot is a name of the object, with its values.
type jsonSlot struct {
	node              int32
	first, last, size int32
}

// jsonScan takes one object apart into names and spans. Nothing is copied, and nothing is allocated once the names
// are known: objects within objects become dotted names, and a name that comes more than once (a list, the
// members of a list of objects, a repeated key) is one slot with several values.
type jsonScan struct {
	names *jsonNames
	b     []byte
	vals  []jsonValue
	slots []jsonSlot
	round uint32 // marks the nodes seen in this object
	state int32  // of the shape so far
}

// object reads the object that begins at b[i], which is "{". It returns the place after it, or the place and nature
// of the damage.
func (s *jsonScan) object(b []byte, i int) (int, error) {
	s.begin(b)
	return s.members(i+1, 0, 0)
}

func (s *jsonScan) begin(b []byte) {
	s.b, s.vals, s.slots, s.state = b, s.vals[:0], s.slots[:0], 0
	s.round++
}

// members reads what follows a "{", to the place after the "}". At the outermost level the text may also end
// after a member.
func (s *jsonScan) members(i int, parent int32, depth int) (int, error) {
	b := s.b
	for {
		i = skipJSONSpace(b, i)
		if i >= len(b) {
			return i, errJSONEnd
		}
		if b[i] == '}' {
			return i + 1, nil
		}
		if b[i] != '"' {
			return i, errJSONKey
		}
		end := jsonStringEnd(b, i+1)
		if end < 0 {
			return i, errJSONString
		}
		node := s.names.child(parent, b[i+1:end])
		if node < 0 {
			return i, errJSONMany
		}
		if i = skipJSONSpace(b, end+1); i >= len(b) {
			return i, errJSONEnd
		}
		if b[i] != ':' {
			return i, errJSONColon
		}
		var err error
		if i, err = s.value(skipJSONSpace(b, i+1), node, depth); err != nil {
			return i, err
		}
		if i = skipJSONSpace(b, i); i >= len(b) {
			return i, errJSONEnd
		}
		switch b[i] {
		case ',':
			i++
		case '}':
			return i + 1, nil
		default:
			return i, errJSONComma
		}
	}
}

func (s *jsonScan) value(i int, node int32, depth int) (int, error) {
	b := s.b
	if i >= len(b) {
		return i, errJSONEnd
	}
	switch c := b[i]; {
	case c == '"':
		end := jsonStringEnd(b, i+1)
		if end < 0 {
			return i, errJSONString
		}
		kind := event.Text
		if bytes.IndexByte(b[i+1:end], '\\') >= 0 {
			kind = event.Escaped
		}
		return end + 1, s.add(node, kind, i+1, end)
	case c == '{' || c == '[':
		next := skipJSONSpace(b, i+1)
		if next < len(b) && b[next] == c+2 { // "{}" and "[]" stand for themselves
			return next + 1, s.add(node, event.Text, i, next+1)
		}
		if depth == maxJSONDepth {
			return s.deep(i, node)
		}
		if c == '{' {
			return s.members(i+1, node, depth+1)
		}
		return s.list(i+1, node, depth+1)
	}
	end := i
	for end < len(b) && isJSONWord[b[end]] {
		end++
	}
	kind, ok := wordKind(b[i:end])
	if !ok {
		return i, errJSONValue
	}
	return end, s.add(node, kind, i, end)
}

func (s *jsonScan) list(i int, node int32, depth int) (int, error) {
	for {
		var err error
		if i, err = s.value(skipJSONSpace(s.b, i), node, depth); err != nil {
			return i, err
		}
		if i = skipJSONSpace(s.b, i); i >= len(s.b) {
			return i, errJSONEnd
		}
		switch s.b[i] {
		case ',':
			i++
		case ']':
			return i + 1, nil
		default:
			return i, errJSONComma
		}
	}
}

// deep keeps what lies too deep as text.
func (s *jsonScan) deep(i int, node int32) (int, error) {
	var skip jsonSkip
	end, done, err := skip.run(s.b, i)
	if err != nil {
		return end, err
	}
	if !done {
		return end, errJSONEnd
	}
	return end, s.add(node, event.Text, i, end)
}

func (s *jsonScan) add(node int32, kind event.Kind, from, to int) error {
	if len(s.vals) == maxJSONValues {
		return errJSONMany
	}
	at := int32(len(s.vals))
	s.vals = append(s.vals, jsonValue{kind: kind, from: uint32(from), to: uint32(to), next: -1})
	n := &s.names.fields[s.names.nodes[node].field]
	if n.round == s.round {
		slot := &s.slots[n.slot]
		s.vals[slot.last].next, slot.last = at, at
		slot.size++
		return nil
	}
	n.round, n.slot = s.round, int32(len(s.slots))
	s.slots = append(s.slots, jsonSlot{node: s.names.nodes[node].field, first: at, last: at, size: 1})
	s.state = s.names.follow(s.state, s.names.nodes[node].field)
	return nil
}

// jsonSkip looks for the end of an object that may be cut into pieces: run is called again with more text.
type jsonSkip struct {
	depth           int
	inString, slash bool
}

// run reads on at b[i] and returns the place after the object's end, if it is done.
func (k *jsonSkip) run(b []byte, i int) (end int, done bool, err error) {
	for ; i < len(b); i++ {
		c := b[i]
		if k.inString {
			switch {
			case k.slash:
				k.slash = false
			case c == '\\':
				k.slash = true
			case c == '"':
				k.inString = false
			}
			if c == '\n' {
				return i, false, errJSONString
			}
			continue
		}
		switch c {
		case '"':
			k.inString = true
		case '{', '[':
			k.depth++
		case '}', ']':
			if k.depth--; k.depth <= 0 {
				return i + 1, true, nil
			}
		}
	}
	return i, false, nil
}

func skipJSONSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// jsonStringEnd returns the place of the quote that ends the string whose first character is b[i], or -1. A string
// doesn't reach over the end of its line: where one seems to, a quote is missing.
func jsonStringEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i
		case '\\':
			i++
			if i < len(b) && b[i] == '\n' {
				return -1
			}
		case '\n':
			return -1
		}
	}
	return -1
}

// isJSONWord marks the characters of numbers and of true, false and null.
var isJSONWord = func() (t [256]bool) {
	for _, c := range []byte("0123456789+-.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = true
	}
	return t
}()

// wordKind says what a bare word is. Programs also write NaN and Infinity, which JSON has not.
func wordKind(w []byte) (event.Kind, bool) {
	switch string(w) {
	case "true", "false", "NaN", "Infinity", "-Infinity":
		return event.Text, true
	case "null":
		return event.Null, true
	}
	return event.Number, validNumber(w)
}

// validNumber says whether w is a number as RFC 8259 writes one.
func validNumber(w []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(w) && w[n] >= '0' && w[n] <= '9' {
			n++
		}
		w = w[n:]
		return n > 0
	}
	if len(w) > 0 && w[0] == '-' {
		w = w[1:]
	}
	if len(w) > 1 && w[0] == '0' && w[1] >= '0' && w[1] <= '9' {
		return false
	}
	if !digits() {
		return false
	}
	if len(w) > 0 && w[0] == '.' {
		if w = w[1:]; !digits() {
			return false
		}
	}
	if len(w) > 0 && w[0]|0x20 == 'e' {
		if w = w[1:]; len(w) > 0 && (w[0] == '+' || w[0] == '-') {
			w = w[1:]
		}
		return digits() && len(w) == 0
	}
	return len(w) == 0
}
