package report

import (
	"context"
	"html"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// Bounds of the page, so that it opens at once whatever the case holds. What is left out is counted, and stands in findings.jsonl.
const (
	maxShown       = 1_000
	maxFieldBytes  = 1_500_000 // of escaped field text on the whole page
	maxFieldRunes  = 1_500     // of one value
	maxShownFields = 40        // of one finding
	maxShownPlaces = 12        // records of one finding
)

// perGroup is how many findings of a rule on a host the page shows, by level.
var perGroup = [5]int{2, 3, 5, 8, 10}

// shownFinding is a finding as the page shows it.
type shownFinding struct {
	*finding.Finding
	Gist      field
	GistLeft  int
	Fields    []shownField
	MoreField int
	Places    []finding.Evidence
	MorePlace int
}

// shownField is a field, shortened if need be.
type shownField struct {
	Name, Value string
	Left        int // runes left out
}

// selection is what the page shows of the findings.
type selection struct {
	groups map[*Group][]*shownFinding
	byID   map[string]*shownFinding
	shown  int64
	budget int
}

// selectFindings reads the findings that the page shows: of each group, strongest first, one finding while there is room, then as
// many as its level allows.
func selectFindings(ctx context.Context, m *Model) (*selection, error) {
	s := &selection{groups: map[*Group][]*shownFinding{}, byID: map[string]*shownFinding{}, budget: maxFieldBytes}
	wanted := map[int64]*Group{}
	for g, n := range quotas(m) {
		for _, position := range g.leading[:min(n, len(g.leading))] {
			wanted[position] = g
		}
	}
	var at int64
	for f, err := range m.Reader.SomeFindings(func(position int64) bool { at = position; return wanted[position] != nil }) {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if g := wanted[at]; s.byID[f.ID] == nil {
			shown := s.show(f)
			s.groups[g] = append(s.groups[g], shown)
			s.byID[f.ID] = shown
			s.shown++
		}
	}
	return s, nil
}

// quotas says how many findings of each group are shown.
func quotas(m *Model) map[*Group]int {
	want, left := map[*Group]int{}, maxShown
	onPage := map[*Host]bool{}
	for _, h := range m.Hosts[:min(len(m.Hosts), maxShownHosts)] {
		onPage[h] = true
	}
	groups := slices.DeleteFunc(slices.Clone(m.Groups), func(g *Group) bool { return !onPage[g.Host] })
	for _, g := range groups {
		if left == 0 {
			return want
		}
		want[g] = 1
		left--
	}
	for _, g := range groups {
		more := min(int64(left), int64(perGroup[g.Rank()]-1), g.Count-1)
		want[g] += int(more)
		left -= int(more)
	}
	return want
}

func (s *selection) show(f *finding.Finding) *shownFinding {
	fields := fieldsOf(f)
	shown := &shownFinding{Finding: f, Places: f.Evidence}
	if g, ok := gist(fields); ok {
		shown.Gist = g
		shown.Gist.Value, shown.GistLeft = visibleUpTo(g.Value, 240)
	}
	if n := len(f.Evidence); n > maxShownPlaces {
		shown.Places = f.Evidence[:maxShownPlaces]
	}
	shown.MorePlace = max(f.Count, len(f.Evidence)) - len(shown.Places)
	for i, field := range fields {
		if i >= maxShownFields || s.budget <= 0 {
			shown.MoreField = len(fields) - i
			break
		}
		name, _ := visibleUpTo(field.Name, 120)
		value, left := visibleUpTo(field.Value, maxFieldRunes)
		s.budget -= len(html.EscapeString(name)) + len(html.EscapeString(value)) + 60
		shown.Fields = append(shown.Fields, shownField{name, value, left})
	}
	f.Fields = nil
	return shown
}
