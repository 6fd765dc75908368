// Package event defines the record that every parser yields and every detector reads: a Schema, which states
// what is constant for a shape of evidence (an EVTX template, a table, a line format), and Values, which give
// the values of one record as they lie in the evidence. Nothing here copies a value before somebody asks for it.
package event

import (
	"sync"

	"github.com/goshawk-ir/goshawk/internal/bin"
)

// Schema states what is constant for a shape of records. A parser makes each schema once and hands out the same
// pointer for every record of that shape, so that detectors can bind to it once. It is read-only after its
// first use.
type Schema struct {
	Source   string // name of the parser
	Product  string // Sigma's product of the source: windows, linux, ... ("" if unknown)
	Service  string // Sigma's service of the source where no channel says it: auth, syslog, ...
	Provider string // Windows: provider name; other sources: the program or component, if constant
	Channel  string // Windows: channel
	EventID  uint32 // meaningful if HasEventID
	File     string // original path of a text log, "/"-separated: line formats are told apart by it

	HasEventID bool
	Fields     []Field // in the order of the evidence

	once   sync.Once
	index  map[string]int
	source []byte // the member "source", after the time
	head   []byte // members that are the same in the JSON of every record
	shown  Shown

	markOnce sync.Once
	marked   Shown // shown, for AppendMarked
}

// Shown is the fields that outputs show, and how their names are written.
type Shown struct {
	Fields []int32 // positions in Schema.Fields
	Keys   []Key   // one for each
	Marks  []Mark  // in place of these, for AppendMarked; else nil
}

// AppendKey appends the key of a field that is shown, by its place in Fields, or its mark.
func (s *Shown) AppendKey(dst []byte, i int) []byte {
	if s.Marks != nil && s.Marks[i] != (Mark{}) {
		return append(dst, s.Marks[i][0], s.Marks[i][1])
	}
	return s.Keys[i].Append(dst)
}

// Key is the name of a field as the key of a JSON object's member, with a comma before it and the colon after it.
type Key struct {
	text [32]byte
	size int
	long []byte // of more than 32 bytes
}

func newKey(name string) Key {
	b := append(AppendJSONString([]byte{','}, name), ':')
	k := Key{size: len(b)}
	if copy(k.text[:], b) < len(b) {
		k.long = b
	}
	return k
}

// Append appends the key.
func (k *Key) Append(dst []byte) []byte {
	// Fast path: copying 32 bytes, whatever the key's length, takes two moves and no call.
	if n := len(dst); k.long == nil && cap(dst)-n >= len(k.text) {
		*(*[32]byte)(dst[n : n+32]) = k.text
		return dst[:n+k.size]
	}
	return k.append(dst)
}

func (k *Key) append(dst []byte) []byte {
	if k.long != nil {
		return append(dst, k.long...)
	}
	return append(dst, k.text[:k.size]...)
}

// Field is a column of a schema.
type Field struct {
	Name string
	// Envelope marks a field that the record's envelope already shows under another name (EventID, Channel,
	// Computer, ...): detectors may ask for it, outputs leave it out of "fields".
	Envelope bool
	// Apart marks a field whose text is put together of several, so that RawValues.AnyText doesn't show it.
	Apart bool
}

// Index returns the position of the field called name, or -1. Names are compared exactly; of several fields
// with one name the first counts.
func (s *Schema) Index(name string) int {
	s.once.Do(s.prepare)
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// prepare works out once what every record of the shape needs.
func (s *Schema) prepare() {
	s.index = make(map[string]int, len(s.Fields))
	for i, f := range s.Fields {
		if _, ok := s.index[f.Name]; !ok {
			s.index[f.Name] = i
		}
		if !f.Envelope {
			s.shown.Fields = append(s.shown.Fields, int32(i))
			s.shown.Keys = append(s.shown.Keys, newKey(f.Name))
		}
	}
	s.source = AppendJSONString([]byte(`"source":`), s.Source)
	s.head = appendMember(s.head, `,"provider":`, s.Provider)
	s.head = appendMember(s.head, `,"channel":`, s.Channel)
	if s.HasEventID {
		s.head = bin.AppendUint(append(s.head, `,"event_id":`...), uint64(s.EventID))
	}
}
