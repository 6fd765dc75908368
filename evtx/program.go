package evtx

import (
	"hash/maphash"
	"sync/atomic"
)

// opKind is what a step of a program stands for.
type opKind uint8

const (
	opElement opKind = iota // name, dependency, extent; its attributes and its content follow
	opAttr                  // name, extent; its content follows
	opValue                 // a value that the definition itself holds
	opSub                   // a value of the record
	opEntity                // a named character
	opChar                  // a character by its number
	opCDATA
	opTarget // of a processing instruction
	opData   // of a processing instruction
)

// none is the dependency of an element without one.
const none = 0xffff

// op is one step of a program.
type op struct {
	kind     opKind
	optional bool   // opSub: an empty value leaves nothing
	closed   bool   // opElement: written as an empty element
	typ      Type   // opValue
	id       uint16 // opSub: number of the value; opElement: number of the value that it depends on; opChar
	body     uint16 // opElement: where its content begins, after its attributes
	end      uint16 // opElement, opAttr: the step after its content
	text     string // name, or the text of CDATA and the like
	raw      []byte // opValue: the value as it lies in the definition
}

// maxOps bounds a program: each of its steps takes at least one byte of a chunk.
const maxOps = ChunkSize - 1

// program is a template definition, or the elements of a record that uses none, read once: the flat list of what
// stands in it, in order, with the names resolved. But for said it is read-only, and it refers to no chunk.
type program struct {
	said  atomic.Uint64 // the key that anyText was asked under last, and what it said in the lowest bit
	shape uint64        // a number that programs of a Cache share if they are alike, from 1
	guid  [16]byte      // of the definition; zero for elements without one
	ops   []op
	// values is one more than the highest number of a value that the program asks for.
	values   int
	size     int       // of its memory, about
	form     []segment // of a record's own elements: what they look like in a chunk
	resident bool      // it was read from a record's own elements, not from a definition
	image    *image    // of a definition: what it was like where it was read first; nil if a record's own elements were
}

// same says whether ops are those of p.
func (p *program) same(guid *[16]byte, ops []op) bool {
	if p.guid != *guid || !p.alike(ops) {
		return false
	}
	for i := range ops {
		if string(p.ops[i].raw) != string(ops[i].raw) {
			return false
		}
	}
	return true
}

// alike says whether ops are those of p but for literals. A layout refers to these by their place in the program, so
// programs that are alike have one layout; only what names a Data element is part of it, and counts.
func (p *program) alike(ops []op) bool {
	if len(p.ops) != len(ops) {
		return false
	}
	head := 0 // where the content of the last Data element begins
	for i := range ops {
		a, b := &p.ops[i], &ops[i]
		if a.kind != b.kind || a.optional != b.optional || a.closed != b.closed || a.typ != b.typ || a.id != b.id || a.body != b.body ||
			a.end != b.end || a.text != b.text || i < head && string(a.raw) != string(b.raw) {
			return false
		}
		if a.kind == opElement && a.text == "Data" {
			head = int(a.body)
		}
	}
	return true
}

var seed = maphash.MakeSeed()

// hashOps returns a hash of ops, and one that is the same for all that are alike.
func hashOps(guid *[16]byte, ops []op) (all, shape uint64) {
	mix := func(h, n uint64) uint64 {
		h = (h ^ n) * 0x9e3779b97f4a7c15
		return h ^ h>>29
	}
	all = maphash.Bytes(seed, guid[:])
	head := 0
	for i := range ops {
		o := &ops[i]
		shape = mix(shape, uint64(o.kind)|uint64(o.typ)<<8|uint64(o.id)<<16|uint64(o.end)<<32)
		// Names come out of the cache's intern table, but text of the same content may lie in several places.
		shape = mix(shape, maphash.String(seed, o.text))
		if len(o.raw) > 0 {
			raw := maphash.Bytes(seed, o.raw)
			all = mix(all, raw)
			if i < head {
				shape = mix(shape, raw)
			}
		}
		if o.kind == opElement && o.text == "Data" {
			head = int(o.body)
		}
	}
	return mix(all, shape), shape
}

// newProgram returns a program of ops that shares no memory with a chunk.
func newProgram(guid *[16]byte, ops []op) *program {
	p := &program{guid: *guid, ops: append([]op(nil), ops...), size: 256}
	size := 0
	for i := range ops {
		size += len(ops[i].raw)
	}
	raw := make([]byte, 0, size)
	for i := range p.ops {
		o := &p.ops[i]
		raw = append(raw, o.raw...)
		o.raw = raw[len(raw)-len(o.raw) : len(raw) : len(raw)]
		if o.kind == opSub {
			p.values = max(p.values, int(o.id)+1)
		}
		p.size += 96 + len(o.text) + len(o.raw)
	}
	return p
}

// plain returns the text that a step of a rare kind stands for: characters by name or number, and CDATA.
func (o *op) plain() string {
	switch o.kind {
	case opCDATA:
		return o.text
	case opChar:
		return string(rune(o.id))
	case opEntity:
		if text, ok := entities[o.text]; ok {
			return text
		}
		return "&" + o.text + ";"
	}
	return ""
}

var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"}
