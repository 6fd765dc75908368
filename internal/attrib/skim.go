package attrib

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// errJSON says that a text is no JSON as far as it was looked at.
var errJSON = errors.New("not JSON")

// skimmer walks over JSON without building values: a bundle is 33 MB, of which a twentieth is wanted. It checks no more than it needs
// to find where a value ends; what is wanted is decoded by encoding/json or, where it is plain, taken as it stands.
type skimmer struct {
	b []byte
	i int
}

func (s *skimmer) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\n' || s.b[s.i] == '\t' || s.b[s.i] == '\r') {
		s.i++
	}
}

// peek returns the next byte that is no space, 0 at the end.
func (s *skimmer) peek() byte {
	s.space()
	if s.i >= len(s.b) {
		return 0
	}
	return s.b[s.i]
}

// text steps over a string and returns it with its quotes.
func (s *skimmer) text() ([]byte, error) {
	start := s.i
	for i := s.i + 1; i < len(s.b); i++ {
		n := bytes.IndexByte(s.b[i:], '"')
		if n < 0 {
			break
		}
		i += n
		back := i
		for s.b[back-1] == '\\' {
			back--
		}
		if (i-back)%2 == 0 {
			s.i = i + 1
			return s.b[start:s.i], nil
		}
	}
	return nil, s.wrong("a string has no end")
}

// value steps over one value and returns it.
func (s *skimmer) value() ([]byte, error) {
	switch s.peek() {
	case '"':
		return s.text()
	case '{', '[':
		return s.nested()
	}
	start := s.i
	for s.i < len(s.b) && !bytes.ContainsRune([]byte(",]} \n\t\r"), rune(s.b[s.i])) {
		s.i++
	}
	if s.i == start {
		return nil, s.wrong("a value is missing")
	}
	return s.b[start:s.i], nil
}

func (s *skimmer) nested() ([]byte, error) {
	start, depth := s.i, 0
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '"':
			if _, err := s.text(); err != nil {
				return nil, err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.i++
		if depth == 0 {
			return s.b[start:s.i], nil
		}
	}
	return nil, s.wrong("a bracket is not closed")
}

func (s *skimmer) wrong(what string) error {
	return fmt.Errorf("%w: %s at byte %d", errJSON, what, s.i)
}

// members calls member for each member of the object b, until it returns an error.
func members(b []byte, member func(key, value []byte) error) error {
	s := skimmer{b: b}
	if s.peek() != '{' {
		return s.wrong("an object is missing")
	}
	for s.i++; s.peek() != '}'; {
		if s.peek() == ',' {
			s.i++
		}
		if s.peek() != '"' {
			return s.wrong("a key is missing")
		}
		key, err := s.text()
		if err != nil {
			return err
		}
		if s.peek() != ':' {
			return s.wrong("a colon is missing")
		}
		s.i++
		value, err := s.value()
		if err != nil {
			return err
		}
		if err := member(key[1:len(key)-1], value); err != nil {
			return err
		}
	}
	return nil
}

// elements calls element for each element of the array b, until it returns an error.
func elements(b []byte, element func(value []byte) error) error {
	s := skimmer{b: b}
	if s.peek() != '[' {
		return s.wrong("an array is missing")
	}
	for s.i++; s.peek() != ']'; {
		if s.peek() == ',' {
			s.i++
		}
		value, err := s.value()
		if err != nil {
			return err
		}
		if err := element(value); err != nil {
			return err
		}
	}
	return nil
}

// plain returns the text of a string, "" for any other value.
func plain(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	if in := value[1 : len(value)-1]; bytes.IndexByte(in, '\\') < 0 {
		return string(in)
	}
	var out string
	if json.Unmarshal(value, &out) != nil {
		return ""
	}
	return out
}
