package evtx

import (
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"
)

// The types below are what tests put into logs that they build.
type (
	elem struct { // an element
		name  string
		attrs []attr
		body  []any
		dep   uint16 // number of the value that it depends on; 0 for none, for these tests need no dependency on value 0
		void  bool   // closed as an empty element
	}
	attr struct {
		name string
		body []any
	}
	sub struct { // a substitution
		id       uint16
		optional bool
	}
	raw    []byte // tokens as they are
	cdata  string
	char   uint16
	entity string
	inst   struct { // a template instance
		id     uint32
		def    *elem
		values []any // Value, or BinXML: inst, *elem
		lost   bool  // refer to a definition that is not there
	}
)

// logBuilder builds a chunk in the way that Windows does: names and definitions stand where they first occur.
type logBuilder struct {
	b     []byte
	names map[string]int
	defs  map[*elem]int
	first uint64
	next  uint64
	last  int
}

func newLog() *logBuilder {
	return &logBuilder{b: make([]byte, chunkHeaderSize), names: map[string]int{}, defs: map[*elem]int{}, first: 1, next: 1}
}

func (w *logBuilder) u8(n uint8)   { w.b = append(w.b, n) }
func (w *logBuilder) u16(n uint16) { w.b = binary.LittleEndian.AppendUint16(w.b, n) }
func (w *logBuilder) u32(n uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, n) }
func (w *logBuilder) u64(n uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, n) }

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func (w *logBuilder) name(s string) {
	if at, ok := w.names[s]; ok {
		w.u32(uint32(at))
		return
	}
	text := utf16le(s)
	w.names[s] = len(w.b) + 4
	w.u32(uint32(len(w.b) + 4))
	w.u32(0)
	w.u16(nameHash(text))
	w.u16(uint16(len(text) / 2))
	w.b = append(append(w.b, text...), 0, 0)
}

// element writes e; resident elements, outside of a definition, have no dependency.
func (w *logBuilder) element(e *elem, resident bool) {
	token := uint8(tokenElement)
	if len(e.attrs) > 0 {
		token |= tokenMore
	}
	w.u8(token)
	if !resident {
		dep := uint16(none)
		if e.dep > 0 {
			dep = e.dep
		}
		w.u16(dep)
	}
	w.u32(0)
	w.name(e.name)
	if len(e.attrs) > 0 {
		w.u32(0)
	}
	for i, a := range e.attrs {
		token := uint8(tokenAttr)
		if i+1 < len(e.attrs) {
			token |= tokenMore
		}
		w.u8(token)
		w.name(a.name)
		w.body(a.body, resident)
	}
	if e.void {
		w.u8(tokenCloseVoid)
		return
	}
	w.u8(tokenCloseHead)
	w.body(e.body, resident)
	w.u8(tokenClose)
}

func (w *logBuilder) body(body []any, resident bool) {
	for _, x := range body {
		switch x := x.(type) {
		case *elem:
			w.element(x, resident)
		case string:
			w.u8(tokenValue)
			w.u8(uint8(TypeString))
			w.u16(uint16(len(utf16le(x)) / 2))
			w.b = append(w.b, utf16le(x)...)
		case Value:
			w.u8(tokenValue)
			w.u8(uint8(x.Type))
			w.b = append(w.b, x.Raw...)
		case sub:
			token := uint8(tokenSub)
			if x.optional {
				token = tokenOptional
			}
			w.u8(token)
			w.u16(x.id)
			w.u8(0)
		case inst:
			w.instance(x)
		case raw:
			w.b = append(w.b, x...)
		case cdata:
			w.u8(tokenCDATA)
			w.u16(uint16(len(x)))
			w.b = append(w.b, utf16le(string(x))...)
		case char:
			w.u8(tokenChar)
			w.u16(uint16(x))
		case entity:
			w.u8(tokenEntity)
			w.name(string(x))
		}
	}
}

func (w *logBuilder) instance(x inst) {
	w.u8(tokenTemplate)
	w.u8(1)
	w.u32(x.id)
	at, known := w.defs[x.def]
	switch {
	case x.lost:
		w.u32(chunkHeaderSize)
	case known:
		w.u32(uint32(at))
	default:
		w.defs[x.def] = len(w.b) + 4
		w.u32(uint32(len(w.b) + 4))
		w.u32(0)
		w.u32(x.id)
		w.b = append(w.b, make([]byte, 12)...)
		size := len(w.b)
		w.u32(0)
		w.u32(fragmentHead)
		w.element(x.def, false)
		w.u8(tokenEnd)
		binary.LittleEndian.PutUint32(w.b[size:], uint32(len(w.b)-size-4))
	}
	w.u32(uint32(len(x.values)))
	descriptors := len(w.b)
	w.b = append(w.b, make([]byte, 4*len(x.values))...)
	for i, v := range x.values {
		start, typ := len(w.b), TypeBinXML
		switch v := v.(type) {
		case Value:
			typ = v.Type
			w.b = append(w.b, v.Raw...)
		default:
			w.u32(fragmentHead)
			w.body([]any{v}, true)
			w.u8(tokenEnd)
		}
		binary.LittleEndian.PutUint16(w.b[descriptors+4*i:], uint16(len(w.b)-start))
		w.b[descriptors+4*i+2] = byte(typ)
	}
}

// testTime is when all records of tests were written: 2026-03-01T12:00:00Z.
const testTime = (1772366400 + epochSeconds) * perSecond

// record adds a record whose stream is body.
func (w *logBuilder) record(body ...any) {
	start := len(w.b)
	w.last = start
	w.u32(recordMagic)
	w.u32(0)
	w.u64(w.next)
	w.u64(testTime)
	w.u32(fragmentHead)
	w.body(body, true)
	w.u8(tokenEnd)
	for len(w.b)%8 != 4 {
		w.u8(0)
	}
	size := uint32(len(w.b) - start + 4)
	w.u32(size)
	binary.LittleEndian.PutUint32(w.b[start+4:], size)
	w.next++
}

// chunk returns the chunk: its header counts the records up to the offset live, or all if live is 0.
func (w *logBuilder) chunk(live int) []byte {
	b := make([]byte, ChunkSize)
	copy(b, w.b)
	le := binary.LittleEndian
	if live == 0 {
		live = len(w.b)
	}
	copy(b, chunkMagic)
	le.PutUint64(b[8:], w.first)
	le.PutUint64(b[16:], w.next-1)
	le.PutUint64(b[24:], w.first)
	le.PutUint64(b[32:], w.next-1)
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(w.last))
	le.PutUint32(b[48:], uint32(live))
	k := 384
	for _, at := range w.defs {
		if k < chunkHeaderSize {
			le.PutUint32(b[k:], uint32(at))
			k += 4
		}
	}
	le.PutUint32(b[52:], crc32.ChecksumIEEE(b[chunkHeaderSize:live]))
	le.PutUint32(b[124:], crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:chunkHeaderSize]))
	return b
}

// logFile returns a log of these chunks.
func logFile(chunks ...[]byte) []byte {
	b := make([]byte, FileHeaderSize)
	copy(b, fileMagic)
	le := binary.LittleEndian
	le.PutUint64(b[16:], uint64(len(chunks)-1))
	le.PutUint32(b[32:], 128)
	le.PutUint16(b[36:], 1)
	le.PutUint16(b[38:], 3)
	le.PutUint16(b[40:], FileHeaderSize)
	le.PutUint16(b[42:], uint16(len(chunks)))
	le.PutUint32(b[124:], crc32.ChecksumIEEE(b[:120]))
	for _, c := range chunks {
		b = append(b, c...)
	}
	return b
}

// Values for tests.
func str(s string) Value   { return Value{TypeString, utf16le(s)} }
func num16(n uint16) Value { return Value{TypeUint16, binary.LittleEndian.AppendUint16(nil, n)} }
func num32(n uint32) Value { return Value{TypeUint32, binary.LittleEndian.AppendUint32(nil, n)} }
func num64(n uint64) Value { return Value{TypeUint64, binary.LittleEndian.AppendUint64(nil, n)} }
func null() Value          { return Value{} }

// eventDef is a template as Windows has them: System, and a value that holds the rest. Its values: 0 event identifier,
// 1 record identifier, 2 time, 3 the rest, 4 user.
var eventDef = &elem{name: "Event", attrs: []attr{{"xmlns", []any{"http://example.com/events"}}}, body: []any{
	&elem{name: "System", body: []any{
		&elem{name: "Provider", attrs: []attr{{"Name", []any{"Example-Provider"}}, {"Guid", []any{"{00000000-0000-0000-0000-000000000001}"}}}, void: true},
		&elem{name: "EventID", body: []any{sub{0, false}}},
		&elem{name: "TimeCreated", attrs: []attr{{"SystemTime", []any{sub{2, false}}}}, void: true},
		&elem{name: "EventRecordID", body: []any{sub{1, false}}},
		&elem{name: "Channel", body: []any{"Example/Operational"}},
		&elem{name: "Computer", body: []any{"host1.example.com"}},
		&elem{name: "Security", attrs: []attr{{"UserID", []any{sub{4, true}}}}, void: true},
	}},
	sub{3, true},
}}

// dataDef is an EventData template with two named values.
var dataDef = &elem{name: "EventData", body: []any{
	&elem{name: "Data", attrs: []attr{{"Name", []any{"User"}}}, body: []any{sub{0, true}}},
	&elem{name: "Data", attrs: []attr{{"Name", []any{" Count "}}}, body: []any{sub{1, true}}},
}}

// event returns a record of the usual kind, whose rest is body.
func event(recordID uint64, body any) inst {
	return inst{id: 0xe0e0, def: eventDef, values: []any{
		num16(4711), num64(recordID), Value{TypeFileTime, num64(testTime).Raw}, body, null(),
	}}
}

func userEvent(recordID uint64, user string, count uint32) inst {
	return event(recordID, inst{id: 0xd0d0, def: dataDef, values: []any{str(user), num32(count)}})
}

// sampleLog returns a chunk with n records of the usual kind.
func sampleLog(n int) *logBuilder {
	w := newLog()
	for i := range n {
		w.record(userEvent(w.next, "user"+string(rune('a'+i%26)), uint32(i)))
	}
	return w
}
