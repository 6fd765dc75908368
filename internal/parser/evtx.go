package parser

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"strconv"
	"sync"
	"time"

	"github.com/goshawk-ir/goshawk/evtx"
	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

func init() {
	logs := &evtxLogs{}
	register(Parser{
		Name:  "evtx",
		Doc:   "Windows event logs since Vista, records in slack and in damaged chunks included; docs/formats/evtx.md",
		Match: func(_ string, head []byte) bool { return evtx.Is(head) },
		Parse: logs.parse,
		Split: splitEVTX,
	})
	register(Parser{
		Name:  "evtx-carve",
		Doc:   "records of Windows event logs in files of no known kind: cut or shifted logs, unallocated space",
		Match: func(string, []byte) bool { return true },
		Parse: logs.carve,
		Carve: true,
	})
}

// evtxPart is how many chunks a part of a log has.
const evtxPart = 16

func splitEVTX(in *evidence.Input) []int64 {
	parts := []int64{0}
	for at := int64(evtx.FileHeaderSize + evtxPart*evtx.ChunkSize); at < in.Size; at += evtxPart * evtx.ChunkSize {
		parts = append(parts, at)
	}
	return parts
}

// evtxLogs is what all event logs of a run share: templates and layouts, which are read once, and the schemas made of
// them.
type evtxLogs struct {
	cache   evtx.Cache
	mu      sync.Mutex
	schemas map[evtxShape]*event.Schema
	known   []evtxKnown // of the files that were read last
	chunks  sync.Pool   // of *evtx.Chunk: each holds 64 KiB, and remembers definitions that the next part is likely to have
}

// evtxKnown is the templates of a file, which its parts share.
type evtxKnown struct {
	origin    *event.Origin
	templates *evtx.Templates
}

// maxEVTXKnown is of how many files the templates are kept.
const maxEVTXKnown = 16

func (l *evtxLogs) templates(origin *event.Origin, f *evtx.File) *evtx.Templates {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.known {
		if k.origin == origin {
			return k.templates
		}
	}
	if len(l.known) >= maxEVTXKnown {
		l.known = append(l.known[:0], l.known[1:]...)
	}
	t := f.Templates(&l.cache)
	l.known = append(l.known, evtxKnown{origin, t})
	return t
}

// evtxShape is what makes a schema. Classic providers use one template for all their events, so the layout alone
// does not say what a record is.
type evtxShape struct {
	layout            *evtx.Layout
	provider, channel string
	eventID           uint32
	hasEventID        bool
}

// maxEVTXSchemas bounds the schemas that are kept. Hostile logs can make any number.
const maxEVTXSchemas = 1 << 14

func (l *evtxLogs) schema(shape evtxShape) *event.Schema {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.schemas[shape]; s != nil {
		return s
	}
	if l.schemas == nil || len(l.schemas) >= maxEVTXSchemas {
		l.schemas = map[evtxShape]*event.Schema{}
	}
	s := &event.Schema{
		Source: "evtx", Product: "windows", Provider: shape.provider, Channel: shape.channel,
		EventID: shape.eventID, HasEventID: shape.hasEventID,
	}
	for i := range shape.layout.Fields {
		f := &shape.layout.Fields[i]
		s.Fields = append(s.Fields, event.Field{Name: f.Name, Apart: !f.Own()})
	}
	// What the envelope shows already; the event identifier only if it is a number.
	at := shape.layout
	for _, i := range []int{at.Provider, at.Channel, at.Computer, at.Time, at.RecordID} {
		if i >= 0 {
			s.Fields[i].Envelope = true
		}
	}
	if at.EventID >= 0 {
		s.Fields[at.EventID].Envelope = shape.hasEventID
	}
	l.schemas[shape] = s
	return s
}

func (l *evtxLogs) parse(in *evidence.Input) iter.Seq2[*event.Record, error] {
	return func(yield func(*event.Record, error) bool) {
		f, err := evtx.Open(in, in.Size)
		if err != nil {
			yield(nil, evtxProblem(err))
			return
		}
		chunk, ok := l.chunks.Get().(*evtx.Chunk)
		if !ok {
			chunk = evtx.NewChunk(&l.cache)
		}
		r := l.reader(in, chunk, yield)
		r.chunk.Templates = l.templates(in.Origin, f)
		for i := range f.Chunks() {
			at := evtx.FileHeaderSize + int64(i)*evtx.ChunkSize
			if at < in.From && in.From > 0 {
				continue
			}
			if at >= in.To && in.To < in.Size {
				break
			}
			for record, err := range f.Records(i, r.chunk) {
				if !r.take(record, err) {
					return
				}
			}
		}
		r.chunk.Templates = nil
		l.chunks.Put(r.chunk)
	}
}

// evtxProblem says what a reader's error means for the case.
func evtxProblem(err error) error {
	var d *evtx.Damage
	if !errors.As(err, &d) {
		return &evidence.Problem{Offset: -1, What: "read an event log", Err: err}
	}
	p := &evidence.Problem{Offset: d.Offset, What: d.What, Err: d.Err}
	for _, c := range [][2]error{
		{evtx.ErrLimit, evidence.ErrLimit}, {evtx.ErrTruncated, evidence.ErrTruncated}, {evtx.ErrCorrupt, evidence.ErrCorrupt},
	} {
		if errors.Is(d.Err, c[0]) {
			p.Err = evtxCause{d.Err, c[1]}
			break
		}
	}
	return p
}

// evtxCause is an error of package evtx under the name that the case has for it.
type evtxCause struct {
	error
	cause error
}

func (c evtxCause) Unwrap() []error { return []error{c.error, c.cause} }

// evtxReader hands records out for one call of Parse.
type evtxReader struct {
	logs   *evtxLogs
	chunk  *evtx.Chunk
	yield  func(*event.Record, error) bool
	record event.Record
	values evtxValues
	bound  map[*evtx.Layout]*evtxBinding
	hosts  map[string]string
	host   []byte // the computer of the record before, as it lay in the evidence, and its name
	name   string
	key    []byte // scratch
}

// evtxBinding remembers the schemas of records with one layout, and the last of them: the next record is likely to have
// the same.
type evtxBinding struct {
	schema            *event.Schema
	provider, channel []byte
	key               uint64
	all               map[string]*event.Schema // by id, provider and channel as they lie in the evidence
}

func (l *evtxLogs) reader(in *evidence.Input, chunk *evtx.Chunk, yield func(*event.Record, error) bool) *evtxReader {
	r := &evtxReader{
		logs: l, chunk: chunk, yield: yield, bound: map[*evtx.Layout]*evtxBinding{}, hosts: map[string]string{},
	}
	r.record.Origin, r.record.Values = in.Origin, &r.values
	return r
}

// take hands out a record, or damage.
func (r *evtxReader) take(record *evtx.Record, err error) bool {
	if err != nil {
		return r.yield(nil, evtxProblem(err))
	}
	r.values.record, r.values.scratch = record, r.values.scratch[:0]
	e := &r.record
	e.Schema = r.schema(record)
	e.Offset, e.Recovered = record.Offset, record.Recovered
	e.HasRecordID, e.RecordID = true, record.ID
	l := record.Layout()
	if l.RecordID >= 0 {
		if v, n := record.First(l.RecordID); n == 0 {
			// the header's number stands
		} else if id, ok := v.Uint(); ok {
			e.RecordID = id
		} else if id, err := strconv.ParseUint(string(v.AppendText(nil)), 10, 64); err == nil {
			e.RecordID = id // forwarded and exported logs hold texts
		}
	}
	e.Time = evtxTime(record, l)
	e.Host = r.computer(record, l)
	return r.yield(e, nil)
}

// evtxTime returns the time that System states, or else the one of the record's header; zero for one beyond the calendar.
func evtxTime(record *evtx.Record, l *evtx.Layout) time.Time {
	t := evtxStatedTime(record, l)
	if t.Year() > 9999 {
		return time.Time{} // damage or forgery, and nothing that RFC 3339 can write
	}
	return t
}

func evtxStatedTime(record *evtx.Record, l *evtx.Layout) time.Time {
	if l.Time >= 0 {
		v, n := record.First(l.Time)
		if t, ok := v.Time(); ok {
			return t
		}
		if n > 0 {
			if t, err := time.Parse(time.RFC3339Nano, string(v.AppendText(nil))); err == nil {
				return t.UTC()
			}
		}
	}
	return record.WrittenTime()
}

func (r *evtxReader) computer(record *evtx.Record, l *evtx.Layout) string {
	if l.Computer < 0 {
		return r.record.Origin.Host
	}
	v, n := record.First(l.Computer)
	if n == 0 {
		return r.record.Origin.Host
	}
	if v.Type != evtx.TypeString {
		return string(v.AppendText(nil))
	}
	if r.host != nil && bytes.Equal(r.host, v.Raw) {
		return r.name
	}
	name, ok := r.hosts[string(v.Raw)]
	if !ok {
		name = string(v.AppendText(nil))
		if name == "" {
			name = r.record.Origin.Host
		}
		if len(r.hosts) >= 1024 {
			clear(r.hosts)
		}
		r.hosts[string(v.Raw)] = name
	}
	r.host, r.name = append(r.host[:0], v.Raw...), name
	return name
}

// schema returns the schema of the record.
func (r *evtxReader) schema(record *evtx.Record) *event.Schema {
	l := record.Layout()
	one := func(field int) evtx.Value {
		if field < 0 {
			return evtx.Value{}
		}
		v, _ := record.First(field)
		return v
	}
	provider, channel := one(l.Provider), one(l.Channel)
	id, hasID := evtxEventID(one(l.EventID))
	// Bytes mean something else in another type, though hardly any log has a provider that is no string.
	key := id ^ uint64(provider.Type)<<40 ^ uint64(channel.Type)<<48
	b := r.bound[l]
	if b != nil && b.key == key && bytes.Equal(b.provider, provider.Raw) && bytes.Equal(b.channel, channel.Raw) {
		return b.schema
	}
	if b == nil {
		if len(r.bound) >= maxEVTXSchemas {
			clear(r.bound)
		}
		b = &evtxBinding{all: map[string]*event.Schema{}}
		r.bound[l] = b
	}
	b.key = key
	b.provider, b.channel = append(b.provider[:0], provider.Raw...), append(b.channel[:0], channel.Raw...)
	r.key = binary.LittleEndian.AppendUint64(r.key[:0], key)
	r.key = binary.LittleEndian.AppendUint32(r.key, uint32(len(provider.Raw)))
	r.key = append(append(r.key, provider.Raw...), channel.Raw...)
	if b.schema = b.all[string(r.key)]; b.schema != nil {
		return b.schema
	}
	if len(b.all) >= maxEVTXSchemas {
		clear(b.all)
	}
	b.schema = r.logs.schema(evtxShape{
		layout: l, provider: string(provider.AppendText(nil)), channel: string(channel.AppendText(nil)), eventID: uint32(id), hasEventID: hasID,
	})
	b.all[string(r.key)] = b.schema
	return b.schema
}

// evtxNoID stands for an event identifier that is none.
const evtxNoID = 1 << 63

func evtxEventID(v evtx.Value) (uint64, bool) {
	if n, ok := v.Uint(); ok && n <= 1<<32-1 {
		return n, true
	}
	if v.IsNull() {
		return evtxNoID, false
	}
	n, err := strconv.ParseUint(string(v.AppendText(nil)), 10, 32)
	if err != nil {
		return evtxNoID, false
	}
	return n, true
}

// evtxValues gives the values of the record under way.
type evtxValues struct {
	record  *evtx.Record
	scratch []byte // text of values that are neither text nor whole numbers
}

// Len returns how many values the field has.
func (v *evtxValues) Len(field int) int { return v.record.Len(field) }

// At returns value k of the field.
func (v *evtxValues) At(field, k int) event.Value { return v.value(v.record.Value(field, k)) }

// AppendFieldJSON writes the single values that most fields have straight from the evidence: the text that Value and
// event.Value would lead to, without either in between.
func (v *evtxValues) AppendFieldJSON(dst []byte, field int) []byte {
	x, n := v.record.First(field)
	switch {
	case n == 0:
		return dst
	case n == 1:
		return v.appendJSON(dst, x)
	}
	dst = append(dst, '[')
	for k := range n {
		dst = append(v.appendJSON(dst, v.record.Value(field, k)), ',')
	}
	dst[len(dst)-1] = ']'
	return dst
}

func (v *evtxValues) appendJSON(dst []byte, x evtx.Value) []byte {
	switch x.Type {
	case evtx.TypeString, evtx.TypeXML:
		dst, _ = event.AppendUTF16JSON(append(dst, '"'), x.Raw)
		return append(dst, '"')
	case evtx.TypeUint8, evtx.TypeUint16, evtx.TypeUint32, evtx.TypeUint64:
		if n, ok := x.Uint(); ok {
			return strconv.AppendUint(dst, n, 10)
		}
	case evtx.TypeGUID, evtx.TypeSID, evtx.TypeHexInt32, evtx.TypeHexInt64: // texts without anything to escape
		return append(x.AppendText(append(dst, '"')), '"')
	}
	return v.value(x).AppendJSON(dst)
}

func (v *evtxValues) value(x evtx.Value) event.Value {
	if raw, ok := x.Text16(); ok {
		return event.Value{Kind: event.UTF16, Raw: raw}
	}
	if x.IsNull() {
		return event.Value{}
	}
	switch x.Type {
	case evtx.TypeUint8, evtx.TypeUint16, evtx.TypeUint32, evtx.TypeUint64:
		n, _ := x.Uint()
		return event.Value{Kind: event.Uint, Num: n}
	case evtx.TypeInt8, evtx.TypeInt16, evtx.TypeInt32, evtx.TypeInt64:
		n, _ := x.Int()
		return event.Value{Kind: event.Int, Num: uint64(n)}
	case evtx.TypeBool:
		if n := binary.LittleEndian.Uint32(x.Raw); n > 1 {
			return event.Value{Kind: event.Int, Num: uint64(int32(n))}
		} else {
			return event.Value{Kind: event.Bool, Num: uint64(n)}
		}
	case evtx.TypeText:
		return event.Value{Kind: event.Text, Raw: x.Raw}
	}
	kind := event.Text
	if x.IsNumber() {
		kind = event.Number
	}
	start := len(v.scratch)
	v.scratch = x.AppendText(v.scratch)
	return event.Value{Kind: kind, Raw: v.scratch[start:len(v.scratch):len(v.scratch)]}
}
