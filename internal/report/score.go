package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// Each rule that found something on a host speaks once, however often it did: with the weight of its level, halved for
// every rule before it (strongest first) that speaks of the same technique, since ten rules about one behaviour are not
// ten reasons. The score is the chance that at least one of them is right, were the weights chances:
//
//	score = 100 · (1 − ∏ (1 − weightᵢ))
//
// So many weak signals of different kinds count for much, and a thousand repeats of one for no more than one. Hosts are ranked
// by −Σ ln(1 − weightᵢ), which is the same order without the ceiling.
var levelWeight = [5]float64{0.001, 0.03, 0.10, 0.30, 0.60}

// maxHalvings ends the halving: what follows has next to no weight.
const maxHalvings = 10

// Reason is what one rule adds to a host's score.
type Reason struct {
	Group    *Group
	Weight   float64 // after halving
	Halvings int     // how many stronger rules spoke of the same technique
	Score    float64 // of the host with this reason and the ones before it
}

// rate computes the score of h from its groups.
func (h *Host) rate() {
	groups := slices.Clone(h.Groups)
	slices.SortStableFunc(groups, func(a, b *Group) int {
		return cmp.Or(cmp.Compare(b.Rank(), a.Rank()), a.First.Compare(b.First), strings.Compare(a.Rule.ID, b.Rule.ID))
	})
	spoken := map[string]int{}
	rest := 1.0
	for _, g := range groups {
		about := g.Title
		if len(g.Attack) > 0 {
			about = g.Attack[0]
		}
		halvings := min(spoken[about], maxHalvings)
		spoken[about]++
		w := levelWeight[finding.LevelRank(g.Level)] / float64(int(1)<<halvings)
		rest *= 1 - w
		h.weight -= math.Log1p(-w)
		h.Reasons = append(h.Reasons, Reason{Group: g, Weight: w, Halvings: halvings, Score: 100 * (1 - rest)})
	}
	h.Score = 100 * (1 - rest)
}
