package attrib

import (
	"cmp"
	"math"
	"slices"
)

// leading is how many groups questions are put between.
const leading = 5

// questions finds what would tell the leading groups apart best: the items not seen whose presence or absence is expected to take most
// from the uncertainty between them (mutual information). How likely a group shows an item is taken from how many of the reports on it do.
func (e *explanation) questions() []Question {
	groups := e.ranks[:min(leading, len(e.ranks))]
	if len(groups) < 2 {
		return nil
	}
	prior, sum := make([]float64, len(groups)), 0.0
	for i, g := range groups {
		prior[i] = e.groups[g]
		sum += prior[i]
	}
	if !(sum > 0) {
		return nil
	}
	for i := range prior {
		prior[i] /= sum
	}
	var out []Question
	ask := func(item int, all float64, of func(g int) float64) {
		if _, seen := e.slot[item]; seen || all == 0 {
			return
		}
		shows := make([]float64, len(groups))
		base := (all + 0.5) / (e.counts.standing + 1)
		for i, g := range groups {
			shows[i] = (of(g) + 2*base) / (e.counts.reports[g] + 2)
		}
		out = append(out, e.question(item, groups, prior, shows))
	}
	for t, all := range e.counts.techAll {
		ask(t, all, func(g int) float64 { return e.counts.tech[g][t] })
	}
	for n, all := range e.counts.softAll {
		ask(len(e.counts.techAll)+n, all, func(g int) float64 { return e.counts.soft[g][n] })
	}
	slices.SortStableFunc(out, func(a, b Question) int { return cmp.Compare(b.Gain, a.Gain) })
	return out[:min(len(out), mostQuestions)]
}

func (e *explanation) question(item int, groups []int, prior, shows []float64) Question {
	marginal, gain, best, bits := 0.0, 0.0, 0, math.Inf(-1)
	for i, p := range prior {
		marginal += p * shows[i]
		gain -= p * entropy(shows[i])
	}
	gain += entropy(marginal)
	for i := range groups {
		others := math.Max((marginal-prior[i]*shows[i])/math.Max(1-prior[i], 1e-9), 1e-6)
		if b := math.Log2(shows[i] / others); b > bits {
			best, bits = i, b
		}
	}
	entry, group := e.entry(item), &e.r.k.groups[groups[best]]
	return Question{ID: entry.ID, Name: entry.Name, Gain: math.Max(0, gain), Favours: group.ID, FavoursName: group.Name, Bits: bits}
}

// entropy of an event of probability p, in bits.
func entropy(p float64) float64 {
	if p <= 0 || p >= 1 {
		return 0
	}
	return -p*math.Log2(p) - (1-p)*math.Log2(1-p)
}
