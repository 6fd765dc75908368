package parser

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

// Text logs of syslog daemons, one message a line, in the forms that syslogline.go lists. Lines that begin no message belong to
// the message before them. See docs/formats/syslog.md for years, zones and services.
func init() {
	register(Parser{
		Name:  "syslog",
		Doc:   "text logs of syslog: RFC 3164, RFC 5424, ISO time stamps (rsyslog, ChromeOS, macOS); docs/formats/syslog.md",
		Match: matchSyslog,
		Parse: parseSyslog,
		Split: splitSyslog,
	})
}

// syslogPart is about how many bytes of a log are read in one go.
const syslogPart = 1 << 20

// maxSyslogMessage bounds a message with all its lines.
const maxSyslogMessage = 1 << 20

// matchSyslog says whether at least a third of the file's first lines begin messages.
func matchSyslog(_ string, head []byte) bool {
	whole := len(head) < HeadSize
	var seen, good int
	head = textHead(head)
	for len(head) > 0 && seen < 8 {
		line, rest, more := bytes.Cut(head, []byte("\n"))
		if head = rest; !more && !whole && seen > 0 {
			break
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		seen++
		var l syslogLine
		if l.parse(line) {
			good++
		}
	}
	return good > 0 && 3*good >= seen
}

// splitSyslog cuts logs whose times name their year. Others are read in one go: what year a line is of, the lines after
// it say.
func splitSyslog(in *evidence.Input) []int64 {
	if in.Size < 2*syslogPart {
		return nil
	}
	if !syslogDated(in) {
		return nil
	}
	return splitLines(in.Size, syslogPart)
}

// syslogDated says whether the messages of a file name their year, by its first lines, so that each of its parts can be read
// by itself.
func syslogDated(in *evidence.Input) bool {
	var t textReader
	t.open(in, 0)
	defer t.close()
	dated := 0
	for range 8 {
		line, _, ok := t.line()
		if !ok {
			break
		}
		var l syslogLine
		if l.parse(line) {
			if !l.hasYear {
				return false
			}
			dated++
		}
	}
	return dated > 0 && t.enc == utf8Text
}

// The fields of a message, in the order in which most forms have them.
const (
	syslogTimestamp = iota
	syslogFacility
	syslogSeverity
	syslogHostname
	syslogProgram
	syslogPID
	syslogMsgID
	syslogData
	syslogMessage
	syslogFields
)

var syslogColumns = [syslogFields]event.Field{
	{Name: "timestamp"}, {Name: "facility"}, {Name: "severity"}, {Name: "hostname"}, {Name: "program"}, {Name: "pid"},
	{Name: "msgid"}, {Name: "structured_data"}, {Name: "message"},
}

// syslogReader hands out messages for one call of Parse.
type syslogReader struct {
	in      *evidence.Input
	yield   func(*event.Record, error) bool
	text    textReader
	years   syslogYears
	schemas map[string]*event.Schema // by service

	pending bool   // a message is under way
	over    bool   // it is too long; the rest of it is passed over
	buf     []byte // its lines
	line    syslogLine
	record  event.Record
	hosts   map[string]string
}

func parseSyslog(in *evidence.Input) iter.Seq2[*event.Record, error] {
	return func(yield func(*event.Record, error) bool) {
		r := &syslogReader{in: in, yield: yield, schemas: map[string]*event.Schema{}, hosts: map[string]string{}}
		defer r.text.close()
		r.record.Origin, r.record.Values = in.Origin, &r.line
		if !syslogDated(in) {
			if in.From > 0 {
				return // read in one go: it is all in the first part
			}
			r.years.find(in)
		}
		r.text.openLines(in)
		if r.read() && r.flush() && r.text.err != nil {
			yield(nil, &evidence.Problem{Offset: r.text.next, What: "read", Err: r.text.err})
		}
	}
}

// read goes through the lines. It returns false once the caller has stopped.
func (r *syslogReader) read() bool {
	foreign := r.in.From > 0 // lines that continue a message of the part before
	for {
		line, whole, ok := r.text.line()
		if !ok {
			return true
		}
		at := r.text.at(0)
		line = bytes.TrimSuffix(line, []byte("\r"))
		var l syslogLine
		begins := whole && l.parse(line)
		switch {
		case at >= r.in.To && (begins || foreign):
			return true
		case begins:
			foreign = false
			if !r.flush() {
				return false
			}
			r.start(line, at)
		case foreign || len(bytes.TrimSpace(line)) == 0:
		case !whole || damagedSyslog(line) || !r.pending && !r.over:
			if !r.flush() || !r.problem(at, whole) {
				return false
			}
		case r.over:
		case len(r.buf)+len(line) > maxSyslogMessage:
			if !r.flush() || !r.problem(at, false) {
				return false
			}
			r.over = true
		default:
			r.buf = append(append(r.buf, '\n'), line...)
		}
	}
}

func (r *syslogReader) problem(at int64, whole bool) bool {
	err := fmt.Errorf("%w: no message begins here and none goes on", evidence.ErrCorrupt)
	if !whole {
		err = fmt.Errorf("%w: longer than is kept", evidence.ErrLimit)
	}
	return r.yield(nil, &evidence.Problem{Offset: at, What: "read syslog line", Err: err})
}

// damagedSyslog says whether a line that begins no message seems to have been meant to: a month or a clock stands near
// its start.
func damagedSyslog(line []byte) bool {
	if line[0] == ' ' || line[0] == '\t' {
		return false
	}
	if len(line) > 5 && monthOf(line[:3]) > 0 && line[3] == ' ' && (line[4] == ' ' || line[4] >= '0' && line[4] <= '9') {
		return true
	}
	for _, c := range line {
		if c < ' ' && c != '\t' && c != 0x1b {
			return true
		}
	}
	head := line[:min(len(line), 24)]
	for i := 4; i+8 <= len(head); i++ {
		if head[i-1] == ' ' || head[i-1] == 'T' {
			if _, _, _, ok := parseClock(head[i:]); ok {
				return true
			}
		}
	}
	return false
}

// start begins a message with its first line.
func (r *syslogReader) start(line []byte, at int64) {
	r.buf = append(r.buf[:0], line...)
	r.line = syslogLine{}
	r.line.parse(r.buf)
	r.pending, r.over = true, false
	r.record.Offset = at
}

// flush hands out the message under way.
func (r *syslogReader) flush() bool {
	r.over = false
	if !r.pending {
		return true
	}
	r.pending = false
	l := &r.line
	l.setMessage(r.buf)
	r.record.Time = r.years.time(l)
	r.record.Host = r.host(l.span[syslogHostname].of(r.buf))
	r.record.Schema = r.schema(l.span[syslogProgram].of(r.buf))
	return r.yield(&r.record, nil)
}

func (r *syslogReader) host(name []byte) string {
	if len(name) == 0 {
		return r.in.Origin.Host
	}
	if have, ok := r.hosts[string(name)]; ok {
		return have
	}
	if len(r.hosts) >= 1024 {
		clear(r.hosts)
	}
	text := string(event.Value{Kind: event.Text, Raw: name}.AppendText(nil))
	r.hosts[string(name)] = text
	return text
}

// schema returns the schema of messages of a program.
func (r *syslogReader) schema(program []byte) *event.Schema {
	path := r.in.Original
	if path == "" { // the name at least
		path = r.in.Origin.Path
		path = path[strings.LastIndexByte(path, '/')+1:]
	}
	service := syslogService(program, path)
	s := r.schemas[service]
	if s == nil {
		s = syslogSchemas.intern(&event.Schema{
			Source: "syslog", Product: "linux", Service: service, File: path, Fields: syslogColumns[:],
		})
		r.schemas[service] = s
	}
	return s
}

// syslogSchemas are the schemas of all syslog files, so that the parts of a file share them.
var syslogSchemas schemaTable

// syslogYears gives the messages of one file the year that most forms leave out.
type syslogYears struct {
	year     int // of the last yearless message; 0 if nobody can say
	previous time.Time
}

// yearStep is how far the time of a message may lie before that of the message above it without a new year between them.
const yearStep = 48 * time.Hour

// find works the year of the first message out from the file's last one, which is not younger than the file: every step
// back in time on the way is a turn of the year. 29 February is in leap years only.
func (y *syslogYears) find(in *evidence.Input) {
	modified := in.Modified
	if modified.IsZero() {
		return
	}
	var t textReader
	t.open(in, 0)
	defer t.close()
	var last syslogLine
	turns, leap := 0, -1 // leap: how many turns stand before a 29 February
	pass := syslogYears{year: 4}
	for {
		line, whole, ok := t.line()
		if !ok {
			break
		}
		var l syslogLine
		if !whole || !l.parse(line) || l.hasYear {
			continue
		}
		if pass.turn(&l) {
			turns++
		}
		if l.month == 2 && l.day == 29 {
			leap = turns
		}
		last = l
	}
	if last.month == 0 {
		return
	}
	year := modified.Year()
	if last.in(year).After(modified.Add(24 * time.Hour)) {
		year--
	}
	year -= turns
	for range 8 {
		if leap < 0 || daysIn(year+leap, 2) == 29 {
			break
		}
		year--
	}
	*y = syslogYears{year: year}
}

// turn says whether the year turned before this message.
func (y *syslogYears) turn(l *syslogLine) bool {
	now := l.in(4) // any one year, a leap year
	before := y.previous
	y.previous = now
	return !before.IsZero() && before.Sub(now) > yearStep
}

// time returns the time of a message; the zero time where its year is not known.
func (y *syslogYears) time(l *syslogLine) time.Time {
	if l.hasYear {
		return l.time
	}
	if y.year == 0 {
		return time.Time{}
	}
	if y.turn(l) {
		y.year++
	}
	return l.in(y.year)
}
