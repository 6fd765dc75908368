package attrib

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bounds of the years in which a report on an intruder may have been written, and an incident may have been.
const (
	firstYear = 1990
	lastYear  = 2100
)

// ParseDate reads a year, a month or a day (2020, 2020-08, 2020-08-17). What is not said is taken from the middle.
func ParseDate(text string) (time.Time, error) {
	for _, form := range []struct {
		layout string
		months int
		days   int
	}{{"2006", 6, 1}, {"2006-01", 0, 14}, {time.DateOnly, 0, 0}} {
		if t, err := time.Parse(form.layout, text); err == nil {
			return t.AddDate(0, form.months, form.days), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no year, month or day like 2020, 2020-08 or 2020-08-17", text)
}

// yearOf gives a time as a year with its fraction, 0 for the time that is none.
func yearOf(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	t = t.UTC()
	return float64(t.Year()) + (float64(t.YearDay())-0.5)/366
}

// dateYear is yearOf for the text of a date, 0 for none.
func dateYear(text string) float64 {
	t, err := ParseDate(text)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return 0
	}
	return yearOf(t)
}

// citedDate finds the date of a report in the words by which ATT&CK cites it: the first brackets that begin with a year, as in
// "Name, A. (2017, April 3). Title. Retrieved ...". It is "" where there are none.
func citedDate(citation string) string {
	for rest := citation; ; {
		_, after, found := strings.Cut(rest, "(")
		if !found {
			return ""
		}
		rest = after
		inside, _, closed := strings.Cut(after, ")")
		if !closed {
			return ""
		}
		if date := bracketDate(inside); date != "" {
			return date
		}
	}
}

// bracketDate reads "2017", "2017, April" or "2017, April 3", whatever follows.
func bracketDate(text string) string {
	year, rest, _ := strings.Cut(text, ",")
	if n, err := strconv.Atoi(year); err != nil || len(year) != 4 || n < firstYear || n > lastYear {
		return ""
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return year
	}
	month := monthOf(words[0])
	if month == 0 {
		return year
	}
	out := fmt.Sprintf("%s-%02d", year, month)
	if len(words) > 1 {
		if day := fmt.Sprintf("%s-%02s", out, strings.Trim(words[1], ",.")); dateYear(day) != 0 {
			return day
		}
	}
	return out
}

// monthOf returns the number of a month by its name or the first three letters of it, 0 for none.
func monthOf(name string) int {
	const letters = 3
	for m := time.January; m <= time.December; m++ {
		if full := m.String(); len(name) >= letters && strings.EqualFold(name[:letters], full[:letters]) {
			return int(m)
		}
	}
	return 0
}

// earlier returns the earlier of two dates, of which either may be none.
func earlier(a, b string) string {
	if a == "" || b == "" {
		return cmp.Or(a, b)
	}
	return min(a, b)
}
