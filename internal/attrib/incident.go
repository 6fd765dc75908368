package attrib

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// sureness is how far one rule of each level is taken to show the technique that it names, in the order of finding.Levels. Rules name
// techniques freely: a low rule that fires once shows little, several rules that agree show much.
var sureness = [...]float64{0.05, 0.15, 0.35, 0.6, 0.8}

// repeats is how much more a rule shows that fired often: its doubt is raised to 1 + repeats·log₂(times), at most mostRepeats.
const (
	repeats      = 0.1
	mostRepeats  = 1.5
	leastLetters = 6 // of a software's name that is looked for in titles
)

type sighting struct {
	level    string
	findings int
}

// FromFindings makes a case of the findings of an incident. A technique is as sure as the rules behind it together: 1 less the
// product of their doubts. Software is known by its identifier among the techniques, or by its name in a finding's title. The time is
// that of the rules behind them.
func FromFindings(name string, t *Table, findings iter.Seq2[*finding.Finding, error]) (*Case, error) {
	seen := map[string]map[string]*sighting{} // by item and rule
	times := clock{}
	note := func(id string, f *finding.Finding) {
		if seen[id] == nil {
			seen[id] = map[string]*sighting{}
		}
		rule := cmp.Or(f.Rule.ID, f.Rule.Title, f.Title)
		s := seen[id][rule]
		if s == nil {
			s = &sighting{level: f.Level}
			seen[id][rule] = s
		}
		s.findings += max(1, f.Count)
		times.note(rule, f)
	}
	named, order := newNames(t), firstTimes{}
	for f, err := range findings {
		if err != nil {
			return nil, err
		}
		for _, id := range f.Attack {
			note(strings.ToUpper(id), f)
		}
		order.see(f)
		for _, id := range named.in(f.Title) {
			note(id, f)
		}
	}
	c := &Case{Name: name, When: times.time(), Order: order.list()}
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		item := weigh(id, seen[id])
		if strings.HasPrefix(id, "S") {
			c.Software = append(c.Software, item)
		} else {
			c.Techniques = append(c.Techniques, item)
		}
	}
	c.Techniques = withoutParents(c.Techniques)
	return c, nil
}

// firstTimes holds when each technique was first seen. Findings below a level of medium are of what goes on anyway, so that the first of
// them says little of an intruder.
type firstTimes map[string]time.Time

const leastOrdered = "medium"

// mostTimed bounds the techniques whose times are held: hostile rules can name any number.
const mostTimed = 4096

func (o firstTimes) see(f *finding.Finding) {
	at := f.Time
	if at.IsZero() || finding.LevelRank(f.Level) < finding.LevelRank(leastOrdered) {
		return
	}
	for _, id := range f.Attack {
		id = strings.ToUpper(id)
		have, ok := o[id]
		if ok && at.Before(have) || !ok && len(o) < mostTimed {
			o[id] = at
		}
	}
}

// list gives the techniques in order, those of one time together.
func (o firstTimes) list() [][]string {
	ids := slices.SortedFunc(maps.Keys(o), func(a, b string) int { return cmp.Or(o[a].Compare(o[b]), strings.Compare(a, b)) })
	var out [][]string
	for i, id := range ids {
		if i > 0 && o[id].Equal(o[ids[i-1]]) {
			out[len(out)-1] = append(out[len(out)-1], id)
		} else {
			out = append(out, []string{id})
		}
	}
	return out
}

func weigh(id string, rules map[string]*sighting) Seen {
	doubt, n := 1.0, 0
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		s := rules[rule]
		times := math.Min(mostRepeats, 1+repeats*math.Log2(float64(s.findings)))
		doubt *= math.Pow(1-sureness[finding.LevelRank(s.level)], times)
		n += s.findings
	}
	return Seen{ID: id, Strength: 1 - doubt, Findings: n, Rules: len(rules)}
}

// names finds software by name in titles.
type names struct{ byWord map[string][]name }

type name struct {
	words []string
	id    string
}

func newNames(t *Table) *names {
	n := &names{map[string][]name{}}
	for _, s := range t.Software {
		for _, text := range append([]string{s.Name}, s.Aliases...) {
			if words := wordsOf(text); len(text) >= leastLetters && len(words) > 0 {
				n.byWord[words[0]] = append(n.byWord[words[0]], name{words, s.ID})
			}
		}
	}
	return n
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// in returns the identifiers of the software named in a title, each once.
func (n *names) in(title string) []string {
	var out []string
	words := wordsOf(title)
	for i, word := range words {
		for _, s := range n.byWord[word] {
			if len(words)-i >= len(s.words) && slices.Equal(words[i:i+len(s.words)], s.words) && !slices.Contains(out, s.id) {
				out = append(out, s.id)
			}
		}
	}
	return out
}

// withoutParents leaves out techniques that stand beside one of their own sub-techniques. Rules are tagged with both, but a report names
// a technique as a whole only where it knows no more: what rules say twice would be evidence for the few groups of such reports.
func withoutParents(items []Seen) []Seen {
	parents := map[string]bool{}
	for _, s := range items {
		if parent, _, isSub := strings.Cut(s.ID, "."); isSub {
			parents[parent] = true
		}
	}
	return slices.DeleteFunc(items, func(s Seen) bool { return parents[s.ID] })
}
