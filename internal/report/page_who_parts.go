package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

// Bounds of what is shown for and against groups.
const (
	maxFallSteps   = 9
	maxFallReports = 2
	fallWidth      = 240
	matrixGroups   = 5
	maxMatrixRows  = 20 // of what the case shows and one of the groups did
	maxMatrixNear  = 6  // of what the case shows and none of them did
	maxMatrixGone  = 8  // of what it doesn't show
)

// fallView is the waterfall of bits of one group.
type fallView struct {
	*attrib.Candidate
	Anchor  string
	Zero    float64 // where 0 bits are, along the bars
	Steps   []fallStep
	Missing []attrib.Contribution
}

// fallStep is a step of it: what it adds, and where its bar is drawn.
type fallStep struct {
	ID, Name, Basis string
	Bits            float64
	Total           bool
	Reports         []string
	MoreReports     int
	Cases           []string // learned ones
	X, W            float64
	from, to        float64
}

// For says whether a step speaks for the group.
func (s *fallStep) For() bool { return s.Bits >= 0 }

// newFalls draws the groups on one scale, so that their bars can be compared.
func newFalls(ranking []attrib.Candidate) []*fallView {
	var all []*fallView
	low, high := 0.0, 0.0
	for i := range ranking {
		v := &fallView{Candidate: &ranking[i], Anchor: fmt.Sprintf("who-%d", i+1), Steps: fallSteps(&ranking[i])}
		v.Missing = v.Candidate.Missing
		for _, s := range v.Steps {
			low, high = min(low, s.to), max(high, s.to)
		}
		all = append(all, v)
	}
	if high-low < 1 {
		high = low + 1
	}
	at := func(bits float64) float64 { return round((bits - low) / (high - low) * fallWidth) }
	for _, v := range all {
		v.Zero = at(0)
		for i := range v.Steps {
			s := &v.Steps[i]
			s.X = at(min(s.from, s.to))
			s.W = max(1, round(at(max(s.from, s.to))-s.X))
		}
	}
	return all
}

func fallSteps(c *attrib.Candidate) []fallStep {
	steps := []fallStep{{Name: "How much is known of it, whatever was seen", Bits: c.Knowledge, Basis: plural(int64(c.Reports), "report")}}
	sum := c.Knowledge
	if c.Time != 0 {
		steps = append(steps, timeStep(c))
		sum += c.Time
	}
	for _, side := range c.Sides {
		steps = append(steps, fallStep{Name: side.Name, Basis: sideBasis(&side), Bits: side.Bits, Cases: side.Cases})
		sum += side.Bits
	}
	shown := c.Contributions[:min(len(c.Contributions), maxFallSteps)]
	for _, part := range shown {
		s := fallStep{ID: part.ID, Name: part.Name, Basis: part.Basis, Bits: part.Bits, Reports: part.Reports[:min(len(part.Reports), maxFallReports)]}
		s.MoreReports = len(part.Reports) - len(s.Reports)
		steps = append(steps, s)
		sum += part.Bits
	}
	if more := len(c.Contributions) - len(shown); more > 0 || math.Abs(c.Bits-sum-c.Habits) >= 0.005 {
		s := fallStep{Name: "All else that was seen", Bits: c.Bits - sum - c.Habits, Basis: "many small items"}
		if more > 0 {
			s.Basis = plural(int64(more), "weaker item") + " and smaller ones"
		}
		steps = append(steps, s)
	}
	steps = append(steps, fallStep{Name: "What it usually does beside, seen or not", Bits: c.Habits, Basis: "its habits together"})
	at := 0.0
	for i := range steps {
		steps[i].from, steps[i].to = at, at+steps[i].Bits
		at = steps[i].to
	}
	return append(steps, fallStep{Name: "Together", Bits: c.Bits, Total: true, to: c.Bits})
}

// maxSideValues bounds the indicators in common that are shown, sideWidth how long each may be.
const (
	maxSideValues = 2
	sideWidth     = 28
)

// sideBasis says what of the group evidence of another kind rests on.
func sideBasis(s *attrib.Side) string {
	text := s.Basis
	for i, value := range s.Values[:min(len(s.Values), maxSideValues)] {
		text += []string{": ", ", "}[min(i, 1)] + visible(shorten(sideWidth, value))
	}
	return text
}

// timeStep is what the time of the incident says of the group.
func timeStep(c *attrib.Candidate) fallStep {
	s := fallStep{Name: "When it was, beside the reports on it", Bits: c.Time, Basis: "nearest in time"}
	if len(c.Dated) == 0 {
		s.Basis = "no report with a date"
	}
	for _, d := range c.Dated {
		s.Reports = append(s.Reports, fmt.Sprintf("%s (%s)", d.Report, d.Date))
	}
	return s
}

// bitsText writes bits with their sign.
func bitsText(bits float64) string {
	text := fmt.Sprintf("%.2f", math.Abs(bits))
	switch {
	case text == "0.00":
		return text
	case bits < 0:
		return "\u2212" + text
	}
	return "+" + text
}

// whoMatrix holds the case's techniques against the leading groups.
type whoMatrix struct {
	Groups []*attrib.Candidate
	Parts  []matrixPart
}

// Columns counts those of the table.
func (v *whoMatrix) Columns() int { return 2 + len(v.Groups) }

type matrixPart struct {
	Name string
	Rows []matrixRow
	More int
}

type matrixRow struct {
	ID, Name, Anchor string
	Strength         string // of the case's evidence, "" where it shows nothing
	Blind            bool   // it could not have been seen
	Cells            []string
}

// What a group is reported to have done of a technique.
const (
	cellSame    = "reported"
	cellRelated = "related"
	cellNone    = "none"
)

// matrixMaker knows what reports say that the leading groups used.
type matrixMaker struct {
	used, parents []map[string]bool // by group: identifiers, and parents of them
	names         map[string]string
	anchors       map[string]string
}

func newWhoMatrix(m *Model, r *attrib.Result, t *attrib.Table) *whoMatrix {
	v := &whoMatrix{}
	k := &matrixMaker{anchors: techniqueAnchors(m), names: map[string]string{}}
	column := map[string]int{}
	for i := range r.Ranking[:min(len(r.Ranking), matrixGroups)] {
		column[r.Ranking[i].Group] = i
		v.Groups = append(v.Groups, &r.Ranking[i])
		k.used = append(k.used, map[string]bool{})
		k.parents = append(k.parents, map[string]bool{})
	}
	for _, u := range t.Uses {
		if i, ok := column[u.By]; ok {
			k.used[i][u.What] = true
			k.parents[i][parentOf(u.What)] = true
		}
	}
	seen := map[string]bool{}
	var shared, near, only []matrixRow
	for _, item := range tellingFirst(r) {
		seen[item.ID] = true
		row := k.row(item.ID, item.Name)
		row.Strength = percent(item.Strength)
		switch {
		case slices.Contains(row.Cells, cellSame):
			shared = append(shared, row)
		case slices.Contains(row.Cells, cellRelated):
			near = append(near, row)
		default:
			only = append(only, row)
		}
	}
	v.part("Seen here and reported of one of these groups or more", shared, maxMatrixRows)
	v.part("Seen here; of these groups only related techniques are reported", near, maxMatrixNear)
	v.part("Only seen here", only, maxMatrixNear)
	v.part("Not seen here, but reported of two of these groups or more", k.absent(r, t, seen), maxMatrixGone)
	return v
}

func parentOf(id string) string {
	parent, _, _ := strings.Cut(id, ".")
	return parent
}

// tellingFirst orders what the case shows by how much it can tell groups apart: the surest and the rarest first.
func tellingFirst(r *attrib.Result) []attrib.Item {
	items := slices.Concat(r.Techniques, r.Software)
	worth := func(i attrib.Item) float64 {
		return i.Strength * math.Log(float64(r.Known+1)/float64(i.Groups+1))
	}
	slices.SortStableFunc(items, func(a, b attrib.Item) int { return cmp.Compare(worth(b), worth(a)) })
	return items
}

func (k *matrixMaker) row(id, name string) matrixRow {
	now, _ := attack.Canonical(id)
	row := matrixRow{ID: id, Name: name, Anchor: k.anchors[now]}
	for i := range k.used {
		switch {
		case k.used[i][id]:
			row.Cells = append(row.Cells, cellSame)
		case k.parents[i][parentOf(id)]:
			row.Cells = append(row.Cells, cellRelated)
		default:
			row.Cells = append(row.Cells, cellNone)
		}
	}
	return row
}

// absent finds the techniques that two of the leading groups or more are reported to use and the case doesn't show.
func (k *matrixMaker) absent(r *attrib.Result, t *attrib.Table, seen map[string]bool) []matrixRow {
	var rows []matrixRow
	by := map[string]int{}
	for _, e := range t.Techniques {
		n := 0
		for i := range k.used {
			if k.used[i][e.ID] {
				n++
			}
		}
		if n >= 2 && !seen[e.ID] {
			by[e.ID] = n
			row := k.row(e.ID, e.Name)
			row.Blind = r.Blind(e.ID)
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b matrixRow) int { return by[b.ID] - by[a.ID] })
	return rows
}

func (v *whoMatrix) part(name string, rows []matrixRow, most int) {
	if len(rows) == 0 {
		return
	}
	kept := rows[:min(len(rows), most)]
	v.Parts = append(v.Parts, matrixPart{name, kept, len(rows) - len(kept)})
}
