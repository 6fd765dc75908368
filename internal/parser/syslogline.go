package parser

import (
	"bytes"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// syslogLine is the first line of a message, in one of these forms; <PRI> may be missing in all but the first:
//
//	<PRI>1 2006-01-02T15:04:05.999Z host program pid msgid [data] message      RFC 5424
//	<PRI>Jan  2 15:04:05 host program[pid]: message                            RFC 3164; host may be missing
//	<PRI>Jan  2 2006 15:04:05 host program[pid]: message                       with a year
//	<PRI>2006-01-02T15:04:05.999+00:00 host program[pid]: message              rsyslog
//	2006-01-02T15:04:05.999+00:00 SEVERITY program[pid]: message               ChromeOS
//	2006-01-02 15:04:05+00 host program[pid]: message                          macOS install.log
type syslogLine struct {
	buf  []byte
	span [syslogFields]span32
	pri  int // -1 where there is none

	hasYear    bool
	time       time.Time // if hasYear
	month, day int       // if not
	clock      time.Duration
}

// span32 is a piece of a line.
type span32 struct{ from, to int32 }

func (s span32) of(b []byte) []byte { return b[s.from:s.to] }

// parse reads a line and says whether a message begins with it.
func (l *syslogLine) parse(line []byte) bool {
	if len(line) < 16 {
		return false
	}
	l.buf = line
	i := l.priority()
	if i > 0 && bytes.HasPrefix(line[i:], []byte("1 ")) {
		return l.protocol(i + 2)
	}
	if i = l.stamp(i); i < 0 {
		return false
	}
	l.source(i)
	return true
}

// priority reads "<34>" and returns the place after it.
func (l *syslogLine) priority() int {
	l.pri = -1
	if l.buf[0] != '<' {
		return 0
	}
	end := bytes.IndexByte(l.buf[:6], '>')
	if end < 2 {
		return 0
	}
	n, ok := digits(l.buf[1:end])
	if !ok || n > 191 {
		return 0
	}
	l.pri = n
	return end + 1
}

// protocol reads the rest of a line of RFC 5424, after the version.
func (l *syslogLine) protocol(i int) bool {
	for _, field := range [...]int{syslogTimestamp, syslogHostname, syslogProgram, syslogPID, syslogMsgID} {
		end := bytes.IndexByte(l.buf[i:], ' ')
		if end < 0 {
			return false
		}
		if word := l.buf[i : i+end]; string(word) != "-" {
			l.set(field, i, i+end)
		}
		i += end + 1
	}
	if stamp := l.span[syslogTimestamp]; stamp.to > 0 {
		t, _, ok := parseTime(stamp.of(l.buf))
		if !ok {
			return false
		}
		l.time = t
	}
	l.hasYear = true
	if i < len(l.buf) && l.buf[i] == '[' {
		end := structuredEnd(l.buf, i)
		l.set(syslogData, i, end)
		i = end
	} else if i < len(l.buf) && l.buf[i] == '-' {
		i++
	}
	l.message(i)
	return true
}

// structuredEnd returns the place after the elements of structured data that begin at b[i].
func structuredEnd(b []byte, i int) int {
	inString := false
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && c == ']' && (i+1 == len(b) || b[i+1] != '['):
			return i + 1
		}
	}
	return len(b)
}

// stamp reads the time that begins at i and returns the place after it, or -1.
func (l *syslogLine) stamp(i int) int {
	b := l.buf
	if i >= len(b) {
		return -1
	}
	if c := b[i]; c >= '0' && c <= '9' {
		end := bytes.IndexByte(b[i:min(len(b), i+40)], ' ')
		if end == 10 { // a space for the T
			if more := bytes.IndexByte(b[i+11:min(len(b), i+40)], ' '); more > 0 {
				end = 11 + more
			}
		}
		if end < 0 {
			return -1
		}
		t, zoned, ok := parseTime(b[i : i+end])
		if !ok || !zoned {
			return -1
		}
		l.time, l.hasYear = t, true
		l.set(syslogTimestamp, i, i+end)
		return i + end
	}
	if len(b)-i < 15 || b[i+3] != ' ' {
		return -1
	}
	month := monthOf(b[i : i+3])
	day, j := syslogDay(b, i+4)
	if month == 0 || day == 0 {
		return -1
	}
	year := 0
	if len(b)-j > 13 && b[j+4] == ' ' {
		if n, ok := digits(b[j : j+4]); ok && n > 1970 {
			year, j = n, j+5
		}
	}
	hour, minute, second, ok := parseClock(b[j:])
	if !ok || !validDate(4, month, day) {
		return -1
	}
	nanos, rest := parseFraction(b[j+8:])
	j = len(b) - len(rest)
	l.month, l.day = month, day
	l.clock = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(nanos)
	if year > 0 {
		l.time, l.hasYear = l.in(year), true
	}
	l.set(syslogTimestamp, i, j)
	if j < len(b) && b[j] == ':' { // "Nov 18 01:15:43: --- last message repeated ---"
		j++
	}
	if j < len(b) && b[j] != ' ' {
		return -1
	}
	return j
}

// syslogDay reads a day of one or two digits with a blank after it: " 2 ", "02 ", "2 ".
func syslogDay(b []byte, i int) (day, next int) {
	for i < len(b) && b[i] == ' ' {
		i++
	}
	end := bytes.IndexByte(b[i:], ' ')
	if end < 1 || end > 2 {
		return 0, 0
	}
	day, _ = digits(b[i : i+end])
	return day, i + end + 1
}

func monthOf(b []byte) int {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	i := strings.Index(months, string(b))
	if i < 0 || i%3 != 0 {
		return 0
	}
	return i/3 + 1
}

// in returns the time of a message in a given year. 29 February becomes 1 March where there is none.
func (l *syslogLine) in(year int) time.Time {
	return time.Date(year, time.Month(l.month), l.day, 0, 0, 0, 0, time.UTC).Add(l.clock)
}

// source reads what stands between time and message: host or severity, program, process.
func (l *syslogLine) source(i int) {
	from, to := l.word(i)
	word := l.buf[from:to]
	switch {
	case isSyslogSeverity(string(word)):
		l.set(syslogSeverity, from, to)
		i = to
	case bytes.HasPrefix(word, []byte("---")):
		l.message(from)
		return
	case len(word) > 0 && word[len(word)-1] != ':' && bytes.IndexByte(word, '[') < 0:
		l.set(syslogHostname, from, to)
		i = to
	}
	from, to = l.word(i)
	word = l.buf[from:to]
	name := len(word)
	if k := bytes.IndexByte(word, '['); k > 0 {
		if end := bytes.IndexByte(word, ']'); end > k {
			name = k
			l.set(syslogPID, from+k+1, from+end)
		}
	} else if k := bytes.LastIndexByte(word, ':'); k > 0 && k == len(word)-1 {
		name = k
	}
	l.set(syslogProgram, from, from+name)
	if from2, to2 := l.word(to); to2-from2 > 3 && l.buf[from2] == '<' && l.buf[to2-1] == ':' && l.buf[to2-2] == '>' {
		l.set(syslogSeverity, from2+1, to2-2) // macOS: "program[pid] <Info>: message"
		to = to2
	}
	l.message(to)
}

func isSyslogSeverity(w string) bool {
	switch w {
	case "EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG":
		return true
	}
	return false
}

// word returns the next word at or after i.
func (l *syslogLine) word(i int) (from, to int) {
	for i < len(l.buf) && l.buf[i] == ' ' {
		i++
	}
	to = i
	for to < len(l.buf) && l.buf[to] != ' ' {
		to++
	}
	return i, to
}

func (l *syslogLine) message(i int) {
	for i < len(l.buf) && l.buf[i] == ' ' {
		i++
	}
	if bytes.HasPrefix(l.buf[i:], []byte("\xef\xbb\xbf")) { // RFC 5424 marks UTF-8
		i += 3
	}
	l.set(syslogMessage, i, len(l.buf))
}

// setMessage makes the message reach to the end of the text, in which more lines may stand now.
func (l *syslogLine) setMessage(text []byte) {
	l.buf = text
	l.span[syslogMessage].to = int32(len(text))
}

func (l *syslogLine) set(field, from, to int) { l.span[field] = span32{int32(from), int32(to)} }

// Len returns how many values the field has: none where the form leaves it out.
func (l *syslogLine) Len(field int) int {
	switch s := l.span[field]; {
	case s.to > s.from, field == syslogMessage:
		return 1
	case field == syslogFacility, field == syslogSeverity:
		if l.pri >= 0 {
			return 1
		}
	}
	return 0
}

// At returns the value of the field.
func (l *syslogLine) At(field, _ int) event.Value {
	raw := l.span[field].of(l.buf)
	switch {
	case field == syslogPID && validNumber(raw):
		return event.Value{Kind: event.Number, Raw: raw}
	case len(raw) > 0:
		return event.Value{Kind: event.Text, Raw: raw}
	case field == syslogFacility && l.pri >= 0:
		return event.TextValue(syslogFacilities[l.pri>>3])
	case field == syslogSeverity && l.pri >= 0:
		return event.TextValue(syslogSeverities[l.pri&7])
	}
	return event.Value{Kind: event.Text}
}

// The names of facilities and severities, by their numbers: RFC 5424, section 6.2.1.
var (
	syslogFacilities = [24]string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	}
	syslogSeverities = [8]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
)

// syslogService gives Sigma's service of a message: by its program, where Sigma has a service for that, else by its file.
func syslogService(program []byte, path string) string {
	name := string(program[bytes.LastIndexByte(program, '/')+1:])
	if s := syslogPrograms[strings.ToLower(name)]; s != "" {
		return s
	}
	base := strings.ToLower(path[strings.LastIndexByte(path, '/')+1:])
	for _, f := range syslogFiles {
		if strings.HasPrefix(base, f.prefix) {
			return f.service
		}
	}
	return "syslog"
}

var syslogPrograms = map[string]string{
	"sshd": "sshd", "sshd-session": "sshd", "sudo": "sudo", "cron": "cron", "crond": "cron", "anacron": "cron", "atd": "cron", "crontab": "cron",
	"su": "auth", "login": "auth", "systemd-logind": "auth", "useradd": "auth", "userdel": "auth", "usermod": "auth", "groupadd": "auth",
	"passwd": "auth", "chpasswd": "auth", "gdm-password": "auth", "polkitd": "auth", "pkexec": "auth",
	"vsftpd": "vsftpd", "clamd": "clamav", "freshclam": "clamav", "clamav": "clamav", "guacd": "guacamole", "audispd": "auditd", "auditd": "auditd",
}

var syslogFiles = []struct{ prefix, service string }{{"auth", "auth"}, {"secure", "auth"}, {"cron", "cron"}, {"vsftpd", "vsftpd"}}
