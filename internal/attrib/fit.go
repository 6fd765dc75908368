package attrib

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// How weights are learned. Every report of the knowledge that speaks of one group alone and is large enough is a case: it is compared with
// the knowledge less that report, as a stranger's case would be. Each is seen whole, without its software, and twice in part.
const (
	fewestItems    = 4
	fewestBare     = 3
	foldCount      = 10
	shrinkage      = 30 // strength of the normal prior on the weights, features being scaled to a deviation of 1
	shrinkUnknown  = 1
	weightBare     = 0.7
	weightPart     = 0.7
	partsOfOneCase = 2
	doubtRounds    = 2
)

// variant says how much of a report a case shows.
type variant int

const (
	whole variant = iota
	bare          // without software
	part          // half of it, and techniques of others
)

// example is one case of the training, compared with every group.
type example struct {
	report string
	fold   int
	kind   variant
	weight float64
	truth  int
	sight  *sight
	rows   [][]float32
	scores []float64 // by the weights learned without its fold
	signs  []doubt   // of an unknown actor
}

// doubt is a case compared with a part of the knowledge, in which its group may be absent.
type doubt struct {
	signs  []float64
	absent bool
}

// Fit learns weights from the reports of a knowledge: from those that have a date, with it, and from all of them without time, so that a case
// without time is weighed as if there were no such evidence at all.
func Fit(t *Table) *Weights {
	k := NewKnowledge(t)
	all := k.examples()
	w := k.learn(t, slices.DeleteFunc(slices.Clone(all), func(e example) bool { return e.sight.when == 0 }))
	for i := range all {
		all[i].forgetTime()
	}
	w.Timeless = k.learn(t, all)
	w.Timeless.Features = nil // they are the same
	return w
}

// forgetTime makes an example one without time.
func (e *example) forgetTime() {
	e.sight.when, e.signs = 0, nil
	for _, row := range e.rows {
		clear(row[fTimeNarrow : fTimeNearest+1])
	}
}

func (k *Knowledge) learn(t *Table, all []example) *Weights {
	w := &Weights{Features: FeatureNames(), Folds: make([]Fold, foldCount)}
	scale := deviations(all)
	inParallel(foldCount, func(f int) {
		w.Folds[f].Features = descend(all, scale, func(e *example) bool { return e.fold != f })
	})
	for i := range all {
		e := &all[i]
		e.scores = e.score(w.Folds[e.fold].Features)
		for g := range e.scores {
			e.scores[g] /= e.sight.excess()
		}
	}
	k.doubts(t, w, all)
	for f := range w.Folds {
		w.Folds[f].finish(all, func(e *example) bool { return e.fold != f })
	}
	w.All.Features = descend(all, scale, func(*example) bool { return true })
	w.All.finish(all, func(*example) bool { return true })
	return w
}

// finish learns temperatures and the signs of an unknown actor from scores that were given without knowing the case.
func (f *Fold) finish(all []example, use func(*example) bool) {
	f.Heat[0] = f.temper(all, 0, func(e *example) bool { return use(e) && e.kind != part && len(e.sight.soft) == 0 })
	f.Heat[1] = f.temper(all, 1, func(e *example) bool { return use(e) && e.kind == whole && len(e.sight.soft) > 0 })
	f.Unknown = tellUnknown(all, use)
	for _, list := range [][]float64{f.Features, f.Heat[:], f.Unknown} {
		for i, x := range list {
			list[i] = math.Round(x*1e5) / 1e5
		}
	}
}

// inParallel does n pieces of work, of which none touches what another one does.
func inParallel(n int, do func(i int)) {
	var work sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		work.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	work.Wait()
}

func (k *Knowledge) examples() []example {
	var out []example
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range k.witnesses {
		w := &k.witnesses[i]
		if w.group == nobody || len(k.byReport[w.report]) > 1 || len(w.techs)+len(w.soft) < fewestItems || k.full.reports[w.group] < 2 {
			continue
		}
		c := k.view(w.report)
		base := example{report: w.report, fold: FoldOf(w.report, foldCount), truth: w.group}
		add := func(kind variant, weight float64, techs, soft []int) {
			e := base
			e.kind, e.weight, e.sight = kind, weight, certain(k, techs, soft)
			e.sight.when = w.when
			e.rows = narrow(k.features(c, e.sight))
			out = append(out, e)
		}
		add(whole, 1, w.techs, w.soft)
		if len(w.techs) >= fewestBare {
			add(bare, weightBare, w.techs, nil)
		}
		for range partsOfOneCase {
			techs, soft := k.inPart(w, rng)
			add(part, weightPart, techs, soft)
		}
	}
	return out
}

func narrow(rows [][]float64) [][]float32 {
	out := make([][]float32, len(rows))
	for i, row := range rows {
		out[i] = make([]float32, len(row))
		for j, x := range row {
			out[i][j] = float32(x)
		}
	}
	return out
}

// certain makes a sight of positions.
func certain(k *Knowledge, techs, soft []int) *sight {
	s := k.newSight()
	for _, t := range techs {
		s.techAt[t] = 1
		s.parentAt[k.parentOf[t]] = 1
	}
	for _, n := range soft {
		s.softAt[n] = 1
	}
	s.finish()
	return s
}

// inPart drops half of what a report says, and adds a fifth of techniques drawn at random among those that reports name.
func (k *Knowledge) inPart(w *witness, rng *rand.Rand) (techs, soft []int) {
	for _, t := range w.techs {
		if rng.IntN(2) == 0 {
			techs = append(techs, t)
		}
	}
	if len(techs) == 0 && len(w.techs) > 0 {
		techs = append(techs, w.techs[0])
	}
	for _, s := range w.soft {
		if rng.IntN(2) == 0 {
			soft = append(soft, s)
		}
	}
	for range max(1, (len(techs)+len(soft))/5) {
		for {
			if t := rng.IntN(len(k.techniques)); k.full.techAll[t] > 1 {
				techs = append(techs, t)
				break
			}
		}
	}
	slices.Sort(techs)
	return slices.Compact(techs), soft
}

func (e *example) score(weights []float64) []float64 {
	out := make([]float64, len(e.rows))
	for g, row := range e.rows {
		for i, x := range row {
			out[g] += weights[i] * float64(x)
		}
	}
	return out
}

// doubts compares every example with knowledge from which a third of the groups is taken, three times with other thirds, so that each
// group is absent as often. Nothing of an absent group is left: neither what makes software its own nor what makes techniques common.
func (k *Knowledge) doubts(t *Table, w *Weights, all []example) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range doubtRounds {
		order := rng.Perm(len(k.groups))
		for third := range 3 {
			absent := map[string]bool{}
			for i, g := range order {
				if i%3 == third {
					absent[k.groups[g].ID] = true
				}
			}
			less := NewKnowledge(t.without(absent))
			inParallel(len(all), func(i int) {
				e := &all[i]
				rows := less.features(less.view(e.report), e.sight)
				scores := make([]float64, len(rows))
				for g, row := range rows {
					scores[g] = w.Folds[e.fold].score(row) / e.sight.excess()
				}
				e.signs = append(e.signs, doubt{signs(rows, scores, e.sight), absent[k.groups[e.truth].ID]})
			})
		}
	}
}

// without returns the table without the groups named, and without what they used.
func (t *Table) without(groups map[string]bool) *Table {
	out := *t
	out.Groups = slices.DeleteFunc(slices.Clone(t.Groups), func(e Entry) bool { return groups[e.ID] })
	out.Uses = slices.DeleteFunc(slices.Clone(t.Uses), func(u Use) bool { return groups[u.By] })
	return &out
}

// deviations returns the standard deviation of each feature over cases and groups, by which weights are shrunk alike.
func deviations(all []example) []float64 {
	sum, squares, n := make([]float64, featureCount), make([]float64, featureCount), 0.0
	for i := range all {
		if all[i].kind != whole {
			continue
		}
		for _, row := range all[i].rows {
			n++
			for j, x := range row {
				sum[j] += float64(x)
				squares[j] += float64(x) * float64(x)
			}
		}
	}
	for j := range squares {
		squares[j] = math.Sqrt(math.Max(0, squares[j]/n-square(sum[j]/n))) + 1e-9
	}
	return squares
}

// temper finds the temperature, of the two, at which the probabilities of the true groups are best, by golden section over its
// logarithm.
func (f *Fold) temper(all []example, which int, use func(*example) bool) float64 {
	loss := func(ln float64) float64 {
		g := *f
		g.Heat[which] = ln
		sum := 0.0
		for i := range all {
			if e := &all[i]; use(e) {
				sum -= math.Log(softmax(e.scores, g.heat(e.sight))[e.truth] + 1e-300)
			}
		}
		return sum
	}
	const golden = 0.6180339887498949
	a, b := -0.7, 0.7
	for range 20 {
		x, y := b-golden*(b-a), a+golden*(b-a)
		if loss(x) < loss(y) {
			b = y
		} else {
			a = x
		}
	}
	return (a + b) / 2
}
