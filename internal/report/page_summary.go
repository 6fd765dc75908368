package report

import (
	"cmp"
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
	s := &summary{Serious: m.Levels[4] + m.Levels[3], Unread: t.FilesPartly + t.FilesUnreadable, Length: lengthText(m.First, m.Last)}
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
	x, total := 0.0, c.Total()
	if total == 0 {
		return nil
	}
	for rank, level := range slices.Backward(finding.Levels) {
		w := 0.0
		if c[rank] > 0 {
			// A level that is there is always seen: at least 6 units, taken from what the others have too much.
			w = 6 + float64(barWidth-30)*float64(c[rank])/float64(total)
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
		add(l.best(g, g.FirstID), "%s", visible(g.Title))
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
		add("", ": %s of different kinds add up to a score of %.1f of 100.", plural(int64(len(h.Groups)), "sign"), h.Score)
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

// moment is a step of the story on the first page.
type moment struct {
	Group  *Group
	Tactic string
	Plain  string
	Gist   field
	Anchor string
	Others int64 // further findings of the same rule and host
}

const maxMoments = 14

// newMoments picks the findings that tell the story: for each tactic the strongest and, among these, the first; then the
// strongest of the rest while there is room. They are shown in order of time.
func newMoments(m *Model, s *selection, l *links) []*moment {
	taken := map[*Group]bool{}
	var all []*moment
	take := func(g *Group, t attack.Tactic) {
		taken[g] = true
		v := &moment{Group: g, Tactic: t.Name, Plain: tacticPlain[t.Short], Anchor: l.best(g, g.FirstID), Others: g.Count - 1}
		if f := s.byID[g.FirstID]; f != nil {
			v.Gist = f.Gist
			v.Gist.Value, _ = clip(v.Gist.Value, 130)
		}
		all = append(all, v)
	}
	candidates := slices.Clone(m.Groups)
	slices.SortStableFunc(candidates, func(a, b *Group) int { return cmp.Or(cmp.Compare(b.Rank(), a.Rank()), a.First.Compare(b.First)) })
	for _, t := range attack.TacticNames() {
		for _, g := range candidates {
			if g.Rank() >= 2 && !taken[g] && !g.First.IsZero() && speaksOf(g, t.Short) {
				take(g, t)
				break
			}
		}
	}
	for _, g := range candidates {
		if len(all) >= maxMoments || g.Rank() < 3 {
			break
		}
		if !taken[g] && !g.First.IsZero() && !sameRule(all, g) {
			take(g, tacticOfGroup(g))
		}
	}
	slices.SortStableFunc(all, func(a, b *moment) int { return a.Group.First.Compare(b.Group.First) })
	return all
}

func sameRule(all []*moment, g *Group) bool {
	return slices.ContainsFunc(all, func(v *moment) bool { return v.Group.Rule == g.Rule })
}

func speaksOf(g *Group, short string) bool {
	// The first technique is what the rule is about; the others say what else it may serve.
	return len(g.Attack) > 0 && slices.Contains(mainTactics(g.Attack[0]), short)
}

func tacticOfGroup(g *Group) attack.Tactic {
	if len(g.Attack) > 0 {
		for _, t := range attack.TacticNames() {
			if speaksOf(g, t.Short) {
				return t
			}
		}
	}
	return attack.Tactic{}
}
