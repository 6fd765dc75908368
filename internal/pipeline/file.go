package pipeline

import (
	"errors"
	"sync"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// Bounds of what is kept in memory of one file and of one part of it.
const (
	maxProblems = 200
	maxHosts    = 4096
)

// File is a file of evidence and what was read of it. The numbers are complete when Sink.File is called.
type File struct {
	*evidence.File
	Number       int    // position in the walk, from 0
	Parser       string // "" if none reads the file
	Records      int64  // live ones
	Recovered    int64  // carved ones
	First, Last  time.Time
	Hosts        map[string]*HostTally
	Problems     []*evidence.Problem // the first of them
	ProblemCount int64
	Stopped      bool // the run was stopped before the file's end

	opened      bool
	notFollowed int64 // problems that only say what was left alone on purpose
}

// HostTally counts the records of a host.
type HostTally struct {
	Records     int64
	First, Last time.Time
}

// Unread says whether something of the file should have been read and was not. A link that was not followed is no such
// thing.
func (f *File) Unread() bool { return f.ProblemCount > f.notFollowed || f.Stopped }

func newFile(f *evidence.File, number int) *File {
	file := &File{File: f, Number: number, Hosts: map[string]*HostTally{}}
	for _, p := range f.Problems {
		file.problem(p)
	}
	return file
}

func (f *File) problem(p *evidence.Problem) {
	f.ProblemCount++
	if errors.Is(p.Err, evidence.ErrNotFollowed) {
		f.notFollowed++
	}
	if len(f.Problems) < maxProblems {
		if p.Path == "" {
			p.Path = f.Path
		}
		f.Problems = append(f.Problems, p)
	}
}

// late takes in what reading the file showed while its parts were under way. It stands before what parsers said, as it
// does where a file was read through before.
func (f *File) late(problems []*evidence.Problem) {
	if len(problems) == 0 {
		return
	}
	said := f.Problems
	f.Problems = nil
	for _, p := range problems {
		f.problem(p)
	}
	f.Problems = append(f.Problems, said[:min(len(said), maxProblems-len(f.Problems))]...)
}

// open opens the file and finds its parser; nil, nil where it can't be opened or nobody reads its kind.
func (f *File) open(o *Options) (*evidence.Input, *parser.Parser) {
	if !f.Readable() {
		return nil, nil
	}
	in, err := f.Open()
	if err != nil {
		f.problem(&evidence.Problem{Offset: -1, What: "open", Err: err})
		return nil, nil
	}
	f.opened = true
	in.Origin.Number = f.Number
	head := make([]byte, parser.HeadSize)
	n, err := in.ReadAt(head, 0)
	if n == 0 && in.Size > 0 {
		f.problem(&evidence.Problem{Offset: 0, What: "read", Err: err})
		return nil, nil
	}
	p := o.find(f.Path, head[:n])
	if p != nil && !p.Carve {
		f.Parser = p.Name
	}
	return in, p
}

func (f *File) release() {
	if f.opened {
		f.Release()
		f.opened = false
	}
}

// add takes over what a part counted.
func (f *File) add(t *tally) {
	t.end()
	f.Records += t.records
	f.Recovered += t.recovered
	f.Stopped = f.Stopped || t.stopped
	f.First, f.Last = span(f.First, f.Last, t.first, t.last)
	for _, p := range t.problems {
		f.problem(p)
	}
	f.ProblemCount += t.problemCount - int64(len(t.problems))
	for i := range t.hosts {
		h := &t.hosts[i]
		have := f.Hosts[h.name]
		if have == nil {
			if len(f.Hosts) >= maxHosts {
				continue
			}
			have = &HostTally{}
			f.Hosts[h.name] = have
		}
		have.Records += h.Records
		have.First, have.Last = span(have.First, have.Last, h.First, h.Last)
	}
}

// tally is what a worker counts of one part.
type tally struct {
	seen, records, recovered int64
	first, last              time.Time // of hosts before the present one
	hosts                    []namedTally
	hostAt                   map[string]int // in hosts
	host                     string         // the last record's, and where it is counted
	at                       *HostTally
	beyond                   HostTally // of hosts for which there was no room
	from, to                 int64     // the seconds of what at has
	problems                 []*evidence.Problem
	problemCount             int64
	stopped                  bool
}

// namedTally is what is counted for a host. They stand in the order in which they came, so that those for which there is no room are
// the same in every run.
type namedTally struct {
	name string
	HostTally
}

// tallies are those of parts that are done, to be used again.
var tallies = sync.Pool{New: func() any { return &tally{hostAt: map[string]int{}} }}

// release gives a tally back that was added to its file.
func (t *tally) release() {
	clear(t.hosts)
	clear(t.hostAt)
	*t = tally{hosts: t.hosts[:0], hostAt: t.hostAt}
	tallies.Put(t)
}

func (t *tally) record(r *event.Record) {
	t.seen++
	if r.Recovered {
		t.recovered++
	} else {
		t.records++
	}
	if t.at == nil || r.Host != t.host {
		t.changeHost(r.Host)
	}
	t.at.Records++
	// Fast path: a second between the first and the last widens nothing, and nearly every other one is later than the last.
	switch second := r.Time.Unix(); {
	case second > t.to && !t.at.First.IsZero():
		t.to, t.at.Last = second, r.Time
	case second == t.to && second > t.from:
		if r.Time.After(t.at.Last) {
			t.at.Last = r.Time
		}
	case second <= t.from || second >= t.to:
		t.at.First, t.at.Last = span(t.at.First, t.at.Last, r.Time, r.Time)
		t.from, t.to = t.at.First.Unix(), t.at.Last.Unix()
	}
}

// changeHost ends what was counted for the present host, and goes on with another one.
func (t *tally) changeHost(name string) {
	t.end()
	t.host, t.at = name, t.hostTally(name)
	t.from, t.to = t.at.First.Unix(), t.at.Last.Unix()
}

// end takes the present host's span into that of the part.
func (t *tally) end() {
	if t.at != nil {
		t.first, t.last = span(t.first, t.last, t.at.First, t.at.Last)
	}
}

func (t *tally) hostTally(name string) *HostTally {
	i, known := t.hostAt[name]
	if !known {
		if i = len(t.hosts); i >= maxHosts {
			t.beyond = HostTally{}
			return &t.beyond
		}
		t.hosts = append(t.hosts, namedTally{name: name})
		t.hostAt[name] = i
	}
	return &t.hosts[i].HostTally
}

func (t *tally) problem(err error) {
	t.problemCount++
	if len(t.problems) >= maxProblems {
		return
	}
	var p *evidence.Problem
	if !errors.As(err, &p) {
		p = &evidence.Problem{Offset: -1, What: "read", Err: err}
	}
	t.problems = append(t.problems, p)
}

// span widens [first, last] by [from, to]; zero times count as unset.
func span(first, last, from, to time.Time) (time.Time, time.Time) {
	if !from.IsZero() && (first.IsZero() || from.Before(first)) {
		first = from
	}
	if to.After(last) {
		last = to
	}
	return first, last
}
