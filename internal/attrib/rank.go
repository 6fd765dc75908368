package attrib

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Options say how cases are ranked.
type Options struct {
	Prior float64 // that the actor is none of the known groups; 0 for DefaultPrior
}

// priorBounds keep a prior from deciding alone.
const priorLeast, priorMost = 0.001, 0.999

func (o Options) prior() float64 {
	if !(o.Prior > 0) {
		return DefaultPrior
	}
	return math.Min(math.Max(o.Prior, priorLeast), priorMost)
}

// Ranking is the groups in order of probability, and the probability that the actor is none of them. Together they make 1.
type Ranking struct {
	Groups   []Ranked
	Unknown  float64
	Troubles []string // what of the case could not be used, in words
}

// Ranked is a group's place.
type Ranked struct {
	Group       string  `json:"group"`
	Name        string  `json:"name,omitempty"`
	Probability float64 `json:"probability"`
}

// Ranker ranks groups for cases. It may be used by several goroutines.
type Ranker struct {
	k *Knowledge
	w *Weights
	o Options
}

// NewRanker returns a ranker with the embedded weights.
func NewRanker(k *Knowledge, o Options) (*Ranker, error) {
	w, err := loaded()
	if err != nil {
		return nil, err
	}
	if len(k.groups) == 0 {
		return nil, fmt.Errorf("rank groups: the knowledge has none")
	}
	return &Ranker{k, w, o}, nil
}

// KnowsIndicators says whether learned cases have indicators that those of a case can be compared with.
func (r *Ranker) KnowsIndicators() bool { return len(r.k.traces) > 0 }

// assessment is a case compared with every group.
type assessment struct {
	fold    *Fold
	counts  *counts
	sight   *sight
	rows    [][]float64 // features by group
	scores  []float64
	groups  []float64 // probabilities, which with unknown make 1
	unknown float64
}

// Features compares a case with every group of the knowledge: rows of features by group, in the order of Groups.
func (k *Knowledge) features(c *counts, s *sight) [][]float64 {
	rows := matrix(len(k.groups), featureCount)
	k.compare(c, s, func(group, feature, _ int, value float64) { rows[group][feature] += value })
	return rows
}

// assess compares the case as s shows it.
func (r *Ranker) assess(c *counts, s *sight, fold *Fold) *assessment {
	a := &assessment{fold: fold, counts: c, sight: s, rows: r.k.features(c, s)}
	a.scores = make([]float64, len(a.rows))
	for g, row := range a.rows {
		a.scores[g] = fold.score(row) / s.excess()
	}
	a.groups = softmax(a.scores, fold.heat(s))
	a.unknown = fold.unknown(signs(a.rows, a.scores, s), r.o.prior())
	if s.items() < tooFew || len(s.techs) > len(r.k.techniques)/2 {
		a.unknown = nobodyKnows
	}
	if s.withSides() {
		if s.items() < tooFew && s.aside.shares() {
			a.unknown = r.o.prior() // there is something to compare after all
		}
		a.lean(s.aside)
	}
	for g := range a.groups {
		a.groups[g] *= 1 - a.unknown
	}
	return a
}

// widest is the number of techniques beyond which hardly a report goes. The scores of a case that shows more were never tried, and
// are weakened as much as it goes beyond.
const widest = 60

func (s *sight) excess() float64 { return math.Max(1, s.size/widest) }

// nobodyKnows is the probability of an unknown actor where a case shows nothing, or shows everything.
const nobodyKnows = 0.99

func (f *Fold) score(row []float64) float64 {
	sum := 0.0
	for i, x := range row {
		sum += f.Features[i] * x
	}
	return sum
}

// order returns the positions of groups, likeliest first; of equal ones the first by identifier.
func (a *assessment) order() []int {
	out := make([]int, len(a.groups))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(x, y int) int { return cmp.Compare(a.groups[y], a.groups[x]) })
	return out
}

// Rank ranks the groups for one case.
func (r *Ranker) Rank(c *Case) *Ranking {
	s, unknown := r.k.see(c)
	a := r.assess(r.k.view(c.LeaveOut), s, r.w.fold(c.LeaveOut, s))
	out := &Ranking{Unknown: a.unknown, Troubles: r.k.troubles(c, s, unknown)}
	for _, g := range a.order() {
		e := &r.k.groups[g]
		out.Groups = append(out.Groups, Ranked{e.ID, e.Name, a.groups[g]})
	}
	return out
}
