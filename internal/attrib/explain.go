package attrib

import (
	"cmp"
	"math"
	"slices"
)

// How much of a result is worked out.
const (
	shownGroups   = 10 // in the ranking
	explained     = 5  // of them, with contributions
	mostMissing   = 5
	mostQuestions = 5
	leastBits     = 0.05 // of a contribution that is listed
)

// slots of what belongs to no item, before the items.
const (
	slotKnowledge = iota
	slotHabits
	slotTime
	firstSlot
)

// explanation takes the scores of a case apart.
type explanation struct {
	*assessment
	r     *Ranker
	m     *comparison
	items []int         // of each slot, from firstSlot on
	slot  map[int]int   // of an item
	parts [][]float64   // bits by group and slot, against the average group
	seen  map[int]*Seen // what the case says of an item
	scale float64       // bits for each unit of score
	ranks []int         // groups in order of probability
}

// Explain ranks the groups for one case and says why.
func (r *Ranker) Explain(c *Case) *Result {
	s, unknown := r.k.see(c)
	e := r.take(c, s)
	spans := r.spans(e)
	out := &Result{
		Case: c.Name, Version: r.k.version, Known: len(r.k.groups), Prior: r.o.prior(), Troubles: r.k.troubles(c, s, unknown),
		Unknown: spans.of(e.unknown, spans.unknown),
	}
	if s.when != 0 {
		out.Time = r.k.shownTime(c)
	}
	out.Techniques, out.Software = e.listed()
	e.given(c, out)
	for i, g := range e.ranks[:min(shownGroups, len(e.ranks))] {
		out.Ranking = append(out.Ranking, e.candidate(g, i < explained, spans.of(e.groups[g], spans.groups[g])))
	}
	if s.items() >= tooFew || s.withSides() {
		out.Alike = e.alike(spans)
	}
	if s.items() >= tooFew {
		out.Contradictions = e.contradictions()
		out.Questions = e.questions()
	}
	return out
}

func (r *Ranker) take(c *Case, s *sight) *explanation {
	e := &explanation{r: r, slot: map[int]int{}, seen: map[int]*Seen{}}
	view := r.k.view(c.LeaveOut)
	e.assessment = r.assess(view, s, r.w.fold(c.LeaveOut, s))
	e.ranks = e.order()
	for _, t := range s.techs {
		e.slot[t] = firstSlot + len(e.items)
		e.items = append(e.items, t)
	}
	for _, n := range s.soft {
		e.slot[len(r.k.techniques)+n] = firstSlot + len(e.items)
		e.items = append(e.items, len(r.k.techniques)+n)
	}
	for _, list := range [][]Seen{c.Techniques, c.Software} {
		for i := range list {
			if at, ok := r.k.itemAt[r.k.Canonical(list[i].ID)]; ok {
				e.seen[at] = &list[i]
			}
		}
	}
	e.scale = 1 / s.excess() / e.fold.heat(s) / math.Ln2
	e.parts = matrix(len(r.k.groups), firstSlot+len(e.items))
	e.m = r.k.compare(view, s, func(g, feature, item int, value float64) {
		slot := slotHabits
		if at, ok := e.slot[item]; ok {
			slot = at
		} else if feature <= fArsenal {
			slot = slotKnowledge
		} else if isTime(feature) {
			slot = slotTime
		}
		e.parts[g][slot] += e.fold.Features[feature] * value * e.scale
	})
	for slot := range firstSlot + len(e.items) {
		mean := 0.0
		for g := range e.parts {
			mean += e.parts[g][slot] / float64(len(e.parts))
		}
		for g := range e.parts {
			e.parts[g][slot] -= mean
		}
	}
	return e
}

func (e *explanation) entry(item int) *Entry {
	if n := len(e.r.k.techniques); item >= n {
		return &e.r.k.software[item-n]
	}
	return &e.r.k.techniques[item]
}

// listed gives what the case has.
func (e *explanation) listed() (techs, soft []Item) {
	nt := len(e.r.k.techniques)
	for _, at := range e.items {
		entry := e.entry(at)
		i := Item{ID: entry.ID, Name: entry.Name}
		if s := e.seen[at]; s != nil {
			i.Findings, i.Rules = s.Findings, s.Rules
		}
		if at < nt {
			i.Strength, i.Groups = e.sight.techAt[at], int(e.counts.techIn[at])
			techs = append(techs, i)
		} else {
			i.Strength, i.Groups = e.sight.softAt[at-nt], int(e.counts.softIn[at-nt])
			soft = append(soft, i)
		}
	}
	return techs, soft
}

// candidate says what there is for and against a group.
func (e *explanation) candidate(g int, inFull bool, estimate Estimate) Candidate {
	entry := &e.r.k.groups[g]
	c := Candidate{
		Group: entry.ID, Name: entry.Name, Estimate: estimate, Reports: int(e.counts.reports[g]),
		Knowledge: e.parts[g][slotKnowledge], Habits: e.parts[g][slotHabits],
		Time: e.parts[g][slotTime],
	}
	c.Technical, c.Software = e.kinds(g)
	c.Sides, c.Beside = e.sight.sidesOf(g)
	c.Bits = c.Knowledge + c.Technical + c.Software + c.Time + c.Beside
	c.Usual, c.UsualVisible = e.usual(g)
	if !inFull {
		return c
	}
	c.Dated = e.datedReports(g)
	for i, at := range e.items {
		if bits := e.parts[g][firstSlot+i]; math.Abs(bits) >= leastBits {
			c.Contributions = append(c.Contributions, e.contribution(g, at, bits))
		}
	}
	slices.SortStableFunc(c.Contributions, func(a, b Contribution) int { return cmp.Compare(math.Abs(b.Bits), math.Abs(a.Bits)) })
	c.Missing = e.missing(g)
	return c
}

// kinds sums a group's bits by kind of evidence.
func (e *explanation) kinds(g int) (techniques, software float64) {
	techniques = e.parts[g][slotHabits]
	for i, at := range e.items {
		if bits := e.parts[g][firstSlot+i]; at < len(e.r.k.techniques) {
			techniques += bits
		} else {
			software += bits
		}
	}
	return techniques, software
}

func (e *explanation) contribution(g, at int, bits float64) Contribution {
	entry := e.entry(at)
	out := Contribution{ID: entry.ID, Name: entry.Name, Bits: bits, Basis: ByNothing}
	nt, c := len(e.r.k.techniques), e.counts
	switch {
	case at < nt && c.tech[g][at] > 0, at >= nt && c.soft[g][at-nt] > 0:
		out.Basis = BySame
	case at >= nt && c.pairs[at-nt][g] > 0:
		out.Basis = ByTogether
	case at < nt && c.parent[g][e.r.k.parentOf[at]] > 0:
		out.Basis = BySibling
	case at < nt && e.armed(g, at):
		out.Basis = BySoftware
	}
	for i := range e.r.k.witnesses {
		w := &e.r.k.witnesses[i]
		if w.group != g || !c.all[i] {
			continue
		}
		if (out.Basis == BySame && at < nt && holds(w.techs, at)) || (out.Basis == BySame && at >= nt && holds(w.soft, at-nt)) ||
			(out.Basis == BySibling && holds(w.parent, e.r.k.parentOf[at])) {
			out.Reports = append(out.Reports, w.report)
		}
	}
	return out
}

// armed says whether software of group g has technique t.
func (e *explanation) armed(g, t int) bool {
	for n, count := range e.counts.soft[g] {
		if count > 0 && holds(e.counts.softTechs[n], t) {
			return true
		}
	}
	return false
}

// missing finds what group g usually does and the case doesn't show, where that speaks against it.
func (e *explanation) missing(g int) []Contribution {
	var out []Contribution
	n := e.counts.reports[g]
	for t, sum := range e.counts.tech[g] {
		if e.sight.techAt[t] > 0 || sum < 2 || e.sight.unseeable(t) {
			continue
		}
		v := e.m.joint[t]
		bits := e.scale * (e.fold.Features[fJoint]*(sum-n*e.counts.mean[t])/(n+2)*v + e.fold.Features[fJointLog]*math.Log1p(sum)*v/10/e.sight.root)
		if bits <= -leastBits {
			c := e.contribution(g, t, bits)
			c.Basis = byHabit
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Contribution) int { return cmp.Compare(a.Bits, b.Bits) })
	return out[:min(len(out), mostMissing)]
}
