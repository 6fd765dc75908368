package report

import (
	"time"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// maxTimeline bounds the rows of the page's timeline.
const maxTimeline = 300

// daily holds a timeline for each lowest level that it may show.
type daily [len(Counts{})]runList

// runList is a timeline of the findings of a level and above: a row for each group and day.
type runList struct {
	rows  []*series
	more  int64 // rows left out
	day   int64 // since 1970
	today map[*Group]*series
}

// series is what a group has on one day.
type series struct {
	Group *Group
	First time.Time
	Last  time.Time
	ID    string // of the first
	Count int64
}

// add adds f to the timelines of its level and of those below.
func (t *daily) add(g *Group, f *finding.Finding) {
	if f.Time.IsZero() {
		return
	}
	day := f.Time.Unix() / 86400
	for rank := range g.Rank() + 1 {
		l := &t[rank]
		if l.today == nil || l.day != day {
			l.day, l.today = day, map[*Group]*series{}
		}
		if have := l.today[g]; have != nil {
			have.Count++
			have.Last = f.Time
			continue
		}
		row := &series{Group: g, First: f.Time, Last: f.Time, ID: f.ID, Count: 1}
		l.today[g] = row
		if len(l.rows) < maxTimeline {
			l.rows = append(l.rows, row)
		} else {
			l.more++
		}
	}
}
