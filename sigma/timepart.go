package sigma

import (
	"strings"
	"time"
)

// timePart is the part of a time that a modifier looks at.
type timePart uint8

const (
	partNone timePart = iota
	partMinute
	partHour
	partDay
	partWeek
	partMonth
	partYear
)

// of returns the part of t. Weeks are those of ISO 8601.
func (p timePart) of(t time.Time) int {
	switch p {
	case partMinute:
		return t.Minute()
	case partHour:
		return t.Hour()
	case partDay:
		return t.Day()
	case partWeek:
		_, week := t.ISOWeek()
		return week
	case partMonth:
		return int(t.Month())
	}
	return t.Year()
}

// bounds returns the values that a part can have.
func (p timePart) bounds() (least, most int) {
	switch p {
	case partMinute:
		return 0, 59
	case partHour:
		return 0, 23
	case partDay:
		return 1, 31
	case partWeek:
		return 1, 53
	case partMonth:
		return 1, 12
	}
	return 0, 9999
}

// timeLayouts are the forms of time that logs have. As Sigma says, no time zone is converted: the parts are
// those that are written.
var timeLayouts = []string{
	"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02", "20060102T150405", "20060102150405",
	"02/Jan/2006:15:04:05", "Mon, 02 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04:05", "Mon Jan _2 15:04:05 2006", "02 Jan 2006 15:04:05",
	"1/2/2006 3:04:05 PM", "1/2/2006 15:04:05",
}

// maxTimeText bounds what is tried as a time.
const maxTimeText = 48

// parseTime reads a time, or seconds or milliseconds since 1970 (taken as UTC).
func parseTime(s string) (t time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > maxTimeText {
		return t, false
	}
	if n, isNumber := parseNumber(s); isNumber && n.whole && !n.neg {
		switch len(s) {
		case 10:
			return time.Unix(int64(n.abs), 0).UTC(), true
		case 13:
			return time.UnixMilli(int64(n.abs)).UTC(), true
		}
	}
	if s[4] == '-' || s[4] == '/' {
		return parseISO(s)
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
		if i := strings.LastIndexByte(s, ' '); i > 0 { // a zone behind
			if t, err := time.Parse(layout, s[:i]); err == nil {
				return t, true
			}
		}
	}
	return t, false
}

// parseISO reads 2006-01-02 and 2006/01/02, with or without a time behind 'T' or blanks; fractions and zones are
// passed over.
func parseISO(s string) (t time.Time, ok bool) {
	b := []byte(s)
	if len(b) < 10 || b[7] != b[4] {
		return t, false
	}
	b[4], b[7] = '-', '-'
	date, clock := string(b[:10]), strings.TrimLeft(string(b[10:]), " ")
	clock = strings.TrimPrefix(clock, "T")
	if clock == "" {
		t, err := time.Parse("2006-01-02", date)
		return t, err == nil
	}
	end := 0
	for end < len(clock) && (clock[end] >= '0' && clock[end] <= '9' || clock[end] == ':') {
		end++
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse("2006-01-02 "+layout, date+" "+clock[:end]); err == nil {
			return t, true
		}
	}
	return t, false
}
