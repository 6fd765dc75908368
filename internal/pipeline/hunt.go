package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

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
// order are one stream; the joiners' findings are sorted once more, since a correlation speaks only when its window
// is over.
func Hunt(ctx context.Context, o Options, engines []detect.Engine, sink HuntSink) error {
	h := &hunt{options: o, engines: engines, sink: sink, origins: map[int]*event.Origin{}}
	defer h.close()
	for range engines {
		h.hits = append(h.hits, &Sorter{Dir: o.Evidence.TempDir})
	}
	h.findings = &Sorter{Dir: o.Evidence.TempDir}
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
	options  Options
	engines  []detect.Engine
	sink     HuntSink
	origins  map[int]*event.Origin // of files with hits
	hits     []*Sorter             // one for each engine
	findings *Sorter
	key      []byte
	failed   error
}

func (h *hunt) close() {
	for _, s := range h.hits {
		s.Close()
	}
	h.findings.Close()
}

func (h *hunt) take(f *File, b *hitBatch) error {
	h.origins[f.Number] = b.origin
	for _, e := range b.entries {
		// The worker doesn't know the file's number, which stands in the key between time and offset.
		h.key = detect.SetFile(append(h.key[:0], b.buf[e.from:e.from+detect.KeySize]...), f.Number)
		if err := h.hits[e.engine].Add(h.key, b.buf[e.from+detect.KeySize:e.to]); err != nil {
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
	for i, engine := range h.engines {
		joiner, err := engine.Joiner(func(file int) *event.Origin { return h.origins[file] })
		if err != nil {
			return err
		}
		for e, err := range h.hits[i].All() {
			if err != nil {
				return err
			}
			var hit detect.Hit
			if err := hit.Decode(e.Key, e.Data); err != nil {
				return fmt.Errorf("read a hit back: %w", err)
			}
			joiner.Add(&hit, h.found)
			if h.failed != nil {
				return h.failed
			}
		}
		joiner.Close(h.found)
		if h.failed != nil {
			return h.failed
		}
	}
	for e, err := range h.findings.All() {
		if err != nil {
			return err
		}
		var f finding.Finding
		if err := json.Unmarshal(e.Data, &f); err != nil {
			return fmt.Errorf("read a finding back: %w", err)
		}
		if err := h.sink.Finding(&f); err != nil {
			return err
		}
		if h.options.Progress != nil {
			h.options.Progress.Findings.Add(1)
		}
	}
	return nil
}

func (h *hunt) found(f *finding.Finding) {
	if h.failed != nil {
		return
	}
	data, err := json.Marshal(f)
	if err == nil {
		place := detect.Hit{Time: f.Time}
		h.key = append(place.AppendKey(h.key[:0]), placeKey(f)...)
		err = h.findings.Add(h.key, data)
	}
	h.failed = err
}

// placeKey orders findings of one time by path, offset and rule.
func placeKey(f *finding.Finding) string {
	if len(f.Evidence) == 0 {
		return f.Rule.ID
	}
	e := f.Evidence[0]
	return fmt.Sprintf("%s\x00%016x\x00%s\x00%s", e.Path, e.Offset, f.Rule.ID, f.ID)
}

// hitBatch holds encoded hits of one part of a file.
type hitBatch struct {
	origin  *event.Origin
	buf     []byte
	entries []hitEntry
}

type hitEntry struct{ engine, from, to int }

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
	from := len(b.buf)
	b.buf = hit.AppendData(hit.AppendKey(b.buf))
	b.entries = append(b.entries, hitEntry{w.engine, from, len(b.buf)})
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
