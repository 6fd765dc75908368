package attrib

import "fmt"

// How far kinds of evidence must point apart to be named, in bits. Only the bounds of software were set by figures: 6 in 100 reports with
// software go so far, and 36 in 100 with another report's software in its place; where the time is known, which takes some of the
// techniques' weight, 5 and 30. Those of indicators are the same by analogy, that of victims is a judgement.
const (
	pointsTo        = 3  // what software or indicators prefer their group by, at least
	pointsAway      = 10 // what the techniques prefer theirs by
	pointsAwayTimed = 9
	strangeVictims  = 2 // what victims speak against the leader by
)

// contradictions holds kinds of evidence against each other.
func (e *explanation) contradictions() []Contradiction {
	var out []Contradiction
	soft, tech := make([]float64, len(e.parts)), make([]float64, len(e.parts))
	for g := range e.parts {
		tech[g], soft[g] = e.kinds(g)
	}
	if len(e.sight.techs) > 0 {
		if len(e.sight.soft) > 0 {
			out = e.apart(out, AgainstSoftware, soft, tech)
		}
		if e.sight.withSides() {
			out = e.apart(out, AgainstIndicators, e.sight.aside.by(SideIndicators), tech)
		}
	}
	if e.sight.withSides() {
		out = e.strange(out, e.sight.aside.by(SideSector, SideCountry))
	}
	return out
}

// apart adds a contradiction if what kind says points to one group, and the techniques to another.
func (e *explanation) apart(out []Contradiction, kind string, bits, tech []float64) []Contradiction {
	to, away := greatest(bits), greatest(tech)
	by, least := tech[away]-tech[to], float64(pointsAway)
	if e.sight.when != 0 {
		least = pointsAwayTimed
	}
	if to == away || bits[to]-bits[away] < pointsTo || by < least {
		return out
	}
	a, b := &e.r.k.groups[to], &e.r.k.groups[away]
	words := "the software points to %s, the techniques speak against it and for %s (%.1f bits): a false flag, shared tools or two actors are possible"
	if kind == AgainstIndicators {
		words = "the indicators in common point to %s, the techniques speak against it and for %s (%.1f bits): a false flag, shared infrastructure or two actors are possible"
	}
	return append(out, Contradiction{Kind: kind, Group: a.ID, GroupName: a.Name, Other: b.ID, OtherName: b.Name, Bits: by, Words: fmt.Sprintf(words, a.Name, b.Name, by)})
}

// strange adds a contradiction if the victims are not those of the group that leads. The group that they point to is the likeliest
// one for which they speak.
func (e *explanation) strange(out []Contradiction, bits []float64) []Contradiction {
	leader := e.ranks[0]
	if bits[leader] > -strangeVictims {
		return out
	}
	for _, g := range e.ranks {
		if bits[g] <= 0 {
			continue
		}
		a, b, by := &e.r.k.groups[g], &e.r.k.groups[leader], bits[g]-bits[leader]
		return append(out, Contradiction{Kind: AgainstVictims, Group: a.ID, GroupName: a.Name, Other: b.ID, OtherName: b.Name, Bits: by,
			Words: fmt.Sprintf("%s leads, but such victims aren't reported of it (%+.1f bits); they are of %s, among others (%+.1f): a false flag, a change of aims or two actors are possible",
				b.Name, bits[leader], a.Name, bits[g])})
	}
	return out
}

// greatest returns the position of the greatest number, the first of equal ones.
func greatest(list []float64) int {
	best := 0
	for i, x := range list {
		if x > list[best] {
			best = i
		}
	}
	return best
}
