package attrib

import (
	"math"
	"slices"
)

// The signs by which an unknown actor is told: how well the best group fits, alone and beside the others.
const (
	sEvidence = iota // logarithm of the sum over groups of what their scores are odds of
	sBest
	sLead
	sLeadFive
	sMiddle
	sEntropy
	sOdds
	sSize
	sNearest
	sOverlap
	sCover
	sPresent
	sRate
	sSoftOwn
	sSoftOwnBest
	sSoftCover
	sTogether
	sTogetherNew
	sSoftRare
	sSoftware
	sTimeNarrow
	sTimeWide
	sTimeOutside
	sTimeNearest
	ownSigns // how many these are
)

// signsBySoftware are signs that say something else where the case has software: they stand once more for such cases.
var signsBySoftware = []int{sEvidence, sLead, sMiddle, sSize, sNearest, sCover}

// signsBySize are signs that say something else of a large case than of a small one: they stand once more, times its size.
var signsBySize = []int{sEvidence, sLead, sMiddle, sNearest, sCover, sOverlap}

// signCount counts all signs, the last ones being the features of the best group.
var signCount = ownSigns + len(signsBySoftware) + len(signsBySize) + featureCount

// signs works out the signs for the features and scores of the groups that are candidates.
func signs(rows [][]float64, scores []float64, s *sight) []float64 {
	if len(scores) == 0 {
		return make([]float64, signCount)
	}
	out := make([]float64, ownSigns, signCount)
	sorted := slices.Clone(scores)
	slices.SortFunc(sorted, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	at := func(i int) float64 { return sorted[min(i, len(sorted)-1)] }
	p := softmax(scores, 1)
	best, sum, entropy, top := 0, 0.0, 0.0, 0.0
	for i, x := range scores {
		sum += math.Exp(x - sorted[0])
		if p[i] > 0 {
			entropy -= p[i] * math.Log(p[i])
		}
		if x > scores[best] {
			best = i
		}
		top = math.Max(top, p[i])
	}
	out[sEvidence] = sorted[0] + math.Log(sum)
	out[sBest] = sorted[0]
	out[sLead] = sorted[0] - at(1)
	out[sLeadFive] = sorted[0] - (at(1)+at(2)+at(3)+at(4)+at(5))/5
	out[sMiddle] = sorted[0] - at(len(sorted)/2)
	out[sEntropy] = entropy
	out[sOdds] = math.Log(top / (1 - top + 1e-6))
	out[sSize] = math.Log1p(s.size)
	most := func(f int) float64 {
		m := 0.0
		for _, row := range rows {
			m = math.Max(m, row[f])
		}
		return m
	}
	out[sNearest], out[sOverlap], out[sCover], out[sRate] = most(fNearest), most(fOverlap), most(fCover), most(fRateN)
	for f := fTactic; f < featureCount; f++ {
		out[sPresent] += rows[best][f]
	}
	out[sSoftOwn], out[sSoftOwnBest] = math.Log1p(most(fSoftOwn)), rows[best][fSoftOwn]
	out[sSoftCover], out[sTogether], out[sTogetherNew] = most(fSoftCover), most(fTogether), most(fTogetherNew)
	out[sSoftRare], out[sSoftware] = most(fSoftRare), math.Log1p(float64(len(s.soft)))
	out[sTimeNarrow], out[sTimeWide] = rows[best][fTimeNarrow], rows[best][fTimeWide]
	out[sTimeOutside], out[sTimeNearest] = rows[best][fTimeBefore]+rows[best][fTimeAfter], most(fTimeNearest)
	for _, sign := range signsBySoftware {
		out = append(out, out[sign]*math.Min(1, float64(len(s.soft))))
	}
	for _, sign := range signsBySize {
		out = append(out, out[sign]*out[sSize])
	}
	return append(out, rows[best]...)
}
