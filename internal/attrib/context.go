package attrib

import (
	"cmp"
	"math"
	"slices"
)

// Kinds of evidence that stand beside techniques and software. No relationship of ATT&CK holds them, so nothing could be learned of
// them: each has a plain formula, whose constants are judgements and were not measured, and is kept within bounds.
const (
	SideSector     = "sector"
	SideCountry    = "country"
	SideOrder      = "order"
	SideIndicators = "indicators"
)

// Bounds of side evidence, in bits. The sum of what victims and order say is bounded apart from indicators, which say more: a file or an
// address in common is no habit that anybody may share.
const (
	mostVictims    = 2.0 // of sector, and of country, either way
	mostOrder      = 2.0 // either way
	mostSide       = 5.0 // of these together, either way
	mostIndicators = 10.0
)

// Side is what one such kind of evidence says for (bits above 0) or against a group.
type Side struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"` // what of the case speaks
	Bits   float64  `json:"bits"`
	Basis  string   `json:"basis"`            // what of the group, in words
	Values []string `json:"values,omitempty"` // the first of the indicators in common
	Cases  []string `json:"cases,omitempty"`  // learned ones that it rests on
}

// sides are the side evidence of a case, by group.
type sides struct {
	of   [][]Side
	bits []float64 // their sums
}

// beside works out the side evidence; nil if there is none, and then nothing is otherwise than without it.
func (k *Knowledge) beside(c *Case) *sides {
	s := &sides{of: make([][]Side, len(k.groups)), bits: make([]float64, len(k.groups))}
	k.likenVictims(c.Victims, s)
	k.likenOrder(c.Order, s)
	s.bound(mostSide)
	k.likenIndicators(c.Indicators, s)
	some := false
	for g, list := range s.of {
		some = some || len(list) > 0
		s.bits[g] = total(list)
	}
	if !some {
		return nil
	}
	return s
}

func (s *sides) add(g int, side Side) {
	if !math.IsNaN(side.Bits) && side.Bits != 0 {
		s.of[g] = append(s.of[g], side)
	}
}

// bound weakens the evidence on each group alike, so that its sum stays within most.
func (s *sides) bound(most float64) {
	for _, list := range s.of {
		if sum := math.Abs(total(list)); sum > most {
			for i := range list {
				list[i].Bits *= most / sum
			}
		}
	}
}

func total(list []Side, kinds ...string) float64 {
	sum := 0.0
	for i := range list {
		if len(kinds) == 0 || slices.Contains(kinds, list[i].Kind) {
			sum += list[i].Bits
		}
	}
	return sum
}

// by returns the bits of some kinds for each group.
func (s *sides) by(kinds ...string) []float64 {
	out := make([]float64, len(s.of))
	for g, list := range s.of {
		out[g] = total(list, kinds...)
	}
	return out
}

// shares says whether an indicator of the case is known.
func (s *sides) shares() bool {
	return slices.ContainsFunc(s.of, func(list []Side) bool { return total(list, SideIndicators) > 0 })
}

// lean brings side evidence into probabilities that were worked out without it, by Bayes' rule: n bits make a group 2ⁿ times as likely.
// For an actor whom nobody knows it says nothing either way, so that actor becomes less likely as far as the side evidence is
// likelier of the known groups, each by its probability, and more likely as far as it is less likely of them.
func (a *assessment) lean(s *sides) {
	factor := 0.0
	for g := range a.groups {
		a.groups[g] *= math.Exp2(s.bits[g])
		factor += a.groups[g]
	}
	if !(factor > 0) {
		return
	}
	for g := range a.groups {
		a.groups[g] /= factor
	}
	a.unknown /= a.unknown + (1-a.unknown)*factor
}

// withSides says whether a case has side evidence.
func (s *sight) withSides() bool { return s.aside != nil }

// sidesOf lists the side evidence on a group, the weightiest first.
func (s *sight) sidesOf(g int) (list []Side, bits float64) {
	if s.aside == nil {
		return nil, 0
	}
	list = slices.Clone(s.aside.of[g])
	slices.SortStableFunc(list, func(a, b Side) int { return cmp.Compare(math.Abs(b.Bits), math.Abs(a.Bits)) })
	return list, s.aside.bits[g]
}
