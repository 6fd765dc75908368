// Package synth writes the evidence of a made-up intrusion: nine days on five hosts of a company that doesn't
// exist, collected as a responder collects them. Event logs are real EVTX files, the Linux host's logs and the
// forwarder's JSON lines are text; one collection lies in a zip, one in a tar.gz. The story follows what is
// publicly known of intrusions into cryptocurrency organisations; docs/demo.md tells it.
//
// Nothing here can do harm: commands name programs and addresses that don't exist (example domains, addresses
// kept for documentation), and encoded text says "demo". The same options give the same bytes.
package synth

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Days is how long the story takes.
const Days = 9

// DefaultNoise is how many ordinary things happen on each host a day where Options don't say.
const DefaultNoise = 220

// Options say what to write. The zero value is the demonstration.
type Options struct {
	Seed uint64
	// Noise is how many ordinary things happen on each host a day; each leaves from one to six events. At 220 the
	// folder takes about 15 MiB, and each 1000 more add about 55 MiB. Windows logs are written as they are made;
	// the Linux host's lines, a twentieth of it, are held until the end.
	Noise int
	Start time.Time // first midnight of the story, UTC; default Monday, 2 March 2026
}

// Story says what was planted, so that a test can ask whether an investigation finds it.
type Story struct {
	Start, End time.Time
	Hosts      []string
	Planted    []Planted // in order of time, host, path and record
	Events     int       // all events of the Windows logs that are in the evidence, the background's too
	Lines      int       // lines of the text logs and the forwarder
}

// Planted is one trace of the intruder.
type Planted struct {
	Time       time.Time
	Host       string
	Path       string // relative to the folder, "container!/member" for what lies in an archive
	Channel    string // "" for text
	EventID    uint32
	RecordID   uint64 // 0 for text
	Line       int    // of a text log, from 1
	What       string
	Techniques []string // ATT&CK 19
	Destroyed  bool     // the record was cleared from its log
	Copy       string   // path of the forwarder's file that holds the same event, "" if none
}

// Write writes the evidence into dir, which is made if need be, and says what was planted.
func Write(dir string, o Options) (*Story, error) {
	return write(dir, o.filled(), nil)
}

// filled puts the defaults where nothing is said.
func (o Options) filled() Options {
	if o.Noise <= 0 {
		o.Noise = DefaultNoise
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	}
	o.Start = o.Start.UTC().Truncate(24 * time.Hour)
	return o
}

func write(dir string, o Options, observe func(h *host, e *entry)) (*Story, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make folder for the evidence: %w", err)
	}
	w := newWorld(dir, o)
	w.testOnlyObserve = observe
	if err := w.run(); err != nil {
		w.abandon()
		return nil, err
	}
	return w.story(), nil
}

// abandon closes what is open after an error that is already being told.
func (w *world) abandon() {
	for _, h := range w.hosts {
		for _, l := range h.logs {
			_ = l.file.Close()
		}
		if h.forward != nil {
			_ = h.forward.file.Close()
		}
	}
}

// story tells what was written.
func (w *world) story() *Story {
	s := &Story{Start: w.o.Start, End: w.o.Start.AddDate(0, 0, Days)}
	for _, h := range w.hosts {
		s.Hosts = append(s.Hosts, h.fqdn())
		s.Events += h.events
	}
	s.Hosts = append(s.Hosts, w.jump.name)
	s.Lines = w.lines
	for _, p := range w.planted {
		s.Planted = append(s.Planted, *p)
	}
	slices.SortStableFunc(s.Planted, func(a, b Planted) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Path, b.Path), cmp.Compare(a.RecordID, b.RecordID), cmp.Compare(a.Line, b.Line))
	})
	return s
}

// world is everything that is under way.
type world struct {
	dir     string
	o       Options
	hosts   []*host
	jump    *linux
	planted []*Planted
	lines   int

	ws, fs, dc, trs *host

	testOnlyObserve func(h *host, e *entry) // sees what is about to be written
}

func newWorld(dir string, o Options) *world {
	w := &world{dir: dir, o: o}
	w.ws = w.newHost("LKS-WS014", "192.0.2.14", mara)
	w.fs = w.newHost("LKS-FS01", "192.0.2.31", tobias)
	w.dc = w.newHost("LKS-DC01", "192.0.2.10", tobias)
	w.trs = w.newHost("LKS-TRS01", "192.0.2.40", ines)
	w.fs.server, w.dc.server = true, true
	w.hosts = []*host{w.ws, w.fs, w.dc, w.trs}
	w.jump = newLinux(w, "lks-jump")
	return w
}

// random gives a source of chance for one purpose, so that more of one thing doesn't change another.
func (w *world) random(purpose string) *rand.Rand {
	h := w.o.Seed
	for _, c := range []byte(purpose) {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return rand.New(rand.NewPCG(w.o.Seed, h))
}

// at is a time of the story: day 1 to 9, and "15:04:05" on it.
func (w *world) at(day int, clock string) time.Time {
	t, err := time.Parse(time.TimeOnly, clock)
	if err != nil {
		panic(err)
	}
	return w.o.Start.AddDate(0, 0, day-1).Add(t.Sub(t.Truncate(24 * time.Hour)))
}

// run lets the nine days pass on each host and packs what is to be packed.
func (w *world) run() error {
	for _, h := range w.hosts {
		if err := h.open(); err != nil {
			return err
		}
	}
	w.plot()
	for _, h := range w.hosts {
		if err := h.pass(); err != nil {
			return err
		}
	}
	if err := w.jump.write(); err != nil {
		return err
	}
	return packZip(filepath.Join(w.dir, w.fs.name), filepath.Join(w.dir, w.fs.name+".zip"), w.o.Start.AddDate(0, 0, Days))
}
