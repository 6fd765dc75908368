package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"maps"
	"runtime"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/heap"
)

// HuntSink takes what a hunt finds. Findings come after the files, made ready by several workers, in order of time, path and
// offset.
type HuntSink[F any] struct {
	File     func(*File) error       // may be nil
	Worker   func() FindingWorker[F] // makes one
	Findings func(F) error           // called by one goroutine at a time, as File is
}

// Hunt looks at all records with the engines and hands on what they find. If it is stopped (the context's error is
// returned), the findings of what was read until then are handed on all the same.
//
// Hits are sorted by time, on disk if need be, before the engines' joiners see them, so that files in any
// order are one stream. What the joiners find by remembering is sorted by itself, since a correlation speaks only when
// its window is over, and then merged with what single hits mean.
func Hunt[F any](ctx context.Context, o Options, engines []detect.Engine, sink HuntSink[F]) error {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	h := &hunt{engines: engines, origins: map[int]*event.Origin{}}
	defer h.close()
	sorter := func() *Sorter {
		return &Sorter{Dir: o.Evidence.TempDir, Memory: o.testOnlyMemory, Runs: max(fewRuns, maxRuns/o.Workers)}
	}
	h.joined = sorter()
	err := Run(ctx, o, func() Worker[error] { return h.worker(newHunter(engines, sorter)) }, Sink[error]{
		Batch: func(_ *File, failed error) error { return failed }, File: sink.File, Mixed: true,
	})
	if err != nil && ctx.Err() == nil {
		return err
	}
	if h.manyJoins() {
		defer heap.SetGrowth(heap.SetGrowth(joinGrowth))
	}
	if joinErr := h.join(); joinErr != nil {
		return joinErr
	}
	p := &presenter[F]{workers: o.Workers, joiners: h.joiners, progress: o.Progress, sink: &sink}
	if findErr := p.run(h.merge); findErr != nil {
		return findErr
	}
	return err
}

// fewRuns is how many runs of a level the sorter of one of many workers has at least: all of them are merged at once in the end.
const fewRuns = 16

type hunt struct {
	engines []detect.Engine
	joiners []detect.Joiner
	origins map[int]*event.Origin // of files with hits
	hunters []*hunter
	hits    []*Sorter // of the hunters
	joins   []*Sorter
	joined  *Sorter // findings of joiners, as JSON, by the key of their first hit
	reader  detect.EntryReader
	key     []byte
	failed  error
}

func (h *hunt) worker(w *hunter) *hunter {
	h.hunters, h.hits, h.joins = append(h.hunters, w), append(h.hits, w.hits), append(h.joins, w.joins)
	return w
}

func (h *hunt) close() {
	closeAll(h.hits)
	closeAll(h.joins)
	h.joined.Close()
}

// manyJoins says whether correlations may have much to remember.
func (h *hunt) manyJoins() bool {
	bytes := int64(0)
	for _, s := range h.joins {
		if len(s.runs) > 0 {
			return true
		}
		bytes += s.held.bytes
	}
	return bytes > manyJoins
}

// join shows the hits to the joiners, in order of time.
func (h *hunt) join() error {
	for _, w := range h.hunters {
		maps.Copy(h.origins, w.origins)
	}
	for _, engine := range h.engines {
		joiner, err := engine.Joiner(func(file int) *event.Origin { return h.origins[file] })
		if err != nil {
			return err
		}
		h.joiners = append(h.joiners, joiner)
	}
	for e, err := range withoutCopies(allOf(h.joins)) {
		if err != nil {
			return err
		}
		if err := h.reader.Read(e.Key, e.Data); err != nil {
			return readBack(err)
		}
		err := eachHitOf(&h.reader, func(hit *detect.Hit) error {
			h.joiners[hit.Engine].Add(hit, h.keep)
			return h.failed
		})
		if err != nil {
			return err
		}
	}
	for _, joiner := range h.joiners {
		if joiner.Close(h.keep); h.failed != nil {
			return h.failed
		}
	}
	return closeAll(h.joins) // their memory is needed elsewhere
}

// joinGrowth is by how many per cent the heap may grow once all evidence is read, where correlations have much to remember. What they
// remember stays, and little garbage is made from then on: a heap that may double before it is looked through would double the
// memory of a run with millions of groups.
const joinGrowth = 20

// manyJoins is from how many bytes of hits that correlations want on the heap is held small: they can't remember much of less.
const manyJoins = 1 << 20

// keep holds a joiner's finding for its turn.
func (h *hunt) keep(f *finding.Finding, first *detect.Hit) {
	if h.failed != nil {
		return
	}
	data, err := json.Marshal(f)
	if err == nil {
		// By its own time and the place of its first record; since the key is longer than a record's, after what is found
		// in that record alone.
		place := detect.Seen{Time: f.Time, File: first.File, Offset: first.Offset}
		h.key = append(place.AppendKey(h.key[:0]), f.Rule.ID...)
		err = h.joined.Add(append(h.key, f.ID...), data)
	}
	h.failed = err
}

// merge yields, in order of their keys, the records that findings are made of and the findings of the joiners.
func (h *hunt) merge(yield func(e Entry, joined bool) bool) error {
	next, stop := iter.Pull2(h.joined.All())
	defer stop()
	joined, err, more := next()
	for e, failed := range withoutCopies(allOf(h.hits)) {
		if failed != nil {
			return failed
		}
		for ; more && err == nil && bytes.Compare(joined.Key, e.Key) < 0; joined, err, more = next() {
			if !yield(joined, true) {
				return nil
			}
		}
		if more && err != nil {
			return err
		}
		if !yield(e, false) {
			return nil
		}
	}
	for ; more && err == nil; joined, err, more = next() {
		if !yield(joined, true) {
			return nil
		}
	}
	return err
}
