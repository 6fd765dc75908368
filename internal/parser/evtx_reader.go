package parser

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"github.com/goshawk-ir/goshawk/evtx"
	"github.com/goshawk-ir/goshawk/internal/bin"
	"github.com/goshawk-ir/goshawk/internal/event"
)

// evtxReader hands records out, for one call of Parse at a time.
type evtxReader struct {
	logs    *evtxLogs
	chunk   *evtx.Chunk
	yield   func([]*event.Record, error) bool
	taking  func([]evtx.Record, error) bool // take, made once
	stopped bool                            // take was told to
	origin  *event.Origin
	made    []*evtxRecord   // for the batches
	batch   []*event.Record // of these
	places  []evtx.Place    // scratch of evtxValues
	head    evtx.Head       // scratch
	bound   map[*evtx.Layout]*evtxBinding
	recent  [512]*evtxBinding // some of them, by the number of the layout
	weight  int               // fields of what is bound
	hosts   map[string]string // names of computers, as they lay in the evidence
	unnamed string            // what a computer without a name is called among them
	host    []byte            // the computer of the record before, as it lay in the evidence, and its name
	name    string
	key     []byte // scratch
	text    []byte // scratch

	spelling   bin.Scratch // text of a record's values that are neither text nor whole numbers
	remembered int         // bytes of what schemas remember
}

// evtxRecord is a record of a batch.
type evtxRecord struct {
	record event.Record
	values evtxValues
}

// maxEVTXBound bounds the fields of layouts and schemas that a reader remembers.
const maxEVTXBound = 1 << 15

// evtxBinding is the schemas of records with one layout.
type evtxBinding struct {
	layout *evtx.Layout
	recent [8]evtxRecent          // by event identifier: the next record is likely to have one of those schemas
	all    map[string]*evtxSchema // by id, provider and channel as they lie in the evidence
}

// evtxRecent is a schema, and what its records have.
type evtxRecent struct {
	schema            *evtxSchema
	key               uint64
	provider, channel []byte
}

// evtxSchema is a schema, and what its fields were last.
type evtxSchema struct {
	*event.Schema
	memos  []evtxMemo // of the fields that outputs show; nil before the first record is written
	marked []evtxMemo // the same, with marks as keys
}

func (l *evtxLogs) newReader() *evtxReader {
	r := &evtxReader{logs: l, chunk: evtx.NewChunk(&l.cache), places: make([]evtx.Place, 64)}
	r.taking = func(records []evtx.Record, err error) bool {
		r.stopped = !r.take(records, err)
		return !r.stopped
	}
	r.forget()
	return r
}

// begin prepares for records of a file.
func (r *evtxReader) begin(origin *event.Origin, yield func([]*event.Record, error) bool) {
	r.yield, r.origin, r.stopped = yield, origin, false
	if r.hosts == nil || r.unnamed != origin.Host {
		r.host, r.hosts, r.unnamed = nil, map[string]string{}, origin.Host
	}
}

// end lets go of the file.
func (r *evtxReader) end() {
	r.yield, r.origin, r.chunk.Templates = nil, nil, nil
	for _, made := range r.made {
		made.record.Origin = nil
	}
}

// forget lets go of layouts, schemas and values.
func (r *evtxReader) forget() {
	r.bound, r.weight, r.remembered = map[*evtx.Layout]*evtxBinding{}, 0, 0
	clear(r.recent[:])
}

// binding returns what is known of a layout.
func (r *evtxReader) binding(l *evtx.Layout) *evtxBinding {
	recent := &r.recent[l.Number%uint64(len(r.recent))]
	if b := *recent; b != nil && b.layout == l {
		return b
	}
	b := r.bound[l]
	if b == nil {
		r.weight += len(l.Fields) + 16
		b = &evtxBinding{layout: l, all: map[string]*evtxSchema{}}
		r.bound[l] = b
	}
	*recent = b
	return b
}

// take hands out records, or damage.
func (r *evtxReader) take(records []evtx.Record, err error) bool {
	if err != nil {
		return r.yield(nil, evtxProblem(err))
	}
	if r.weight > maxEVTXBound || r.remembered > maxMemos {
		r.forget()
	}
	for len(r.made) < len(records) {
		made := &evtxRecord{values: evtxValues{reader: r}}
		made.record.Values = &made.values
		r.made, r.batch = append(r.made, made), append(r.batch, &made.record)
	}
	for i := range records {
		r.fill(r.made[i], &records[i])
	}
	return r.yield(r.batch[:len(records)], nil)
}

// fill makes an event of a record.
func (r *evtxReader) fill(made *evtxRecord, record *evtx.Record) {
	made.values.record = record
	r.spelling.Forget(&made.values)
	layout, h := record.Layout(), &r.head
	record.Head(h)
	e := &made.record
	made.values.schema = r.schema(r.binding(layout), record, h)
	e.Schema, e.Origin = made.values.schema.Schema, r.origin
	e.Offset, e.Recovered = record.Offset, record.Recovered
	e.HasRecordID, e.RecordID = true, record.ID
	id := record.First(h[evtx.HeadRecordID], layout.RecordID)
	if n, ok := id.Uint(); ok {
		e.RecordID = n
	} else if n, ok := decimal(r.textOf(id)); ok {
		e.RecordID = n // forwarded and exported logs hold texts
	}
	e.Time = r.time(record, record.First(h[evtx.HeadTime], layout.Time))
	e.Host = r.computer(record.First(h[evtx.HeadComputer], layout.Computer))
}

// yearTenThousand is the first second, since 1970, that RFC 3339 can't write.
const yearTenThousand = 253402300800

// textOf returns the text of a value, valid until the next call.
func (r *evtxReader) textOf(v evtx.Value) []byte {
	if v.IsNull() || v.Type == evtx.TypeAbsent {
		return nil
	}
	r.text = v.AppendText(r.text[:0])
	return r.text
}

// decimal reads a number as strconv.ParseUint does.
func decimal(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(b) > 0
}

// time returns the time that System states, or else the one of the record's header; zero for one beyond the calendar.
func (r *evtxReader) time(record *evtx.Record, stated evtx.Value) time.Time {
	t, ok := stated.Time()
	if !ok {
		if t, ok = rfc3339(r.textOf(stated)); !ok { // forwarded and exported logs hold texts
			t = record.WrittenTime()
		}
	}
	if t.Unix() >= yearTenThousand {
		return time.Time{} // damage or forgery, and nothing that RFC 3339 can write
	}
	return t
}

// rfc3339 reads a time as time.Parse does, for time.RFC3339Nano.
func rfc3339(b []byte) (time.Time, bool) {
	// Fast path: what Windows writes, of which parseTime says the same without an error that costs more than the time.
	if n := len(b) - 1; n >= 19 && n < 30 && b[n] == 'Z' && b[n-1] != ' ' && b[10] == 'T' && (n == 19 || n > 20 && b[19] == '.') && b[0] > '0' {
		if b[17] >= '6' && b[17] <= '9' && b[13] == ':' && b[16] == ':' {
			return time.Time{}, false // parseTime takes a leap second
		}
		if b[17] < '6' {
			t, zoned, ok := parseTime(b)
			return t, ok && zoned
		}
	}
	if len(b) < len("2006-01-02T5:04:05Z") || b[4] != '-' || b[10] != 'T' { // nor does what is no such time at all
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, string(b))
	return t.UTC(), err == nil
}

// maxHostName bounds, in bytes of UTF-16, the names of computers that are remembered: DNS has none of more than 255 characters.
const maxHostName = 512

func (r *evtxReader) computer(v evtx.Value) string {
	if v.Type == evtx.TypeAbsent {
		return r.origin.Host
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
			name = r.unnamed
		}
		if len(r.hosts) >= 1024 {
			clear(r.hosts)
		}
		if len(v.Raw) <= maxHostName {
			r.hosts[string(v.Raw)] = name
		}
	}
	r.host, r.name = append(r.host[:0], v.Raw...), name
	return name
}

// schema returns the schema of the record.
func (r *evtxReader) schema(b *evtxBinding, record *evtx.Record, h *evtx.Head) *evtxSchema {
	provider, channel := record.First(h[evtx.HeadProvider], b.layout.Provider), record.First(h[evtx.HeadChannel], b.layout.Channel)
	id, hasID := r.eventID(record.First(h[evtx.HeadEventID], b.layout.EventID))
	// Bytes mean something else in another type, though hardly any log has a provider that is no string.
	key := id ^ uint64(provider.Type)<<40 ^ uint64(channel.Type)<<48
	e := &b.recent[id%uint64(len(b.recent))]
	if e.schema != nil && e.key == key && bytes.Equal(e.provider, provider.Raw) && bytes.Equal(e.channel, channel.Raw) {
		return e.schema
	}
	r.key = binary.LittleEndian.AppendUint64(r.key[:0], key)
	r.key = binary.LittleEndian.AppendUint32(r.key, uint32(len(provider.Raw)))
	r.key = append(append(r.key, provider.Raw...), channel.Raw...)
	s := b.all[string(r.key)]
	if s == nil {
		s = &evtxSchema{Schema: r.logs.schema(evtxShape{
			layout: b.layout, provider: string(provider.AppendText(nil)), channel: string(channel.AppendText(nil)), eventID: uint32(id), hasEventID: hasID,
		})}
		r.weight += len(b.layout.Fields) + 16
		b.all[string(r.key)] = s
	}
	e.schema, e.key = s, key
	e.provider, e.channel = append(e.provider[:0], provider.Raw...), append(e.channel[:0], channel.Raw...)
	return s
}

// evtxNoID stands for an event identifier that is none.
const evtxNoID = 1 << 63

func (r *evtxReader) eventID(v evtx.Value) (uint64, bool) {
	if n, ok := v.Uint(); ok && n <= 1<<32-1 {
		return n, true
	}
	if n, ok := decimal(r.textOf(v)); ok && n <= 1<<32-1 {
		return n, true
	}
	return evtxNoID, false
}
