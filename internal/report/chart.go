package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// niceSteps are the lengths, in seconds, that an axis of time is cut into.
var niceSteps = []int64{
	1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 3 * 86400, 7 * 86400,
	14 * 86400, 30 * 86400, 91 * 86400, 182 * 86400, 365 * 86400, 730 * 86400, 1825 * 86400, 3650 * 86400, 36500 * 86400,
}

const (
	maxBins  = 84
	maxTicks = 9
)

// axis cuts the time of the case into bins.
type axis struct {
	From, Step int64 // seconds since 1970, seconds
	Bins       int
	Outside    int64 // findings before or after
}

func (a *axis) bin(slot, slotSeconds int64) (int, bool) {
	i := (slot*slotSeconds - a.From) / a.Step
	return int(i), slot*slotSeconds >= a.From && i < int64(a.Bins)
}

func (a *axis) start() time.Time { return time.Unix(a.From, 0).UTC() }

func (a *axis) end() time.Time { return time.Unix(a.From+a.Step*int64(a.Bins), 0).UTC() }

// newAxis covers the findings of all hosts. Where a few lie far off (a clock that was wrong), it covers the
// others and counts the few.
func newAxis(m *Model) *axis {
	totals := map[int64]int64{}
	var slots []int64
	var all int64
	for _, h := range m.Hosts {
		for at, c := range h.Slots {
			if totals[at] == 0 {
				slots = append(slots, at)
			}
			totals[at] += c.Total()
			all += c.Total()
		}
	}
	if len(slots) == 0 {
		return nil
	}
	slices.Sort(slots)
	from, to := slots[0], slots[len(slots)-1]
	if inner, outer := middle(slots, totals, all); outer > inner && (to-from) > 4*(outer-inner) {
		from, to = inner, outer
	}
	a := &axis{}
	for _, a.Step = range niceSteps {
		a.From = floorTo(from*m.Slot, a.Step)
		if a.Bins = int((to*m.Slot-a.From)/a.Step) + 1; a.Step >= m.Slot && a.Bins <= maxBins {
			break
		}
	}
	for _, at := range slots {
		if _, ok := a.bin(at, m.Slot); !ok {
			a.Outside += totals[at]
		}
	}
	return a
}

// middle returns the slots between which 99 of 100 findings lie.
func middle(slots []int64, totals map[int64]int64, all int64) (from, to int64) {
	var sum int64
	from, to = slots[0], slots[len(slots)-1]
	cut := all / 200
	for _, at := range slots {
		if sum += totals[at]; sum > cut {
			from = at
			break
		}
	}
	sum = 0
	for _, at := range slices.Backward(slots) {
		if sum += totals[at]; sum > cut {
			to = at
			break
		}
	}
	return from, to
}

func floorTo(n, step int64) int64 {
	return n - ((n%step)+step)%step
}

// bins returns the findings of hosts in each bin.
func (a *axis) bins(m *Model, hosts []*Host) []Counts {
	bins := make([]Counts, a.Bins)
	for _, h := range hosts {
		for at, c := range h.Slots {
			if i, ok := a.bin(at, m.Slot); ok {
				for r, n := range c {
					bins[i][r] += n
				}
			}
		}
	}
	return bins
}

// tick is a mark on an axis.
type tick struct {
	X     float64
	Label string
}

// ticks returns the marks for an axis from x over width.
func (a *axis) ticks(x, width float64) []tick {
	span := a.Step * int64(a.Bins)
	step := niceSteps[len(niceSteps)-1]
	for _, s := range niceSteps {
		if span/s <= maxTicks {
			step = s
			break
		}
	}
	format := "15:04:05"
	switch {
	case step >= 365*86400:
		format = "2006"
	case step >= 28*86400:
		format = "Jan 2006"
	case step >= 86400:
		format = "2 Jan"
	case step >= 60:
		format = "15:04"
	}
	var ticks []tick
	for at := floorTo(a.From+step-1, step); at < a.From+span; at += step {
		t := time.Unix(at, 0).UTC()
		label := t.Format(format)
		if step >= 60 && step < 86400 && (t.Hour() == 0 && t.Minute() == 0) {
			label = t.Format("2 Jan")
		}
		ticks = append(ticks, tick{round(x + width*float64(at-a.From)/float64(span)), label})
	}
	return ticks
}

func round(f float64) float64 { return math.Round(f*10) / 10 }

// chart shows the findings of a case over time: a lane for each level, a dot for each bin, its area by the number.
type chart struct {
	Width, Height, Left, Right, Bottom float64
	Lanes                              []lane
	Ticks                              []tick
	Text                               string // what the chart shows, for who can't see it
	Days                               []dayRow
	MoreDays                           int
	Outside                            int64
	Span                               string
}

type lane struct {
	Level string
	Y     float64
	Total int64
	Dots  []dot
}

type dot struct {
	X, R  float64
	Title string
}

// dayRow gives the numbers of a chart as text.
type dayRow struct {
	Label  string
	Counts Counts
}

const (
	chartWidth = 960
	chartLeft  = 152
	chartRight = 24
	laneHeight = 38
	maxDays    = 60
)

func newChart(m *Model, a *axis) *chart {
	c := &chart{Width: chartWidth, Left: chartLeft, Right: chartWidth - chartRight, Outside: a.Outside, Span: spanText(a.start(), a.end())}
	bins := a.bins(m, m.Hosts)
	var highest int64 = 1
	for _, b := range bins {
		for _, n := range b {
			highest = max(highest, n)
		}
	}
	inner := c.Right - c.Left
	y := 24.0
	for rank, level := range slices.Backward(finding.Levels) {
		l := lane{Level: level, Y: y, Total: m.Levels[rank]}
		for i, b := range bins {
			if b[rank] == 0 {
				continue
			}
			at := time.Unix(a.From+int64(i)*a.Step, 0).UTC()
			l.Dots = append(l.Dots, dot{
				X:     round(c.Left + inner*(float64(i)+0.5)/float64(a.Bins)),
				R:     round(3 + 13*math.Sqrt(float64(b[rank]-1)/float64(highest))),
				Title: fmt.Sprintf("%s in the %s from %s", plural(b[rank], level+" finding"), stepText(a.Step), at.Format("2 Jan 2006 15:04")),
			})
		}
		c.Lanes = append(c.Lanes, l)
		y += laneHeight
	}
	c.Bottom = y - laneHeight/2
	c.Height = c.Bottom + 26
	c.Ticks = a.ticks(c.Left, inner)
	c.Text = fmt.Sprintf("Findings over time, %s. One row for each level; each dot stands for %s, its size for the number.", c.Span, stepText(a.Step))
	c.Days, c.MoreDays = days(a, bins)
	return c
}

// days sums bins up to days, or gives the bins themselves where they are finer and few.
func days(a *axis, bins []Counts) (rows []dayRow, more int) {
	format := "2 January 2006"
	if a.Step < 3600 {
		format = "2 January 2006 15:04:05"
	}
	for i, b := range bins {
		if b.Total() == 0 {
			continue
		}
		label := time.Unix(a.From+int64(i)*a.Step, 0).UTC().Format(format)
		if n := len(rows); n > 0 && rows[n-1].Label == label {
			for r, k := range b {
				rows[n-1].Counts[r] += k
			}
			continue
		}
		rows = append(rows, dayRow{label, b})
	}
	if len(rows) > maxDays {
		rows, more = rows[:maxDays], len(rows)-maxDays
	}
	return rows, more
}

// strip shows the findings of one host over time: a bar for each bin, coloured by the highest level in it, its height by the
// logarithm of the number. The bars of a level are one path, which keeps a page with many hosts small.
type strip struct {
	Width, Height float64
	Bars          []bars
	Text          string
}

type bars struct{ Level, Path string }

const (
	stripWidth  = 336
	stripHeight = 34
)

func newStrip(m *Model, a *axis, h *Host) *strip {
	s := &strip{Width: stripWidth, Height: stripHeight, Text: fmt.Sprintf("Findings on %s over time: %s, %s", hostName(h.Name), plural(h.Levels.Total(), "finding"), spanText(h.First, h.Last))}
	w := float64(stripWidth) / float64(a.Bins)
	var paths [len(Counts{})]strings.Builder
	for i, b := range a.bins(m, []*Host{h}) {
		if n := b.Total(); n > 0 {
			height, width := min(stripHeight-2, 8+9*math.Log10(float64(n))), max(w-1, 2)
			fmt.Fprintf(&paths[topRank(b)], "M%g %gh%gv%gh-%gz", round(float64(i)*w), round(stripHeight-height), round(width), round(height), round(width))
		}
	}
	for rank, level := range slices.Backward(finding.Levels) {
		if paths[rank].Len() > 0 {
			s.Bars = append(s.Bars, bars{level, paths[rank].String()})
		}
	}
	return s
}

// topRank returns the highest level that was counted.
func topRank(c Counts) int {
	for r := len(c) - 1; r >= 0; r-- {
		if c[r] > 0 {
			return r
		}
	}
	return 0
}
