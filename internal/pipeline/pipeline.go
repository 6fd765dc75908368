// Package pipeline is the only wiring of goshawk: it walks the evidence, cuts files into parts, lets workers
// parse the parts and look at each record, and hands what they made to one sink in the order of the evidence. The number
// of workers never shows in the result, memory is bounded by the number of parts under way, and a fault in one
// part is a problem of that part.
//
//	evidence.Walk -> parts -> workers (parser.Read, Worker.Records) -> Sink, by path and offset
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// Options say what to read and how.
type Options struct {
	Args     []string // files and folders
	Evidence evidence.Options
	Workers  int       // 0: one a processor
	Progress *Progress // may be nil
	From, To time.Time // records outside are left out; zero: no bound; a record without time always passes
	Parsers  []string  // names; empty: all

	testOnlyFind   func(path string, head []byte) *parser.Parser // takes the place of parser.For
	testOnlyMemory int64                                         // of sorters
}

// find returns the parser for a file, or nil.
func (o *Options) find(path string, head []byte) *parser.Parser {
	if o.testOnlyFind != nil {
		return o.testOnlyFind(path, head)
	}
	return parser.For(path, head, o.Parsers)
}

// Worker looks at records. Each goroutine has its own; B is a batch of what it made of them.
type Worker[B any] interface {
	// Records looks at some records, which are valid during the call. It gives away what it made of them and of those before once
	// there is enough.
	Records(batch []*event.Record, give func(B))
	// Rest returns, at the end of a part, what was made and not given away yet, and whether there is any.
	Rest() (B, bool)
}

// Sink consumes the results, in order. It is called by one goroutine at a time, none of which it may end, as a test's Fatal would.
type Sink[B any] struct {
	Batch func(f *File, b B) error // results of a file, in order of offset
	File  func(f *File) error      // after the file's last batch, in the walk's order
	// Mixed says that the batches of two files may come in turn: then they are read, and hashed, at once. Each file's own come in
	// order all the same.
	Mixed bool
}

// batchBytes is how much a worker gathers before it hands a batch on.
const batchBytes = 256 << 10

// batchesAhead bounds the batches of a part, or of a stretch of findings, that wait for their turn.
const batchesAhead = 8

// part is a piece of a file that one worker parses.
type part struct {
	file   *File
	parser *parser.Parser // nil: nothing reads the file
	input  *evidence.Input
	by     int // the worker that read it
	last   bool
	late   []*evidence.Problem // of the whole file, in its last part: what reading it showed
	done   func()              // gives back what the part holds; nil if nothing
	tally  *tally
}

// Run reads the evidence. It returns the context's error if it was stopped, after what was finished has been handed on;
// damage in the evidence is no error but stands in the Files.
func Run[B any](ctx context.Context, o Options, newWorker func() Worker[B], sink Sink[B]) error {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	walkCtx, stop := context.WithCancel(ctx)
	defer stop()
	var workers []func(*part, func(B))
	for range o.Workers {
		w := newWorker()
		workers = append(workers, func(p *part, give func(B)) { runPart(walkCtx, &o, p, w, give) })
	}
	t := &taker[B]{sink: sink, progress: o.Progress, ended: map[int]*File{}}
	f := &feeder{o: &o, reader: &t.crew.bringer, atOnce: 1}
	if sink.Mixed {
		f.atOnce = 2
	}
	f.memory.most = o.Workers*(jobsAhead(o.Workers)+2) + 4
	t.crew = crew[*part, B]{take: t.batch, done: t.part, stop: stop, by: func(p *part) int { return p.by }}
	err := t.crew.run(f.parts(walkCtx), workers)
	if err == nil && f.failed != nil && !errors.Is(f.failed, context.Canceled) {
		err = f.failed
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// recordsBetweenLooks is how many records a worker reads before it looks again whether the run is stopped.
const recordsBetweenLooks = 1 << 10

// runPart lets a worker see every record of a part. A panic is a fault of ours that costs the batch and the rest of this part only.
func runPart[B any](ctx context.Context, o *Options, p *part, w Worker[B], give func(B)) {
	if p.done != nil {
		defer p.done()
	}
	if p.parser == nil {
		return
	}
	if ctx.Err() != nil {
		p.tally.stopped = true
		return
	}
	defer func() {
		if fault := recover(); fault != nil {
			p.tally.problem(&evidence.Problem{Offset: p.input.From, What: p.parser.Name + " parser", Err: fmt.Errorf("internal fault: %v", fault)})
			if b, ok := w.Rest(); ok {
				give(b)
			}
		}
	}()
	looked := p.tally.seen
	var some []*event.Record
	for batch, err := range p.parser.Read(p.input) {
		if err != nil {
			p.tally.problem(err)
			continue
		}
		if p.tally.seen == 0 || p.tally.seen-looked >= recordsBetweenLooks {
			if looked = p.tally.seen; ctx.Err() != nil {
				p.tally.stopped = true
				break
			}
		}
		for _, r := range batch {
			p.tally.record(r)
		}
		if !o.From.IsZero() || !o.To.IsZero() {
			some = some[:0]
			for _, r := range batch {
				if o.inSpan(r.Time) {
					some = append(some, r)
				}
			}
			batch = some
		}
		w.Records(batch, give)
	}
	if b, ok := w.Rest(); ok {
		give(b)
	}
	o.Progress.parsed(p.tally.seen)
}

func (o *Options) inSpan(t time.Time) bool {
	if t.IsZero() {
		return true
	}
	return (o.From.IsZero() || !t.Before(o.From)) && (o.To.IsZero() || t.Before(o.To))
}

// taker takes in what workers made, in order.
type taker[B any] struct {
	crew     crew[*part, B]
	sink     Sink[B]
	progress *Progress
	ended    map[int]*File // files whose turn is yet to come: one before them is under way; see filesAhead
	turn     int
}

func (t *taker[B]) batch(p *part, b B) error {
	if t.sink.Batch == nil {
		return nil
	}
	return t.sink.Batch(p.file, b)
}

func (t *taker[B]) part(p *part) error {
	p.file.add(p.tally)
	p.tally.release()
	if !p.last {
		return nil
	}
	p.file.late(p.late)
	p.file.release()
	t.progress.finished(p.file)
	t.ended[p.file.Number] = p.file
	for f := t.ended[t.turn]; f != nil; f = t.ended[t.turn] {
		delete(t.ended, t.turn)
		t.turn++
		if t.sink.File == nil || t.crew.failed != nil {
			continue
		}
		if err := t.sink.File(f); err != nil {
			return err
		}
	}
	return nil
}
