package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// Types of indicator, in the order in which outputs show them.
var indicatorTypes = []string{"ipv4", "ipv6", "domain", "url", "email", "sha256", "sha1", "md5", "path", "account"}

// Bounds of what is kept of indicators.
const (
	maxIndicators     = 5_000 // of one type
	maxIndicatorValue = 2_048 // bytes; a longer value is no indicator
	maxIndicatorHosts = 50
	maxIndicatorIDs   = 5   // findings named
	maxIndicatorNames = 4   // fields named
	maxFieldName      = 128 // bytes; a longer name is not shown
)

// Indicator is a value that findings name and that other systems can be searched for.
type Indicator struct {
	Type, Value string
	// Note says why the value is no sign of the intruder by itself: "private", "documentation", "well-known: ...". "" is
	// what is left.
	Note     string
	Rank     int   // highest level of a finding that names it
	Count    int64 // findings that name it
	First    time.Time
	Last     time.Time
	Hosts    []*Host // at most maxIndicatorHosts
	Fields   []string
	Findings []string // ids of the first findings of the highest level
	group    *Group   // of the first of these; nil if it stands in none
	windows  bool     // a hash that a finding gives of a program that every Windows has
}

// Level returns the highest level of a finding that names the indicator.
func (i *Indicator) Level() string { return finding.Levels[i.Rank] }

// HostNames returns the names of the hosts, in order.
func (i *Indicator) HostNames() []string {
	var names []string
	for _, h := range i.Hosts {
		if h.Name != "" {
			names = append(names, h.Name)
		}
	}
	slices.Sort(names)
	return names
}

type indicatorKey struct{ kind, value string }

// indicatorSet gathers the indicators of findings.
type indicatorSet struct {
	byKey map[indicatorKey]*Indicator
	kinds map[string]int
	lost  map[string]int64
	found []indicatorKey // of the current finding
}

func newIndicatorSet() *indicatorSet {
	return &indicatorSet{byKey: map[indicatorKey]*Indicator{}, kinds: map[string]int{}, lost: map[string]int64{}}
}

// sighting is where an indicator was seen; host and group may be nil.
type sighting struct {
	finding *finding.Finding
	host    *Host
	group   *Group
}

// add looks for indicators in a finding. Each counts once a finding, however many fields name it.
func (s *indicatorSet) add(f *finding.Finding, h *Host, g *Group) {
	s.found = s.found[:0]
	fields := fieldsOf(f)
	for _, field := range fields {
		for _, key := range extract(field) {
			s.see(key, field.Name, sighting{f, h, g})
		}
	}
	if ofWindows(fields) {
		for _, key := range s.found {
			if i := s.byKey[key]; i != nil {
				i.windows = true
			}
		}
	}
}

// ofWindows says whether the file that fields are about is a program that every Windows has, at its own place: its hashes are those of
// every machine with the same version.
func ofWindows(fields []field) bool {
	about := ""
	for _, f := range fields {
		switch normalName(f.Name) {
		case "imageloaded", "targetfilename":
			return pathNote(f.Value) != "" // rather than by whom it was loaded or written
		case "image", "newprocessname":
			about = f.Value
		}
	}
	return pathNote(about) != ""
}

func (s *indicatorSet) see(key indicatorKey, name string, at sighting) {
	f, h := at.finding, at.host
	value := key.value
	if key.kind == "account" || key.kind == "path" && strings.Contains(value, `\`) {
		key.value = strings.ToLower(value) // Windows doesn't tell cases apart; the first spelling is shown
	}
	repeat := slices.Contains(s.found, key)
	i := s.byKey[key]
	if i == nil {
		if s.kinds[key.kind] >= maxIndicators {
			if !repeat {
				s.found = append(s.found, key)
				s.lost[key.kind]++
			}
			return
		}
		s.kinds[key.kind]++
		i = &Indicator{Type: key.kind, Value: value, Note: noteOf(indicatorKey{key.kind, value})}
		s.byKey[key] = i
	}
	if len(i.Fields) < maxIndicatorNames && len(name) <= maxFieldName && !slices.Contains(i.Fields, name) {
		i.Fields = append(i.Fields, name)
	}
	if repeat {
		return
	}
	s.found = append(s.found, key)
	i.Count++
	i.First, i.Last = widen(i.First, i.Last, f.Time)
	if rank := finding.LevelRank(f.Level); rank > i.Rank {
		i.Rank, i.Findings = rank, i.Findings[:0]
	}
	if len(i.Findings) == 0 {
		i.group = at.group
	}
	if finding.LevelRank(f.Level) == i.Rank && len(i.Findings) < maxIndicatorIDs {
		i.Findings = append(i.Findings, f.ID)
	}
	if h != nil && len(i.Hosts) < maxIndicatorHosts && !slices.Contains(i.Hosts, h) {
		i.Hosts = append(i.Hosts, h)
	}
}

// finish returns the indicators by type, those without a note first, then by level and time.
func (s *indicatorSet) finish() ([]*Indicator, map[string]int64) {
	all := make([]*Indicator, 0, len(s.byKey))
	for _, i := range s.byKey {
		slices.Sort(i.Fields)
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b *Indicator) int {
		return cmp.Or(
			cmp.Compare(slices.Index(indicatorTypes, a.Type), slices.Index(indicatorTypes, b.Type)),
			cmp.Compare(min(len(a.Note), 1), min(len(b.Note), 1)),
			cmp.Compare(b.Rank, a.Rank),
			a.First.Compare(b.First),
			strings.Compare(a.Value, b.Value),
		)
	})
	return all, s.lost
}
