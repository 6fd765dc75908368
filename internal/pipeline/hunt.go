package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// HuntSink takes what a hunt finds. Findings come after the files, in order of time, path and offset.
type HuntSink struct {
	File    func(*File) error // may be nil
	Finding func(*finding.Finding) error
}

// Hunt looks at all records with the engines and hands on what they find. If it is stopped (the context's error is
// returned), the findings of what was read until then are handed on all the same.
//
// Hits are sorted by time, on disk if need be, before the engines' joiners see them, so that files in any
// order are one stream. What the joiners find by remembering is sorted by itself, since a correlation speaks only when
// its window is over, and then merged with what single hits mean.
func Hunt(ctx context.Context, o Options, engines []detect.Engine, sink HuntSink) error {
	h := &hunt{options: o, engines: engines, sink: sink, origins: map[int]*event.Origin{}}
	defer h.close()
	h.hits = &Sorter{Dir: o.Evidence.TempDir}
	h.joined = &Sorter{Dir: o.Evidence.TempDir}
	err := Run(ctx, o, func() Worker[*hitBatch] { return newHunter(engines) }, Sink[*hitBatch]{Batch: h.take, File: h.file})
	if err != nil && ctx.Err() == nil {
		return err
	}
	if joinErr := h.join(); joinErr != nil {
		return joinErr
	}
	return err
}

type hunt struct {
	options Options
	engines []detect.Engine
	joiners []detect.Joiner
	sink    HuntSink
	origins map[int]*event.Origin // of files with hits
	hits    *Sorter
	joined  *Sorter // findings of joiners, as JSON, by the key of their first hit
	key     []byte
	failed  error
}

func (h *hunt) close() {
	h.hits.Close()
	h.joined.Close()
}

func (h *hunt) take(f *File, b *hitBatch) error {
	h.origins[f.Number] = b.origin
	for _, e := range b.entries {
		// The worker doesn't know the file's number, which stands in the key between time and offset.
		h.key = detect.SetFile(append(h.key[:0], b.buf[e.from:e.from+detect.KeySize]...), f.Number)
		if err := h.hits.Add(h.key, b.buf[e.from+detect.KeySize:e.to]); err != nil {
			return err
		}
	}
	return nil
}

func (h *hunt) file(f *File) error {
	if h.sink.File == nil {
		return nil
	}
	return h.sink.File(f)
}

// join shows the hits to the joiners, in order of time, and hands on the findings, in order again.
func (h *hunt) join() error {
	for _, engine := range h.engines {
		joiner, err := engine.Joiner(func(file int) *event.Origin { return h.origins[file] })
		if err != nil {
			return err
		}
		h.joiners = append(h.joiners, joiner)
	}
	var hit detect.Hit
	for e, err := range withoutCopies(h.hits.All()) {
		if err != nil {
			return err
		}
		engine, rule := detect.KeyRule(e.Key)
		if !h.joiners[engine].Joins(rule) {
			continue
		}
		if err := hit.Decode(e.Key, e.Data); err != nil {
			return fmt.Errorf("read a hit back: %w", err)
		}
		if h.joiners[engine].Add(&hit, h.keep); h.failed != nil {
			return h.failed
		}
	}
	for _, joiner := range h.joiners {
		if joiner.Close(h.keep); h.failed != nil {
			return h.failed
		}
	}
	return h.merge()
}

// keep holds a joiner's finding for its turn.
func (h *hunt) keep(f *finding.Finding, first *detect.Hit) {
	if h.failed != nil {
		return
	}
	data, err := json.Marshal(f)
	if err == nil {
		// By its own time and the place of its first record; after the findings of that record.
		place := detect.Hit{Time: f.Time, File: first.File, Offset: first.Offset, Engine: 255}
		h.key = append(place.AppendKey(h.key[:0]), f.Rule.ID...)
		err = h.joined.Add(append(h.key, f.ID...), data)
	}
	h.failed = err
}

// merge hands on what single hits mean and what the joiners found, in order of their keys.
func (h *hunt) merge() error {
	next, stop := iter.Pull2(h.joined.All())
	defer stop()
	joined, err, more := next()
	upTo := func(key []byte) error {
		for more && err == nil && (key == nil || bytes.Compare(joined.Key, key) < 0) {
			var f finding.Finding
			if err := json.Unmarshal(joined.Data, &f); err != nil {
				return fmt.Errorf("read a finding back: %w", err)
			}
			if err := h.found(&f); err != nil {
				return err
			}
			joined, err, more = next()
		}
		return err
	}
	var hit detect.Hit
	for e, err := range withoutCopies(h.hits.All()) {
		if err != nil {
			return err
		}
		if err := upTo(e.Key); err != nil {
			return err
		}
		if err := hit.Decode(e.Key, e.Data); err != nil {
			return fmt.Errorf("read a hit back: %w", err)
		}
		if f := h.joiners[hit.Engine].Finding(&hit); f != nil {
			if err := h.found(f); err != nil {
				return err
			}
		}
	}
	return upTo(nil)
}

func (h *hunt) found(f *finding.Finding) error {
	if h.options.Progress != nil {
		h.options.Progress.Findings.Add(1)
	}
	return h.sink.Finding(f)
}

// hitBatch holds encoded hits of one part of a file.
type hitBatch struct {
	origin  *event.Origin
	buf     []byte
	entries []hitEntry
}

type hitEntry struct{ from, to int }

// hunter is the worker of a hunt.
type hunter struct {
	scanners []detect.Scanner
	batch    *hitBatch
	engine   int
	onHit    func(*detect.Hit)
}

func newHunter(engines []detect.Engine) *hunter {
	w := &hunter{batch: &hitBatch{}}
	for _, e := range engines {
		w.scanners = append(w.scanners, e.Scanner())
	}
	w.onHit = w.hit
	return w
}

// Record shows a record to all scanners.
func (w *hunter) Record(r *event.Record) {
	before := len(w.batch.entries)
	for i, s := range w.scanners {
		w.engine = i
		s.Scan(r, w.onHit)
	}
	if len(w.batch.entries) > before {
		w.batch.origin = r.Origin
	}
}

func (w *hunter) hit(hit *detect.Hit) {
	b := w.batch
	hit.Engine = w.engine
	from := len(b.buf)
	b.buf = hit.AppendData(hit.AppendKey(b.buf))
	b.entries = append(b.entries, hitEntry{from, len(b.buf)})
}

// Take hands the hits on.
func (w *hunter) Take(end bool) (*hitBatch, bool) {
	b := w.batch
	if len(b.entries) == 0 || !end && len(b.buf) < batchBytes {
		return nil, false
	}
	w.batch = &hitBatch{}
	return b, true
}
