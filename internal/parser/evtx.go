package parser

import (
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/goshawk-ir/goshawk/evtx"
	"github.com/goshawk-ir/goshawk/internal/adaptive"
	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

func init() {
	logs := &evtxLogs{}
	register(Parser{
		Name:    "evtx",
		Doc:     "Windows event logs since Vista, records in slack and in damaged chunks included; docs/formats/evtx.md",
		Match:   func(_ string, head []byte) bool { return evtx.Is(head) },
		Parse:   func(in *evidence.Input) iter.Seq2[*event.Record, error] { return singly(logs.parse(in)) },
		Batches: logs.parse,
		Split:   splitEVTX,
	})
	register(Parser{
		Name:    "evtx-carve",
		Doc:     "records of Windows event logs in files of no known kind: cut or shifted logs, unallocated space",
		Match:   func(string, []byte) bool { return true },
		Parse:   func(in *evidence.Input) iter.Seq2[*event.Record, error] { return singly(logs.carve(in)) },
		Batches: logs.carve,
		Carve:   true,
	})
}

// evtxPart is how many chunks a part of a log has.
const evtxPart = 8

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
	mu      adaptive.Mutex
	schemas map[evtxShape]*event.Schema
	known   []evtxKnown // of the files that were read last
	readers sync.Pool   // of *evtxReader: each holds a chunk, and remembers what the next part is likely to have again
}

// evtxKnown is a file and its templates, which its parts share.
type evtxKnown struct {
	origin    *event.Origin
	file      *evtx.File
	templates *evtx.Templates
}

// maxEVTXKnown is of how many files the templates are kept.
const maxEVTXKnown = 16

// open opens the file of a part.
func (l *evtxLogs) open(in *evidence.Input) (*evtx.File, *evtx.Templates, error) {
	if k, ok := l.opened(in.Origin); ok {
		return k.file.With(in, in.Size), k.templates, nil
	}
	f, err := evtx.Open(in, in.Size)
	if err != nil {
		return nil, nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := l.find(in.Origin); i >= 0 {
		return f, l.known[i].templates, nil
	}
	if len(l.known) >= maxEVTXKnown {
		l.known = append(l.known[:0], l.known[1:]...)
	}
	k := evtxKnown{in.Origin, f, f.Templates(&l.cache)}
	l.known = append(l.known, k)
	return f, k.templates, nil
}

func (l *evtxLogs) opened(origin *event.Origin) (k evtxKnown, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := l.find(origin); i >= 0 {
		return l.known[i], true
	}
	return k, false
}

func (l *evtxLogs) find(origin *event.Origin) int {
	return slices.IndexFunc(l.known, func(k evtxKnown) bool { return k.origin == origin })
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
		s.Fields = append(s.Fields, event.Field{Name: f.Name, Apart: !f.Simple()})
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

func (l *evtxLogs) parse(in *evidence.Input) iter.Seq2[[]*event.Record, error] {
	return func(yield func([]*event.Record, error) bool) {
		f, templates, err := l.open(in)
		if err != nil {
			yield(nil, evtxProblem(err))
			return
		}
		r, ok := l.readers.Get().(*evtxReader)
		if !ok {
			r = l.newReader()
		}
		r.begin(in.Origin, yield)
		r.chunk.Templates = templates
		first := 0
		if in.From > evtx.FileHeaderSize {
			first = int((in.From - evtx.FileHeaderSize + evtx.ChunkSize - 1) / evtx.ChunkSize)
		}
		for i := first; i < f.Chunks(); i++ {
			if at := evtx.FileHeaderSize + int64(i)*evtx.ChunkSize; at >= in.To && in.To < in.Size {
				break
			}
			if f.Batches(i, r.chunk)(r.taking); r.stopped { // to range over it would make a function for each chunk
				return
			}
		}
		r.end()
		l.readers.Put(r)
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
