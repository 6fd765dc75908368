package attrib

import "github.com/goshawk-ir/goshawk/internal/rules/attack"

// What a case doesn't show speaks against a group only where it could have been seen. A technique that no rule names, or only rules
// whose log the evidence didn't have, is unknown, not absent: in the whitened metric (whiten.go) it is put at its mean, where it speaks
// for and against nobody.

// hide notes which techniques could not be seen, if the case says which could. A parent could be seen if any of its own could.
func (k *Knowledge) hide(visible []string, s *sight) {
	if len(visible) == 0 {
		return
	}
	can := map[string]bool{}
	for _, id := range visible {
		now, _ := attack.Canonical(id)
		can[now] = true
	}
	s.hidden, s.hiddenParent = make([]bool, len(k.techniques)), make([]bool, len(k.parents))
	for p := range s.hiddenParent {
		s.hiddenParent[p] = s.parentAt[p] == 0
	}
	for t := range k.techniques {
		now, _ := attack.Canonical(k.techniques[t].ID)
		if can[now] || s.techAt[t] > 0 {
			s.hiddenParent[k.parentOf[t]] = false
		} else {
			s.hidden[t] = true
		}
	}
	for t := range k.techniques { // what stands for all that lie under it
		if p := k.parentOf[t]; k.techniques[t].ID == k.parents[p] && !s.hiddenParent[p] {
			s.hidden[t] = false
		}
	}
}

// unseeable says whether technique t could not be seen.
func (s *sight) unseeable(t int) bool { return s.hidden != nil && s.hidden[t] }

// veil puts the columns that could not be seen at their mean.
func (s *sight) veil(b []float64, techniques int) {
	for t, hidden := range s.hidden {
		if hidden {
			b[t] = 0
		}
	}
	for p, hidden := range s.hiddenParent {
		if hidden {
			b[techniques+p] = 0
		}
	}
}

// given says what there was beside techniques and software.
func (e *explanation) given(c *Case, out *Result) {
	k := e.r.k
	out.Victims, out.Learned = Victims{first(c.Victims.Sectors, mostGiven), first(c.Victims.Countries, mostGiven)}, k.learned
	if len(k.traces) > 0 {
		out.Indicators = c.Indicators.Count()
	}
	for _, lessons := range k.lessons {
		if len(lessons) > 0 {
			out.Ordered = len(k.places(c.Order))
			break
		}
	}
	if e.sight.hidden == nil {
		return
	}
	out.Compared = len(e.sight.hidden)
	out.blind = map[string]bool{}
	for t, hidden := range e.sight.hidden {
		if hidden {
			out.blind[k.techniques[t].ID] = true
		} else {
			out.Visible++
		}
	}
}

// usual counts what group g usually does, and what of it could have been seen.
func (e *explanation) usual(g int) (all, visible int) {
	if e.sight.hidden == nil {
		return 0, 0
	}
	least := min(2, e.counts.reports[g])
	for t, sum := range e.counts.tech[g] {
		if sum == 0 || sum < least {
			continue
		}
		all++
		if !e.sight.hidden[t] {
			visible++
		}
	}
	return all, visible
}
