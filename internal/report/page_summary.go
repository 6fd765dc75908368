package report

import (
	"fmt"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

// summary is the first page, for who decides: what was found, said in words that only the case's own numbers and names fill.
type summary struct {
	Lead         []frag
	Second       []frag
	Levels       []levelBar
	Serious      int64 // critical and high
	Hosts        int   // with findings
	SeriousHosts int
	AllHosts     int   // that the evidence names
	Unread       int64 // files not read in full
	Length       string
	Days         string // the first and the last
}

type levelBar struct {
	Level string
	Count int64
	X, W  float64
}

// barWidth is the width of the bar of levels, in units of its drawing.
const barWidth = 1000

func newSummary(m *Model, p *page, l *links) *summary {
	t := &m.Case.Totals
	s := &summary{Serious: m.Levels[4] + m.Levels[3], Unread: t.FilesPartly + t.FilesUnreadable, Length: lengthText(m.First, m.Last), Days: daysText(m.First, m.Last)}
	for _, h := range m.Hosts {
		if h.Name == "" {
			continue
		}
		s.Hosts++
		if h.Levels[3]+h.Levels[4] > 0 {
			s.SeriousHosts++
		}
	}
	s.AllHosts = max(len(m.EvidenceHosts), s.Hosts)
	s.Levels = levelBars(m.Levels)
	s.Lead = lead(m, s, l)
	s.Second = second(m, p, l)
	return s
}

func levelBars(c Counts) []levelBar {
	var bars []levelBar
	x, total, present := 0.0, c.Total(), 0
	for _, n := range c {
		if n > 0 {
			present++
		}
	}
	if total == 0 {
		return nil
	}
	for rank, level := range slices.Backward(finding.Levels) {
		w := 0.0
		if c[rank] > 0 {
			// A level that is there is always seen: it has at least 6 units, and its share of the rest.
			w = 6 + float64(barWidth-6*present)*float64(c[rank])/float64(total)
		}
		bars = append(bars, levelBar{level, c[rank], round(x), round(w)})
		x += w
	}
	return bars
}

// lead says how much was found, where and when.
func lead(m *Model, s *summary, l *links) []frag {
	total := m.Levels.Total()
	if total == 0 {
		return []frag{{Text: fmt.Sprintf("No rule found anything in the %s that were read. That is no proof that nothing happened: the rules see only what the evidence recorded.", plural(m.Case.Totals.Records+m.Case.Totals.Recovered, "record"))}}
	}
	var out []frag
	add := func(anchor, format string, args ...any) {
		out = append(out, frag{fmt.Sprintf(format, args...), anchor})
	}
	where := ""
	if s.Hosts > 0 {
		where = " on " + plural(int64(s.Hosts), "host")
	}
	switch weaker := total - s.Serious; {
	case s.Serious > 0 && weaker > 0:
		add("", "%s and %s weaker%s, %s.", plural(s.Serious, "serious finding"), count(weaker), where, spanText(m.First, m.Last))
	case s.Serious > 0:
		add("", "%s%s, %s.", plural(s.Serious, "serious finding"), where, spanText(m.First, m.Last))
	default:
		add("", "No serious finding, but %s%s, %s.", plural(total, "weaker one"), where, spanText(m.First, m.Last))
	}
	if g := earliest(m.Groups); g != nil {
		add("", " The serious ones begin with ")
		add(l.best(g, g.FirstID), "%s", short(g.Title))
		add("", " on %s (%s).", hostName(g.Host.Name), momentText(g.First))
	}
	return out
}

// earliest returns the first group of level high or above.
func earliest(groups []*Group) *Group {
	var first *Group
	for _, g := range groups {
		if g.Rank() >= 3 && !g.First.IsZero() && (first == nil || g.First.Before(first.First)) {
			first = g
		}
	}
	return first
}

// second says what the findings are about, and which host stands out.
func second(m *Model, p *page, l *links) []frag {
	var out []frag
	add := func(anchor, format string, args ...any) {
		out = append(out, frag{fmt.Sprintf(format, args...), anchor})
	}
	if words := tacticWords(m.Groups); len(words) > 0 {
		add("", "What the rules of medium level and above saw speaks of %s.", list(words))
	}
	named := slices.IndexFunc(m.Hosts, func(h *Host) bool { return h.Name != "" })
	if named >= 0 && m.Hosts[named].Score >= 10 {
		h := m.Hosts[named]
		add("", " The host that stands out most is ")
		add(l.hosts[h], "%s", hostName(h.Name))
		add("", ": %s of different kinds add up to a score of %s of 100.", plural(int64(len(h.Groups)), "sign"), scoreText(h.Score))
	}
	return out
}

// tacticPlain says for who doesn't know ATT&CK what a tactic is about.
var tacticPlain = map[string]string{
	"reconnaissance": "scouting from outside", "resource-development": "preparing means", "initial-access": "getting in", "execution": "running code",
	"persistence": "staying after a restart", "privilege-escalation": "gaining rights", "stealth": "hiding", "defense-impairment": "switching off defences",
	"credential-access": "stealing credentials", "discovery": "looking around", "lateral-movement": "moving to other machines", "collection": "gathering data",
	"command-and-control": "talking to a controller", "exfiltration": "taking data out", "impact": "destroying or locking data",
}

// tacticWords names what the techniques of groups of medium level and above are for, in ATT&CK's order.
func tacticWords(groups []*Group) []string {
	seen := map[string]bool{}
	for _, g := range groups {
		if g.Rank() < 2 {
			continue
		}
		for _, id := range g.Attack {
			for _, t := range mainTactics(id) {
				seen[t] = true
			}
		}
	}
	var words []string
	for _, t := range attack.TacticNames() {
		if word := tacticPlain[t.Short]; seen[t.Short] && word != "" {
			words = append(words, word)
		}
	}
	return words
}
