package report

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

// timelineView is the timeline of the page.
type timelineView struct {
	Lowest string // level from which on it shows findings
	Days   []timelineDay
	More   int64
	Rows   int
}

type timelineDay struct {
	Day  string
	Rows []timelineRow
}

type timelineRow struct {
	*series
	Anchor string
}

// newTimeline shows the lowest level with which the timeline stays readable.
func newTimeline(days *daily, l *links) *timelineView {
	rank := 0
	if len(days[1].rows) > 0 {
		rank = 1 // what is informational is context, and in timeline.csv
	}
	for rank < len(days)-1 && days[rank].more > 0 && len(days[rank+1].rows) > 0 {
		rank++
	}
	runs := days[rank]
	v := &timelineView{Lowest: finding.Levels[rank], More: runs.more, Rows: len(runs.rows)}
	for _, r := range runs.rows {
		day := r.First.UTC().Format("Monday, 2 January 2006")
		if n := len(v.Days); n == 0 || v.Days[n-1].Day != day {
			v.Days = append(v.Days, timelineDay{Day: day})
		}
		d := &v.Days[len(v.Days)-1]
		d.Rows = append(d.Rows, timelineRow{r, l.best(r.Group, r.ID)})
	}
	return v
}

// tacticView is a column of the matrix.
type tacticView struct {
	Name, Plain string
	Techniques  []*techniqueView
	Findings    int64
}

type techniqueView struct {
	*Technique
	FullName string // with its parent's
	Level    string
	Anchor   string // of its row in the table
	Claim    string // of its strongest group's first finding
}

func techniqueAnchors(m *Model) map[string]string {
	anchors := map[string]string{}
	for i, t := range m.Techniques {
		anchors[t.ID] = "technique-" + strconv.Itoa(i+1)
	}
	return anchors
}

func newTechniques(m *Model, l *links) (columns []*tacticView, all []*techniqueView) {
	anchors := techniqueAnchors(m)
	for _, t := range m.Techniques {
		g := t.Groups[0]
		all = append(all, &techniqueView{Technique: t, FullName: attack.FullName(t.ID), Level: finding.Levels[topRank(t.Levels)], Anchor: anchors[t.ID], Claim: l.best(g, g.FirstID)})
	}
	other := &tacticView{Name: "Without a tactic", Plain: "techniques that this version of ATT&CK doesn't know"}
	for _, t := range attack.TacticNames() {
		column := &tacticView{Name: t.Name, Plain: tacticPlain[t.Short]}
		for _, v := range all {
			if slices.Contains(attack.Tactics(v.ID), t.Short) {
				column.add(v)
			}
		}
		columns = append(columns, column)
	}
	for _, v := range all {
		if len(attack.Tactics(v.ID)) == 0 {
			other.add(v)
		}
	}
	columns = slices.DeleteFunc(append(columns, other), func(c *tacticView) bool { return len(c.Techniques) == 0 })
	for _, c := range columns {
		slices.SortStableFunc(c.Techniques, func(a, b *techniqueView) int {
			return cmp.Or(cmp.Compare(topRank(b.Levels), topRank(a.Levels)), cmp.Compare(b.Levels.Total(), a.Levels.Total()))
		})
	}
	return columns, all
}

func (c *tacticView) add(v *techniqueView) {
	c.Techniques = append(c.Techniques, v)
	c.Findings += v.Levels.Total()
}

// indicatorView is the table of one type of indicator.
type indicatorView struct {
	Type, Name string
	Rows       []indicatorRow
	More       int
	Total      int
	Lost       int64
}

type indicatorRow struct {
	*Indicator
	Anchor string // of a finding that names it
	ID     string // of that finding, or of the first where none is shown
	Names  []string
	Others int // hosts not named
}

var indicatorNames = map[string]string{
	"ipv4": "IPv4 addresses", "ipv6": "IPv6 addresses", "domain": "Domains", "url": "URLs", "email": "Mail addresses", "sha256": "SHA-256 hashes", "sha1": "SHA-1 hashes", "md5": "MD5 hashes",
	"path": "Files", "account": "Accounts",
}

const (
	maxIndicatorRows  = 40
	maxIndicatorNamed = 4
)

func newIndicators(m *Model, l *links) []*indicatorView {
	byType := map[string]*indicatorView{}
	var views []*indicatorView
	for _, kind := range indicatorTypes {
		byType[kind] = &indicatorView{Type: kind, Name: indicatorNames[kind], Lost: m.LostIndicators[kind]}
	}
	for _, i := range m.Indicators {
		v := byType[i.Type]
		v.Total++
		if len(v.Rows) == maxIndicatorRows {
			v.More++
			continue
		}
		row := indicatorRow{Indicator: i, ID: i.Findings[0], Names: i.HostNames()}
		for _, id := range i.Findings {
			if a := l.finding(id); a != "" && row.Anchor == "" {
				row.Anchor, row.ID = a, id
			}
		}
		if row.Anchor == "" {
			row.Anchor = l.groups[i.group]
		}
		if n := len(row.Names); n > maxIndicatorNamed {
			row.Names, row.Others = row.Names[:maxIndicatorNamed], n-maxIndicatorNamed
		}
		v.Rows = append(v.Rows, row)
	}
	for _, kind := range indicatorTypes {
		if len(byType[kind].Rows) > 0 {
			views = append(views, byType[kind])
		}
	}
	return views
}

// evidenceView is what was and what was not read.
type evidenceView struct {
	Lost      []*fileView // not read in full
	NotParsed []*fileView
	Read      []*fileView
	More      int64
	Kinds     []KindCount
}

type fileView struct {
	*casefile.EvidenceFile
	Anchor string
	More   int64 // problems not listed
}

func newEvidence(m *Model, l *links) *evidenceView {
	v := &evidenceView{Kinds: m.Kinds}
	done := map[string]bool{}
	for _, f := range m.Evidence {
		anchor := l.file(f.Path, f.SHA256)
		if anchor == "" || done[anchor] {
			continue
		}
		done[anchor] = true
		row := &fileView{f, anchor, max(f.ProblemCount, int64(len(f.Problems))) - int64(len(f.Problems))}
		switch f.Status {
		case casefile.StatusRead:
			v.Read = append(v.Read, row)
		case casefile.StatusNotParsed:
			v.NotParsed = append(v.NotParsed, row)
		default:
			v.Lost = append(v.Lost, row)
		}
	}
	v.More = m.Case.Totals.Files - int64(len(done))
	return v
}
