package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// count writes a number with its thousands apart: 12,345.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := len(s) % 3
	if start == 0 {
		start = 3
	}
	for i := start; i < len(s); i += 4 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes a number and a noun that agrees with it.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// bytesText writes a number of bytes for a person.
func bytesText(n int64) string {
	f, unit := float64(n), ""
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if f < 1024 {
			break
		}
		f, unit = f/1024, u
	}
	if unit == "" {
		return plural(n, "byte")
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}

// hostName names a host for a person.
func hostName(name string) string {
	if name == "" {
		return "several hosts, or none named"
	}
	return shorten(120, name)
}

// timeText writes a time for a person, to the second, in UTC.
func timeText(t time.Time) string {
	if t.IsZero() {
		return "no time"
	}
	return t.UTC().Format("2 Jan 2006 15:04:05")
}

// spanText writes a span of time for a person.
func spanText(first, last time.Time) string {
	first, last = first.UTC(), last.UTC()
	switch {
	case first.IsZero():
		return "at no known time"
	case first.Truncate(time.Second).Equal(last.Truncate(time.Second)):
		return "at " + timeText(first) + " UTC"
	case first.Format("2006-01-02") == last.Format("2006-01-02"):
		return "from " + timeText(first) + " to " + last.Format("15:04:05") + " UTC"
	}
	return "from " + first.Format("2 Jan 2006 15:04") + " to " + last.Format("2 Jan 2006 15:04") + " UTC"
}

// lengthText writes how long a span is, in its two largest units.
func lengthText(first, last time.Time) string {
	d := last.Sub(first)
	days, hours, minutes := int64(d.Hours())/24, int64(d.Hours())%24, int64(d.Minutes())%60
	switch {
	case days >= 3:
		return plural(int64(math.Round(d.Hours()/24)), "day")
	case days > 0 && hours == 0:
		return plural(days, "day")
	case days > 0:
		return plural(days, "day") + " " + plural(hours, "hour")
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case hours > 0:
		return plural(hours, "hour")
	case minutes > 0:
		return plural(minutes, "minute")
	}
	return plural(int64(d.Seconds()), "second")
}

// daysText writes the first and the last day of a span.
func daysText(first, last time.Time) string {
	from, to := first.UTC().Format("2 Jan 2006"), last.UTC().Format("2 Jan 2006")
	switch {
	case from == to:
		return to
	case first.UTC().Year() == last.UTC().Year():
		from = first.UTC().Format("2 Jan")
	}
	return from + " to " + to
}

// scoreText writes a score; none is so high that nothing could be added.
func scoreText(score float64) string {
	if score >= 99.95 {
		return "99.9"
	}
	return fmt.Sprintf("%.1f", score)
}

// stepText names the length of a bin.
func stepText(seconds int64) string {
	switch {
	case seconds%86400 == 0:
		return plural(seconds/86400, "day")
	case seconds%3600 == 0:
		return plural(seconds/3600, "hour")
	case seconds%60 == 0:
		return plural(seconds/60, "minute")
	}
	return plural(seconds, "second")
}

// list joins words as a sentence does: a, b and c.
func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// shellWord writes an argument as a shell takes it.
func shellWord(arg string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%\\~", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !safe(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
