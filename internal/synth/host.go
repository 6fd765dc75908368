package synth

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

const (
	domain    = "LARKSPUR"
	domainDNS = "larkspur.example"
	domainSID = "S-1-5-21-3104771022-284419577-1900233481"
	system    = "NT AUTHORITY"
)

// user is an account.
type user struct {
	name string
	rid  string
	full string
}

// The people. All of them are invented.
var (
	mara     = &user{"m.lindqvist", "1114", "Mara Lindqvist"}
	tobias   = &user{"adm.okafor", "1122", "Tobias Okafor"}
	ines     = &user{"i.ferreira", "1131", "Ines Ferreira"}
	backup   = &user{"svc-backup", "1150", "Backup service"}
	intruder = &user{"svc-glyph", "1187", "Glyph service"}
)

func (u *user) sid() ew.SID { return ew.SID(domainSID + "-" + u.rid) }

// host is a Windows machine of the company.
type host struct {
	w      *world
	name   string
	ip     string
	owner  *user
	server bool
	r      *rand.Rand

	logs    map[*channel]*log
	queue   []*entry // what is still to be written, in order of time once sorted
	seq     int
	events  int
	forward *forwarder

	nextPID   uint32
	processes map[string]*process
	boot      time.Time
}

// log is one event log of a host.
type log struct {
	path  string // relative to the evidence folder
	shown string // as outputs name it, with the container
	file  *os.File
	buf   *seekBuffer
	w     *ew.Writer
	since []*Planted // planted since the log was cleared last
	count int
}

// entry is an event to write, or a log to clear.
type entry struct {
	seq   int
	clear *channel
	shape *shape
	event ew.Event
	trace *Planted
}

func (w *world) newHost(name, ip string, owner *user) *host {
	h := &host{w: w, name: name, ip: ip, owner: owner, r: w.random(name), logs: map[*channel]*log{}, nextPID: 5000, processes: map[string]*process{}}
	h.boot = w.o.Start.Add(-41 * time.Hour)
	return h
}

func (h *host) fqdn() string { return h.name + "." + domainDNS }

// folder is where a collection has the event logs.
func (h *host) folder() string {
	return filepath.Join(h.name, "C", "Windows", "System32", "winevt", "Logs")
}

// open makes the host's log files.
func (h *host) open() error {
	if err := os.MkdirAll(filepath.Join(h.w.dir, h.folder()), 0o755); err != nil {
		return fmt.Errorf("make folder of %s: %w", h.name, err)
	}
	for i, c := range channels {
		l := &log{path: filepath.ToSlash(filepath.Join(h.folder(), c.file))}
		l.shown = l.path
		if h == h.w.fs {
			l.shown = h.name + ".zip!/" + l.path
		}
		f, err := os.Create(filepath.Join(h.w.dir, filepath.FromSlash(l.path)))
		if err != nil {
			return fmt.Errorf("make log: %w", err)
		}
		l.file, l.buf = f, &seekBuffer{f: f, w: bufio.NewWriterSize(f, 1<<18)}
		first := uint64(1000*(i+1)) + h.r.Uint64N(90000)
		l.w, err = ew.New(l.buf, ew.Options{Computer: h.fqdn(), FirstID: first, Dirty: h == h.w.trs && c == chSysmon})
		if err != nil {
			return fmt.Errorf("begin log %s: %w", l.path, err)
		}
		h.logs[c] = l
	}
	if h == h.w.trs {
		f, err := newForwarder(h.w, "forwarder/lks-trs01-security.jsonl")
		if err != nil {
			return err
		}
		h.forward = f
	}
	h.start()
	return nil
}

// log queues an event. trace, where given, is filled in when it is written.
func (h *host) log(s *shape, e ew.Event, trace *Planted) {
	e.Shape = s.ready()
	e.Time = e.Time.Truncate(100 * time.Nanosecond)
	if trace != nil {
		trace.Time, trace.Host, trace.Channel, trace.EventID = e.Time, h.fqdn(), s.Channel, uint32(s.EventID)
		h.w.planted = append(h.w.planted, trace)
	}
	h.seq++
	h.queue = append(h.queue, &entry{seq: h.seq, shape: s, event: e, trace: trace})
}

// clear queues the clearing of a log; the event that tells of it is queued by the caller.
func (h *host) clear(c *channel, at time.Time) {
	h.seq++
	h.queue = append(h.queue, &entry{seq: h.seq, clear: c, event: ew.Event{Time: at}})
}

// pass lets the days pass: the ordinary things of each day are made as the day comes, and whatever is due is
// written, so that memory doesn't grow with the length of the logs.
func (h *host) pass() error {
	for day := range Days {
		from := h.w.o.Start.AddDate(0, 0, day)
		for _, at := range h.schedule(from) {
			h.happen(at)
			if len(h.queue) > 4096 {
				if err := h.write(at); err != nil {
					return err
				}
			}
		}
		until := from.AddDate(0, 0, 1)
		if end := h.w.collected(); until.After(end) {
			until = end
		}
		if err := h.write(until); err != nil {
			return err
		}
	}
	return h.close()
}

// write writes what is due before at.
func (h *host) write(at time.Time) error {
	slices.SortFunc(h.queue, func(a, b *entry) int {
		return cmp.Or(a.event.Time.Compare(b.event.Time), cmp.Compare(a.seq, b.seq))
	})
	n := 0
	for ; n < len(h.queue) && h.queue[n].event.Time.Before(at); n++ {
		if err := h.emit(h.queue[n]); err != nil {
			return err
		}
	}
	h.queue = slices.Delete(h.queue, 0, n)
	return nil
}

func (h *host) emit(e *entry) error {
	if h.w.testOnlyObserve != nil {
		h.w.testOnlyObserve(h, e)
	}
	if e.clear != nil {
		l := h.logs[e.clear]
		for _, p := range l.since {
			p.Destroyed = true
		}
		h.events -= l.count
		l.since, l.count = nil, 0
		return l.w.Clear()
	}
	l := h.logs[e.shape.in]
	id, err := l.w.Append(e.event)
	if err != nil {
		return fmt.Errorf("write %s: %w", l.path, err)
	}
	h.events++
	l.count++
	if p := e.trace; p != nil {
		p.Path, p.RecordID = l.shown, id
		l.since = append(l.since, p)
	}
	if h.forward != nil && e.shape.in == chSecurity {
		if err := h.forward.add(h, e, id); err != nil {
			return err
		}
		if e.trace != nil {
			e.trace.Copy = h.forward.path
		}
	}
	return nil
}

func (h *host) close() error {
	for _, c := range channels {
		l := h.logs[c]
		if err := l.w.Close(); err != nil {
			return fmt.Errorf("finish %s: %w", l.path, err)
		}
		if err := l.buf.close(); err != nil {
			return fmt.Errorf("finish %s: %w", l.path, err)
		}
	}
	if h.forward != nil {
		return h.forward.close()
	}
	return nil
}

// process is a running program.
type process struct {
	pid    uint32
	guid   ew.GUID
	image  string
	line   string
	as     account
	start  time.Time
	parent *process
}

// account is who a process or a logon runs as.
type account struct {
	name, domain string
	sid          ew.SID
	logonID      uint64
	session      uint32
	level        string // integrity
}

func (a account) full() string { return a.domain + `\` + a.name }

var localSystem = account{"SYSTEM", system, "S-1-5-18", 0x3e7, 0, "System"}

// account is the user's session on the host.
func (h *host) account(u *user) account {
	a := account{u.name, domain, u.sid(), 0, 1, "Medium"}
	sum := sha256.Sum256([]byte(h.name + u.name))
	a.logonID = uint64(binary.LittleEndian.Uint32(sum[:])) & 0xfffffff
	if u == tobias || u == intruder || u == backup {
		a.session, a.level = 2, "High"
	}
	return a
}

// machine is the host's own account, as the audit names it.
func (h *host) machine() account {
	return account{h.name + "$", domain, "S-1-5-18", 0x3e7, 0, "System"}
}

// guid makes an id out of what it stands for.
func (h *host) guid(of ...any) ew.GUID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %v", h.w.o.Seed, h.name, of))
	return ew.GUID(sum[:16])
}

// seekBuffer is a file behind a buffer; the buffer is written out before the file's position changes.
type seekBuffer struct {
	f *os.File
	w *bufio.Writer
}

func (s *seekBuffer) Write(p []byte) (int, error) { return s.w.Write(p) }

func (s *seekBuffer) Seek(offset int64, whence int) (int64, error) {
	if err := s.w.Flush(); err != nil {
		return 0, err
	}
	return s.f.Seek(offset, whence)
}

// Truncate cuts the file.
func (s *seekBuffer) Truncate(size int64) error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	return s.f.Truncate(size)
}

func (s *seekBuffer) close() error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	return s.f.Close()
}
