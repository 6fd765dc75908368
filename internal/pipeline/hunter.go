package pipeline

import (
	"cmp"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/event"
)

// hunter is the worker of a hunt. It sorts what it sees itself: to hand that to somebody who sorts it for all would bring it from the caches of one
// processor to those of another, and back when the memory is used again. It makes no batches but one of an error, which ends the run.
type hunter struct {
	_ [128]byte // so that no other worker's writes lie in the same lines of a cache

	scanners []detect.Scanner
	engine   int
	onHit    func(int, *detect.Hit)
	hits     *Sorter               // that are shown, one entry a record
	joins    *Sorter               // that joiners want, one entry a record, without its fields
	origins  map[int]*event.Origin // of files with hits
	origin   *event.Origin         // the last of them
	failed   error

	seen         detect.Seen
	shown, asked hitList // of the records under way
	_            [128]byte
}

// hitList is encoded hits in one record.
type hitList struct {
	buf  []byte
	hits []rawHit
}

type rawHit struct{ record, engine, rule, from, to int }

func newHunter(engines []detect.Engine, sorter func() *Sorter) *hunter {
	w := &hunter{hits: sorter(), joins: sorter(), origins: map[int]*event.Origin{}}
	for _, e := range engines {
		w.scanners = append(w.scanners, e.Scanner())
	}
	w.onHit = w.hit
	return w
}

// Records shows records to all scanners, and keeps for each one entry of what they see for the findings and one for the joiners.
func (w *hunter) Records(batch []*event.Record, give func(error)) {
	w.shown.empty() // of a batch that a fault of ours ended
	w.asked.empty()
	for i, s := range w.scanners {
		w.engine = i
		s.Scan(batch, w.onHit)
	}
	shown, asked := w.shown.sorted(), w.asked.sorted()
	for len(shown)+len(asked) > 0 {
		n := first(shown, asked)
		r := batch[n]
		if r.Origin != w.origin {
			w.origin, w.origins[r.Origin.Number] = r.Origin, r.Origin
		}
		w.seen.Reset(r)
		w.seen.File = r.Origin.Number
		asked = w.keep(w.joins, &w.asked, asked, n, nil)
		shown = w.keep(w.hits, &w.shown, shown, n, r)
	}
	if w.failed != nil {
		give(w.failed)
	}
}

// first returns the first record that has a hit in one of the two lists.
func first(a, b []rawHit) int {
	if len(a) == 0 || len(b) > 0 && b[0].record < a[0].record {
		return b[0].record
	}
	return a[0].record
}

func (w *hunter) hit(record int, hit *detect.Hit) {
	hit.Engine = w.engine
	if hit.Joins {
		w.asked.add(record, hit)
	}
	if hit.Shown {
		hit.Needs = hit.Needs[:0] // a finding doesn't show them
		w.shown.add(record, hit)
	}
}

func (l *hitList) add(record int, hit *detect.Hit) {
	from := len(l.buf)
	l.buf = hit.AppendHit(l.buf)
	l.hits = append(l.hits, rawHit{record, hit.Engine, hit.Rule, from, len(l.buf)})
}

// sorted returns the hits in order of records, engines and rules.
func (l *hitList) sorted() []rawHit {
	slices.SortStableFunc(l.hits, func(a, b rawHit) int {
		return cmp.Or(cmp.Compare(a.record, b.record), cmp.Compare(a.engine, b.engine), cmp.Compare(a.rule, b.rule))
	})
	return l.hits
}

func (l *hitList) empty() { l.buf, l.hits = l.buf[:0], l.hits[:0] }

// keep makes an entry of the hits in a record, with which hits may begin, and returns those in the records that follow. With r the entry is
// to be shown, and has its fields; without, it is for joiners.
func (w *hunter) keep(to *Sorter, l *hitList, hits []rawHit, record int, r *event.Record) (rest []rawHit) {
	n := 0
	for n < len(hits) && hits[n].record == record {
		n++
	}
	if n == 0 || w.failed != nil {
		return hits[n:]
	}
	b := w.seen.AppendKey(to.Begin())
	key := len(b)
	if r != nil {
		b = w.seen.AppendDataOf(b, n, r)
	} else {
		b = w.seen.AppendData(b, n)
	}
	for _, h := range hits[:n] {
		b = append(b, l.buf[h.from:h.to]...)
	}
	w.failed = to.End(b, key)
	return hits[n:]
}

// Rest returns the error that ends the run, if there is one.
func (w *hunter) Rest() (error, bool) { return w.failed, w.failed != nil }
