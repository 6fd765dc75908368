package pipeline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// FindingWorker makes findings ready for a sink. Each goroutine has its own; F is a batch of what it made of them.
type FindingWorker[F any] interface {
	// Findings looks at some findings, which are valid during the call but for their texts. It gives away what it made of them and of
	// those before once there is enough.
	Findings(batch []*finding.Finding, give func(F))
	// Rest returns, at the end of a stretch of findings, what was made and not given away yet, and whether there is any.
	Rest() (F, bool)
}

// stretch is a run of entries, in order, of which one worker makes findings.
type stretch struct {
	buf     []byte
	entries []stretchEntry
	err     error // of the worker
	by      int   // who filled it
}

type stretchEntry struct {
	key, data, end int  // in buf
	joined         bool // a finding as JSON, else an entry of hits
}

// Sizes of a stretch: large enough that handing it over costs little, small enough that all workers have one.
const (
	stretchBytes   = 64 << 10
	stretchEntries = 512
)

func (s *stretch) add(e Entry, joined bool) {
	from := len(s.buf)
	s.buf = append(append(s.buf, e.Key...), e.Data...)
	s.entries = append(s.entries, stretchEntry{from, from + len(e.Key), len(s.buf), joined})
}

func (s *stretch) full() bool {
	return len(s.buf) >= stretchBytes || len(s.entries) >= stretchEntries
}

// presenter makes findings of what was sorted, on all workers, and hands them on in order.
type presenter[F any] struct {
	workers  int
	joiners  []detect.Joiner
	progress *Progress
	sink     *HuntSink[F]
	spare    shelf[*stretch]
	feeding  *int        // which worker feeds at present
	stopped  atomic.Bool // the sink wants no more
}

// run calls each for the entries in order; that hands them to its argument, which says whether to go on.
func (p *presenter[F]) run(each func(yield func(e Entry, joined bool) bool) error) error {
	p.spare.most = jobsUnderWay(p.workers) + 1
	var workers []func(*stretch, func(F))
	for range p.workers {
		w := &findingMaker[F]{joiners: p.joiners, progress: p.progress, worker: p.sink.Worker()}
		workers = append(workers, func(s *stretch, give func(F)) {
			w.give = give
			s.err = w.stretch(s)
		})
	}
	var failed error
	c := crew[*stretch, F]{
		take: func(_ *stretch, b F) error { return p.sink.Findings(b) },
		done: p.done,
		stop: func() { p.stopped.Store(true) },
	}
	p.feeding = &c.bringer
	err := c.run(func(yield func(*stretch) bool) { failed = p.feed(each, yield) }, workers)
	return cmp.Or(err, failed)
}

// feed cuts the entries into stretches.
func (p *presenter[F]) feed(each func(yield func(e Entry, joined bool) bool) error, yield func(*stretch) bool) error {
	s := p.empty()
	err := each(func(e Entry, joined bool) bool {
		if s.add(e, joined); !s.full() {
			return true
		}
		if p.stopped.Load() || !yield(s) {
			s = nil
			return false
		}
		s = p.empty()
		return true
	})
	if s != nil && len(s.entries) > 0 && !p.stopped.Load() {
		yield(s) // what came before an error too
	}
	return err
}

func (p *presenter[F]) empty() *stretch {
	s, ok := p.spare.get(*p.feeding)
	if !ok {
		s = &stretch{buf: make([]byte, 0, stretchBytes+stretchBytes/8)} // once, and not by doubling
	}
	s.buf, s.entries, s.err, s.by = s.buf[:0], s.entries[:0], nil, *p.feeding
	return s
}

// done takes back a stretch.
func (p *presenter[F]) done(s *stretch) error {
	err := s.err
	if cap(s.buf) <= 4*stretchBytes {
		p.spare.put(s.by, s)
	}
	return err
}

// findingMaker is the worker that makes findings of entries.
type findingMaker[F any] struct {
	joiners  []detect.Joiner
	progress *Progress
	worker   FindingWorker[F]
	give     func(F)
	reader   detect.EntryReader
	text     []byte            // fields of hits
	hits     []detect.Hit      // read back, and not made findings of yet
	made     []finding.Finding // of these
	batch    []*finding.Finding
}

// findingsAtOnce is how many findings are made before they are written, for the sake of the processor's nearest cache.
const findingsAtOnce = 32

func (m *findingMaker[F]) stretch(s *stretch) error {
	var err error
	for i := 0; i < len(s.entries) && err == nil; i++ {
		e := &s.entries[i]
		key, data := s.buf[e.key:e.data], s.buf[e.data:e.end]
		if e.joined {
			err = m.joined(data)
		} else {
			err = m.entry(key, data)
		}
	}
	m.flush()
	if cap(m.text) > 4*stretchBytes { // of a long record
		m.text = nil
	}
	if b, ok := m.worker.Rest(); ok {
		m.give(b)
	}
	return err
}

func (m *findingMaker[F]) joined(data []byte) error {
	f := &finding.Finding{}
	if err := json.Unmarshal(data, f); err != nil {
		return fmt.Errorf("read a finding back: %w", err)
	}
	m.flush()
	m.batch = append(m.batch[:0], f)
	m.found()
	return nil
}

// entry reads back the hits of an entry.
func (m *findingMaker[F]) entry(key, data []byte) error {
	if err := m.reader.Read(key, data); err != nil {
		return readBack(err)
	}
	if len(m.hits) == 0 { // else the last ones' fields are in it
		m.text = m.text[:0]
	}
	m.text = m.reader.Unmark(m.text)
	return eachHitOf(&m.reader, func(h *detect.Hit) error {
		m.hits = append(m.hits, *h)
		m.hits[len(m.hits)-1].Needs = nil // the next hit's take their place, and no finding shows them
		if len(m.hits) == findingsAtOnce {
			m.flush()
		}
		return nil
	})
}

// flush makes findings of the hits that were read back.
func (m *findingMaker[F]) flush() {
	m.batch = m.batch[:0]
	if len(m.made) < len(m.hits) {
		m.made = make([]finding.Finding, findingsAtOnce)
	}
	for i := range m.hits {
		if h := &m.hits[i]; m.joiners[h.Engine].Finding(h, &m.made[i]) {
			m.batch = append(m.batch, &m.made[i])
		}
	}
	m.found()
	for i := range m.hits {
		m.hits[i], m.made[i].Fields = detect.Hit{}, nil // which are the stretch's
	}
	m.hits = m.hits[:0]
}

// found shows the worker the findings of the batch.
func (m *findingMaker[F]) found() {
	if len(m.batch) == 0 {
		return
	}
	if m.progress != nil {
		m.progress.Findings.Add(int64(len(m.batch)))
	}
	m.worker.Findings(m.batch, m.give)
}

// eachHitOf calls do for each hit of the entry that is being read.
func eachHitOf(r *detect.EntryReader, do func(*detect.Hit) error) error {
	for {
		hit, err := r.Next()
		if err != nil {
			return readBack(err)
		}
		if hit == nil {
			return nil
		}
		if err := do(hit); err != nil {
			return err
		}
	}
}

func readBack(err error) error { return fmt.Errorf("read a hit back: %w", err) }
