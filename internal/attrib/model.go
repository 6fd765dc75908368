package attrib

import (
	_ "embed" // for the weights
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"sync"
)

//go:embed weights.json
var weightsJSON []byte

// Weights are what was learned from the reports of a bundle: for each fold of them the weights that were learned without it, and the
// weights that were learned of all.
type Weights struct {
	Features []string `json:"features,omitempty"`
	Folds    []Fold   `json:"folds"`
	All      Fold     `json:"all"`
	Timeless *Weights `json:"timeless,omitempty"` // for cases whose time is not known
}

// Fold is one set of weights.
type Fold struct {
	Features []float64  `json:"features"` // in nats for each unit of the feature
	Heat     [2]float64 `json:"heat"`     // logarithms of temperatures: without and with software in the case
	Unknown  []float64  `json:"unknown"`  // of the signs of an unknown actor; the last one is the constant
}

// FoldOf returns the fold that a report belongs to.
func FoldOf(report string, folds int) int {
	h := fnv.New64a()
	h.Write([]byte(report))
	x := h.Sum64()
	x ^= x >> 33 // the last bits of FNV-1a are too regular
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return int(x % uint64(folds))
}

var loaded = sync.OnceValues(func() (*Weights, error) {
	w := &Weights{}
	if err := json.Unmarshal(weightsJSON, w); err != nil {
		return nil, fmt.Errorf("read the embedded weights: %w", err)
	}
	if w.Timeless == nil {
		return nil, fmt.Errorf("read the embedded weights: none for cases without time")
	}
	for _, f := range slices.Concat(w.Folds, w.Timeless.Folds, []Fold{w.All, w.Timeless.All}) {
		if len(f.Features) != featureCount || len(f.Unknown) != signCount+1 {
			return nil, fmt.Errorf("read the embedded weights: they are of another version of the model")
		}
	}
	return w, nil
})

// of returns the weights that were learned from cases whose time was known, or was not, as in the case.
func (w *Weights) of(s *sight) *Weights {
	if s.when == 0 && w.Timeless != nil {
		return w.Timeless
	}
	return w
}

// fold returns the weights for a case: for a report that weights were learned from, those that were learned without it.
func (w *Weights) fold(report string, s *sight) *Fold {
	w = w.of(s)
	if report == "" || len(w.Folds) == 0 {
		return &w.All
	}
	return &w.Folds[FoldOf(report, len(w.Folds))]
}

// heat is the temperature of a case: above 1 where scores are surer than they should be, below 1 where they are less.
func (f *Fold) heat(s *sight) float64 {
	if len(s.soft) > 0 {
		return math.Exp(f.Heat[1])
	}
	return math.Exp(f.Heat[0])
}

// Priors are how likely it is held, before anything was seen, that the actor is none of the known groups. For an incident it is near the share
// of reports in ATT&CK that are the first on their group. Cases taken from the bundle's own reports are nearly always of a known one.
const (
	DefaultPrior = 0.2
	CasesPrior   = 0.02
)

// softmax turns scores into probabilities.
func softmax(scores []float64, heat float64) []float64 {
	out := make([]float64, len(scores))
	if len(scores) == 0 {
		return out
	}
	most, sum := slices.Max(scores), 0.0
	for i, s := range scores {
		out[i] = math.Exp((s - most) / heat)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// unknown is the probability that the actor is none of the groups, given a prior probability. The weights were learned with as many
// unknown actors as known ones.
func (f *Fold) unknown(signs []float64, prior float64) float64 {
	z := f.Unknown[signCount] + math.Log(prior/(1-prior))
	for i, x := range signs {
		z += f.Unknown[i] * x
	}
	return 1 / (1 + math.Exp(-z))
}
