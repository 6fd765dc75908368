package pipeline

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// FindingWorker makes findings ready for a sink. Each goroutine has its own; F is a batch of what it made of them.
type FindingWorker[F any] interface {
	// Finding looks at one finding, which is valid during the call but for its texts.
	Finding(f *finding.Finding)
	// Take returns what was made since the last call and whether it is worth handing on: always at the end of a stretch of
	// findings, else once there is enough.
	Take(end bool) (F, bool)
}

// stretch is a run of entries, in order, of which one worker makes findings.
type stretch[F any] struct {
	buf     []byte
	entries []stretchEntry
	batches chan F
	err     error // written by the worker before batches is closed
}

type stretchEntry struct {
	key, data, end int  // in buf
	joined         bool // a finding as JSON, else an entry of hits
}

// Sizes of a stretch: large enough that handing it over, which may have to wake a processor, costs little; small enough that all workers have one.
const (
	stretchBytes   = 128 << 10
	stretchEntries = 1024
)

func (s *stretch[F]) add(e Entry, joined bool) {
	from := len(s.buf)
	s.buf = append(append(s.buf, e.Key...), e.Data...)
	s.entries = append(s.entries, stretchEntry{from, from + len(e.Key), len(s.buf), joined})
}

func (s *stretch[F]) full() bool {
	return len(s.buf) >= stretchBytes || len(s.entries) >= stretchEntries
}

// presenter makes findings of what was sorted, on all workers, and hands them on in order: as with records, workers take
// stretches in order and one consumer drains them in the same order.
type presenter[F any] struct {
	workers  int
	joiners  []detect.Joiner
	progress *Progress
	sink     *HuntSink[F]
	spare    chan *stretch[F]
	stop     chan struct{} // closed when the sink wants no more
}

// run calls each for the entries in order; that hands them to its argument, which says whether to go on.
func (p *presenter[F]) run(each func(yield func(e Entry, joined bool) bool) error) error {
	work, order := make(chan *stretch[F], 2*p.workers), make(chan *stretch[F], 3*p.workers)
	p.spare, p.stop = make(chan *stretch[F], 4*p.workers+1), make(chan struct{})
	fed := make(chan error, 1)
	go func() {
		fed <- p.feed(each, work, order)
		close(work)
		close(order)
	}()
	var workers sync.WaitGroup
	for range p.workers {
		w := &findingMaker[F]{joiners: p.joiners, progress: p.progress, worker: p.sink.Worker()}
		workers.Go(func() {
			for s := range work {
				s.err = w.stretch(s)
				close(s.batches)
			}
		})
	}
	err := p.consume(order)
	workers.Wait()
	if feedErr := <-fed; err == nil {
		err = feedErr
	}
	return err
}

// feed cuts the entries into stretches.
func (p *presenter[F]) feed(each func(yield func(e Entry, joined bool) bool) error, work, order chan<- *stretch[F]) error {
	s := p.empty()
	send := func() bool {
		select {
		case <-p.stop:
			return false
		default:
		}
		order <- s
		work <- s
		s = p.empty()
		return true
	}
	stopped := false
	err := each(func(e Entry, joined bool) bool {
		s.add(e, joined)
		stopped = s.full() && !send()
		return !stopped
	})
	if !stopped && len(s.entries) > 0 {
		send() // what came before an error too
	}
	return err
}

func (p *presenter[F]) empty() *stretch[F] {
	var s *stretch[F]
	select {
	case s = <-p.spare:
	default:
		s = &stretch[F]{}
	}
	s.buf, s.entries, s.batches, s.err = s.buf[:0], s.entries[:0], make(chan F, batchesAhead), nil
	return s
}

// consume hands the findings on in order. After an error the rest is drained.
func (p *presenter[F]) consume(order <-chan *stretch[F]) (failed error) {
	fail := func(err error) {
		if err != nil && failed == nil {
			failed = err
			close(p.stop)
		}
	}
	for s := range order {
		for b := range s.batches {
			if failed == nil {
				fail(p.sink.Findings(b))
			}
		}
		fail(s.err)
		if cap(s.buf) <= 4*stretchBytes {
			select {
			case p.spare <- s:
			default:
			}
		}
	}
	return failed
}

// findingMaker is the worker that makes findings of entries.
type findingMaker[F any] struct {
	joiners  []detect.Joiner
	progress *Progress
	worker   FindingWorker[F]
	reader   detect.EntryReader
	finding  finding.Finding
}

func (m *findingMaker[F]) stretch(s *stretch[F]) error {
	var err error
	for i := 0; i < len(s.entries) && err == nil; i++ {
		e := &s.entries[i]
		key, data := s.buf[e.key:e.data], s.buf[e.data:e.end]
		if e.joined {
			err = m.joined(s, data)
		} else {
			err = m.hits(s, key, data)
		}
	}
	if b, ok := m.worker.Take(true); ok {
		s.batches <- b
	}
	return err
}

func (m *findingMaker[F]) joined(s *stretch[F], data []byte) error {
	f := &finding.Finding{}
	if err := json.Unmarshal(data, f); err != nil {
		return fmt.Errorf("read a finding back: %w", err)
	}
	m.found(s, f)
	return nil
}

func (m *findingMaker[F]) hits(s *stretch[F], key, data []byte) error {
	return eachHitOf(&m.reader, key, data, func(h *detect.Hit) error {
		if m.joiners[h.Engine].Finding(h, &m.finding) {
			m.found(s, &m.finding)
		}
		return nil
	})
}

func (m *findingMaker[F]) found(s *stretch[F], f *finding.Finding) {
	if m.progress != nil {
		m.progress.Findings.Add(1)
	}
	m.worker.Finding(f)
	if b, ok := m.worker.Take(false); ok {
		s.batches <- b
	}
}

// eachHitOf calls do for each hit of an entry.
func eachHitOf(r *detect.EntryReader, key, data []byte, do func(*detect.Hit) error) error {
	err := r.Read(key, data)
	for err == nil {
		var hit *detect.Hit
		if hit, err = r.Next(); err != nil {
			break
		}
		if hit == nil {
			return nil
		}
		if err := do(hit); err != nil {
			return err
		}
	}
	return fmt.Errorf("read a hit back: %w", err)
}
