package evtx

import "hash/maphash"

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
// stands in it, in order, with the names resolved. It is read-only and refers to no chunk.
type program struct {
	id   uint64 // unique in its Cache
	hash uint64
	guid [16]byte // of the definition; zero for elements without one
	ops  []op
	// values is one more than the highest number of a value that the program asks for.
	values int
	size   int       // of its memory, about
	form   []segment // of a definition: what it looks like in a chunk
}

// same says whether ops are those of p.
func (p *program) same(guid *[16]byte, ops []op) bool {
	if p.guid != *guid || len(p.ops) != len(ops) {
		return false
	}
	for i := range ops {
		a, b := &p.ops[i], &ops[i]
		if a.kind != b.kind || a.optional != b.optional || a.closed != b.closed || a.typ != b.typ || a.id != b.id || a.body != b.body ||
			a.end != b.end || a.text != b.text || string(a.raw) != string(b.raw) {
			return false
		}
	}
	return true
}

var seed = maphash.MakeSeed()

func hashOps(guid *[16]byte, ops []op) uint64 {
	h := maphash.Bytes(seed, guid[:])
	mix := func(n uint64) {
		h = (h ^ n) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	for i := range ops {
		o := &ops[i]
		mix(uint64(o.kind) | uint64(o.typ)<<8 | uint64(o.id)<<16 | uint64(o.end)<<32)
		// Names come out of the cache's intern table, but text of the same content may lie in several places.
		mix(maphash.String(seed, o.text))
		if len(o.raw) > 0 {
			mix(maphash.Bytes(seed, o.raw))
		}
	}
	return h
}

// newProgram returns a program of ops that shares no memory with a chunk.
func newProgram(id, hash uint64, guid *[16]byte, ops []op) *program {
	p := &program{id: id, hash: hash, guid: *guid, ops: append([]op(nil), ops...), size: 256}
	for i := range p.ops {
		o := &p.ops[i]
		o.raw = append([]byte(nil), o.raw...)
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
