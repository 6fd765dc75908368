package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

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
// strongest of the rest while there is room. Several rules often speak of one record: it is told once, where another can be
// found. The moments are shown in order of time.
func newMoments(m *Model, s *selection, l *links) []*moment {
	p := &picker{s: s, l: l, groups: map[*Group]bool{}, records: map[string]bool{}}
	candidates := slices.Clone(m.Groups)
	candidates = slices.DeleteFunc(candidates, func(g *Group) bool { return g.Rank() < 2 || g.First.IsZero() })
	slices.SortStableFunc(candidates, func(a, b *Group) int { return cmp.Or(cmp.Compare(b.Rank(), a.Rank()), a.First.Compare(b.First)) })
	for _, t := range attack.TacticNames() {
		speaks := func(g *Group) bool { return speaksOf(g, t.Short) }
		i := slices.IndexFunc(candidates, func(g *Group) bool { return speaks(g) && p.isNew(g) })
		if i < 0 {
			i = slices.IndexFunc(candidates, func(g *Group) bool { return speaks(g) && !p.groups[g] })
		}
		if i >= 0 {
			p.take(candidates[i], t)
		}
	}
	for _, g := range candidates {
		if len(p.all) >= maxMoments || g.Rank() < 3 {
			break
		}
		if p.isNew(g) && !sameRule(p.all, g) {
			p.take(g, tacticOfGroup(g))
		}
	}
	slices.SortStableFunc(p.all, func(a, b *moment) int { return a.Group.First.Compare(b.Group.First) })
	return p.all
}

// picker remembers what was told.
type picker struct {
	s       *selection
	l       *links
	all     []*moment
	groups  map[*Group]bool
	records map[string]bool
}

func (p *picker) record(g *Group) string {
	if f := p.s.byID[g.FirstID]; f != nil && len(f.Evidence) > 0 {
		return fmt.Sprintf("%s %d", f.Evidence[0].Path, f.Evidence[0].Offset)
	}
	return g.FirstID
}

func (p *picker) isNew(g *Group) bool { return !p.groups[g] && !p.records[p.record(g)] }

func (p *picker) take(g *Group, t attack.Tactic) {
	p.groups[g], p.records[p.record(g)] = true, true
	v := &moment{Group: g, Tactic: t.Name, Plain: tacticPlain[t.Short], Anchor: p.l.best(g, g.FirstID), Others: g.Count - 1}
	if f := p.s.byID[g.FirstID]; f != nil {
		v.Gist = f.Gist
		v.Gist.Value, _ = clip(v.Gist.Value, 130)
	}
	p.all = append(p.all, v)
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
