package parser

import (
	"strconv"
	"time"
)

// parseTime reads a time as logs write it: "2006-01-02T15:04:05.999Z", a space for the T, a comma for the point,
// a zone of +hh:mm, +hhmm, Z or UTC, or none. Without a zone the time is given as if in UTC and zoned is false.
func parseTime(b []byte) (t time.Time, zoned, ok bool) {
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
		return t, false, false
	}
	year, ok1 := digits(b[:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	hour, minute, second, ok4 := parseClock(b[11:19])
	if !ok1 || !ok2 || !ok3 || !ok4 || !validDate(year, month, day) {
		return t, false, false
	}
	nanos, rest := parseFraction(b[19:])
	offset, zoned, ok := parseZone(rest)
	if !ok {
		return t, false, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	return t.Add(-time.Duration(offset) * time.Second), zoned, true
}

// parseClock reads "15:04:05". A leap second is taken as the next one.
func parseClock(b []byte) (hour, minute, second int, ok bool) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0, 0, 0, false
	}
	hour, ok1 := digits(b[:2])
	minute, ok2 := digits(b[3:5])
	second, ok3 := digits(b[6:8])
	return hour, minute, second, ok1 && ok2 && ok3 && hour < 24 && minute < 60 && second <= 60
}

// parseFraction reads ".123" or ",123" as nanoseconds; what is finer is left out.
func parseFraction(b []byte) (nanos int, rest []byte) {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' || b[1] < '0' || b[1] > '9' {
		return 0, b
	}
	i, scale := 1, 100_000_000
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		nanos += int(b[i]-'0') * scale
		scale /= 10
	}
	return nanos, b[i:]
}

// parseZone reads the zone at the end of a time: its offset in seconds, and whether there was one.
func parseZone(b []byte) (offset int, zoned, ok bool) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	switch string(b) {
	case "":
		return 0, false, true
	case "Z", "z", "UTC", "GMT":
		return 0, true, true
	}
	sign := 1
	switch b[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return 0, false, false
	}
	b = b[1:]
	var minute int
	hour, ok1 := digits(b[:min(2, len(b))])
	ok2 := true
	switch len(b) {
	case 2:
	case 4:
		minute, ok2 = digits(b[2:])
	case 5:
		minute, ok2 = digits(b[3:])
		ok2 = ok2 && b[2] == ':'
	default:
		return 0, false, false
	}
	if !ok1 || !ok2 || hour > 15 || minute > 59 {
		return 0, false, false
	}
	return sign * (hour*3600 + minute*60), true, true
}

// parseEpoch reads a number as seconds since 1970, or by its size as milli-, micro- or nanoseconds. Numbers that
// would be earlier than 1973 are none.
func parseEpoch(b []byte) (time.Time, bool) {
	whole, fraction := b, []byte(nil)
	for i, c := range b {
		if c == '.' {
			whole, fraction = b[:i], b[i:]
			break
		}
	}
	if len(whole) < 9 || len(whole) > 19 {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(string(whole), 10, 64)
	if err != nil || n < 1e8 {
		return time.Time{}, false
	}
	switch {
	case n < 1e11:
		nanos, rest := parseFraction(fraction)
		return time.Unix(n, int64(nanos)).UTC(), len(rest) == 0
	case n < 1e14:
		return time.UnixMilli(n).UTC(), true
	case n < 1e17:
		return time.UnixMicro(n).UTC(), true
	}
	return time.Unix(0, n).UTC(), true
}

func validDate(year, month, day int) bool {
	return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, time.Month(month))
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// digits reads a number without a sign, of few digits.
func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0 && len(b) < 10
}
