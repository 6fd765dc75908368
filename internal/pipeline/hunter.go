package pipeline

import (
	"cmp"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/event"
)

// hitBatch holds entries of hits of one part of a file.
type hitBatch struct {
	origin  *event.Origin
	buf     []byte
	entries []hitEntry
}

// hitEntry is a key and data in a batch's buf.
type hitEntry struct {
	from, to int
	joins    bool // for joiners; else to be shown
}

// hunter is the worker of a hunt.
type hunter struct {
	_ [128]byte // so that no other worker's writes lie in the same lines of a cache

	scanners []detect.Scanner
	batch    *hitBatch
	spare    chan *hitBatch // batches that were taken in
	engine   int
	onHit    func(*detect.Hit)

	seen         detect.Seen
	shown, joins hitList // of the record under way
	fields       []byte
	_            [128]byte
}

// hitList is encoded hits in one record.
type hitList struct {
	buf  []byte
	hits []rawHit
}

type rawHit struct{ engine, rule, from, to int }

func newHunter(engines []detect.Engine, spare chan *hitBatch) *hunter {
	w := &hunter{batch: &hitBatch{}, spare: spare}
	for _, e := range engines {
		w.scanners = append(w.scanners, e.Scanner())
	}
	w.onHit = w.hit
	return w
}

// Record shows a record to all scanners, and keeps one entry of what they see for the findings and one for the joiners.
func (w *hunter) Records(batch []*event.Record) {
	for _, r := range batch {
		w.record(r)
	}
}

func (w *hunter) record(r *event.Record) {
	for i, s := range w.scanners {
		w.engine = i
		s.Scan(r, w.onHit)
	}
	if len(w.shown.hits)+len(w.joins.hits) == 0 {
		return
	}
	w.batch.origin = r.Origin
	w.seen.Reset(r)
	w.keep(&w.joins, true)
	if len(w.shown.hits) > 0 {
		w.fields = r.AppendFields(w.fields[:0])
		w.seen.Fields = w.fields
	}
	w.keep(&w.shown, false)
}

func (w *hunter) hit(hit *detect.Hit) {
	hit.Engine = w.engine
	if hit.Joins {
		w.joins.add(hit)
	}
	if hit.Shown {
		hit.Needs = hit.Needs[:0] // a finding doesn't show them
		w.shown.add(hit)
	}
}

func (l *hitList) add(hit *detect.Hit) {
	from := len(l.buf)
	l.buf = hit.AppendHit(l.buf)
	l.hits = append(l.hits, rawHit{hit.Engine, hit.Rule, from, len(l.buf)})
}

// keep makes an entry of hits in the record, in order, and empties the list.
func (w *hunter) keep(l *hitList, joins bool) {
	if len(l.hits) == 0 {
		return
	}
	slices.SortStableFunc(l.hits, func(a, b rawHit) int { return cmp.Or(cmp.Compare(a.engine, b.engine), cmp.Compare(a.rule, b.rule)) })
	b := w.batch
	from := len(b.buf)
	b.buf = w.seen.AppendData(w.seen.AppendKey(b.buf), len(l.hits))
	for _, h := range l.hits {
		b.buf = append(b.buf, l.buf[h.from:h.to]...)
	}
	b.entries = append(b.entries, hitEntry{from, len(b.buf), joins})
	l.buf, l.hits = l.buf[:0], l.hits[:0]
}

// Take hands the hits on.
func (w *hunter) Take(end bool) (*hitBatch, bool) {
	b := w.batch
	if len(b.entries) == 0 || !end && len(b.buf) < batchBytes {
		return nil, false
	}
	select {
	case w.batch = <-w.spare:
	default:
		w.batch = &hitBatch{}
	}
	return b, true
}
