package pipeline

import (
	"cmp"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/event"
)

// hitBatch holds entries of hits of one part of a file.
type hitBatch struct {
	home    chan<- *hitBatch // where its worker looks for it when it was taken in
	origin  *event.Origin
	buf     []byte
	entries []hitEntry
}

// hitsOfPart is about how many bytes of hits a part of a log has that has many; a batch has room for them at once, and not by doubling.
const hitsOfPart = 96 << 10

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
	spare    chan *hitBatch // batches that were taken in: in the caches of this worker's processor they may still lie
	engine   int
	onHit    func(int, *detect.Hit)

	seen         detect.Seen
	shown, joins hitList // of the records under way
	_            [128]byte
}

// hitList is encoded hits in one record.
type hitList struct {
	buf  []byte
	hits []rawHit
}

type rawHit struct{ record, engine, rule, from, to int }

func newHunter(engines []detect.Engine) *hunter {
	w := &hunter{spare: make(chan *hitBatch, spareBatches)}
	w.batch = &hitBatch{home: w.spare}
	for _, e := range engines {
		w.scanners = append(w.scanners, e.Scanner())
	}
	w.onHit = w.hit
	return w
}

// Records shows records to all scanners, and keeps for each one entry of what they see for the findings and one for the joiners.
func (w *hunter) Records(batch []*event.Record, give func(*hitBatch)) {
	w.shown.empty() // of a batch that a fault of ours ended
	w.joins.empty()
	for i, s := range w.scanners {
		w.engine = i
		s.Scan(batch, w.onHit)
	}
	shown, joins := w.shown.sorted(), w.joins.sorted()
	for len(shown)+len(joins) > 0 {
		n := first(shown, joins)
		r := batch[n]
		w.batch.origin = r.Origin
		w.seen.Reset(r)
		joins = w.keep(&w.joins, joins, n, nil)
		shown = w.keep(&w.shown, shown, n, r)
		if len(w.batch.buf) >= batchBytes {
			give(w.swap())
		}
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
		w.joins.add(record, hit)
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
func (w *hunter) keep(l *hitList, hits []rawHit, record int, r *event.Record) (rest []rawHit) {
	n := 0
	for n < len(hits) && hits[n].record == record {
		n++
	}
	if n == 0 {
		return hits
	}
	b := w.batch
	from := len(b.buf)
	if b.buf = w.seen.AppendKey(b.buf); r != nil {
		b.buf = w.seen.AppendDataOf(b.buf, n, r)
	} else {
		b.buf = w.seen.AppendData(b.buf, n)
	}
	for _, h := range hits[:n] {
		b.buf = append(b.buf, l.buf[h.from:h.to]...)
	}
	b.entries = append(b.entries, hitEntry{from, len(b.buf), r == nil})
	return hits[n:]
}

// Rest returns the hits that were not given away.
func (w *hunter) Rest() (*hitBatch, bool) {
	if len(w.batch.entries) == 0 {
		return nil, false
	}
	return w.swap(), true
}

// swap returns the batch, and begins another.
func (w *hunter) swap() *hitBatch {
	b := w.batch
	select {
	case w.batch = <-w.spare:
	default:
		w.batch = &hitBatch{home: w.spare, buf: make([]byte, 0, hitsOfPart)}
	}
	return b
}
