package attrib

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// draws is how often a case is thinned to see how far its probabilities move; kept is how much of it stays each time.
const (
	draws     = 40
	kept      = 0.8
	spanLow   = 0.05
	spanHigh  = 0.95
	alikeLed  = 0.1 // share of the draws that a group leads to count as not told apart from the leader
	alikeOdds = 0.5 // or this part of its probability
)

// spans are the probabilities in each draw.
type spans struct {
	groups  [][]float64 // by group and draw
	unknown []float64
	led     []float64 // share of the draws that each group leads
}

// spans draws parts of a case, each with the weights of another fold. It draws the same in every run.
func (r *Ranker) spans(e *explanation) *spans {
	out := &spans{groups: matrix(len(r.k.groups), draws), unknown: make([]float64, draws), led: make([]float64, len(r.k.groups))}
	rng := rand.New(rand.NewPCG(5, 6))
	drawn := make([]*assessment, draws)
	thinned := make([]*sight, draws)
	for d := range thinned {
		thinned[d] = thin(r.k, e.sight, rng)
	}
	var work sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		work.Go(func() {
			for d := w; d < draws; d += workers {
				fold := e.fold
				if w := r.w.of(e.sight); len(w.Folds) > 0 && fold == &w.All {
					fold = &w.Folds[d%len(w.Folds)]
				}
				drawn[d] = r.assess(e.counts, thinned[d], fold)
			}
		})
	}
	work.Wait()
	for d, a := range drawn {
		for g, p := range a.groups {
			out.groups[g][d] = p
		}
		out.unknown[d] = a.unknown
		out.led[a.order()[0]] += 1.0 / draws
	}
	return out
}

// thin leaves out some of what was seen.
func thin(k *Knowledge, s *sight, rng *rand.Rand) *sight {
	out := k.newSight()
	out.hidden, out.hiddenParent, out.aside = s.hidden, s.hiddenParent, s.aside
	out.when = s.when
	for i, t := range s.techs {
		if rng.Float64() < kept {
			out.techAt[t] = s.tx[i]
			p := k.parentOf[t]
			out.parentAt[p] = max(out.parentAt[p], s.tx[i])
		}
	}
	for i, n := range s.soft {
		if rng.Float64() < kept {
			out.softAt[n] = s.sx[i]
		}
	}
	out.finish()
	return out
}

// of gives an estimate: the span always holds the probability.
func (*spans) of(p float64, drawn []float64) Estimate {
	sorted := slices.Sorted(slices.Values(drawn))
	at := func(share float64) float64 { return sorted[int(share*float64(len(sorted)-1)+0.5)] }
	return Estimate{Probability: p, Low: min(p, at(spanLow)), High: max(p, at(spanHigh)), Words: Words(p)}
}

// alike finds the groups that the evidence doesn't tell apart from the leader.
func (e *explanation) alike(s *spans) []string {
	leader := e.ranks[0]
	var out []string
	for _, g := range e.ranks {
		if g == leader || s.led[g] >= alikeLed || e.groups[g] >= alikeOdds*e.groups[leader] {
			out = append(out, e.r.k.groups[g].ID)
		}
	}
	if len(out) == 1 {
		return nil
	}
	return out
}
