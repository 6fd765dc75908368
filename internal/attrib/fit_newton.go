package attrib

import (
	"math"
	"slices"
)

// newtonSteps and newtonDone bound the steps of Newton's method; the losses are convex, and few are needed.
const (
	newtonSteps = 15
	newtonDone  = 1e-7
	unlikely    = 1e-5 // a group's probability below which it is left out of the curvature; the slope has all
)

// descend finds the weights of the features: those that make the true groups of the examples likeliest (a conditional logit), less a
// normal prior. They are given for the features as they are, not scaled.
func descend(all []example, scale []float64, use func(*example) bool) []float64 {
	n := len(scale)
	w := make([]float64, n) // scaled
	raw := make([]float64, n)
	unscale := func(w []float64) []float64 {
		for j := range raw {
			raw[j] = w[j] / scale[j]
		}
		return raw
	}
	loss := func(w []float64) float64 {
		sum := 0.0
		for _, x := range w {
			sum += shrinkage / 2 * x * x
		}
		unscale(w)
		for i := range all {
			if e := &all[i]; use(e) {
				sum -= e.weight * math.Log(softmax(e.score(raw), 1)[e.truth]+1e-300)
			}
		}
		return sum
	}
	now := loss(w)
	for range newtonSteps {
		slope, curve := make([]float64, n), matrix(n, n)
		for j := range w {
			slope[j], curve[j][j] = -shrinkage*w[j], shrinkage
		}
		unscale(w)
		for i := range all {
			if use(&all[i]) {
				all[i].curve(raw, scale, slope, curve)
			}
		}
		before := now
		w, now = stepDown(w, cholesky(curve, slope), now, loss)
		if before-now < newtonDone*before {
			break
		}
	}
	return slices.Clone(unscale(w))
}

// stepDown goes the longest of the halves of a step that makes the loss smaller.
func stepDown(w, step []float64, now float64, loss func([]float64) float64) ([]float64, float64) {
	next := make([]float64, len(w))
	for range 20 {
		for j := range w {
			next[j] = w[j] + step[j]
		}
		if l := loss(next); l < now {
			return next, l
		}
		for j := range step {
			step[j] /= 2
		}
	}
	return w, now
}

// curve adds the example's part of the slope and the curvature of the likelihood.
func (e *example) curve(raw, scale, slope []float64, curve [][]float64) {
	p := softmax(e.score(raw), 1)
	n := len(scale)
	mean, x := make([]float64, n), make([]float64, n)
	for g, row := range e.rows {
		for j, v := range row {
			mean[j] += p[g] * float64(v) / scale[j]
		}
	}
	for j, v := range e.rows[e.truth] {
		slope[j] += e.weight * (float64(v)/scale[j] - mean[j])
	}
	for g, row := range e.rows {
		if p[g] < unlikely {
			continue
		}
		for j, v := range row {
			x[j] = float64(v)/scale[j] - mean[j]
		}
		addOuter(curve, x, e.weight*p[g])
	}
}

// addOuter adds the lower half of weight times x xᵀ.
func addOuter(to [][]float64, x []float64, weight float64) {
	for i, a := range x {
		a *= weight
		row := to[i]
		for j := range i + 1 {
			row[j] += a * x[j]
		}
	}
}

// cholesky solves a x = b for a positive definite a, of which the lower half is given and used up.
func cholesky(a [][]float64, b []float64) []float64 {
	n := len(b)
	x := make([]float64, n)
	for i := range n {
		for j := range i + 1 {
			sum := a[i][j]
			for k := range j {
				sum -= a[i][k] * a[j][k]
			}
			if i == j {
				a[i][i] = math.Sqrt(math.Max(sum, 1e-12))
			} else {
				a[i][j] = sum / a[j][j]
			}
		}
		sum := b[i]
		for k := range i {
			sum -= a[i][k] * x[k]
		}
		x[i] = sum / a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= a[k][i] * x[k]
		}
		x[i] /= a[i][i]
	}
	return x
}

// tellUnknown learns the weights of the signs of an unknown actor (a logistic regression) from each example
// with its group in the knowledge and without, both weighing the same.
func tellUnknown(all []example, use func(*example) bool) []float64 {
	var rows [][]float64
	var label, weight []float64
	for i := range all {
		e := &all[i]
		if !use(e) {
			continue
		}
		for _, d := range e.signs {
			rows = append(rows, d.signs)
			if d.absent {
				label, weight = append(label, 1), append(weight, e.weight/doubtRounds)
			} else {
				label, weight = append(label, 0), append(weight, e.weight/doubtRounds/2) // two thirds of the rounds
			}
		}
	}
	n := signCount + 1
	mean, scale := make([]float64, n), make([]float64, n)
	for _, row := range rows {
		for j, x := range row {
			mean[j] += x / float64(len(rows))
		}
	}
	for _, row := range rows {
		for j, x := range row {
			scale[j] += square(x-mean[j]) / float64(len(rows))
		}
	}
	for j := range scale {
		scale[j] = math.Sqrt(scale[j]) + 1e-6
	}
	mean[signCount], scale[signCount] = 0, 1
	w := logistic(rows, label, weight, mean, scale)
	for j := range signCount {
		w[j] /= scale[j]
		w[signCount] -= w[j] * mean[j]
	}
	return w
}

// logistic fits weights for the rows, centred by mean and divided by scale, with a constant at the end.
func logistic(rows [][]float64, label, weight, mean, scale []float64) []float64 {
	n := len(mean)
	w := make([]float64, n)
	x := make([]float64, n)
	for range newtonSteps {
		slope, curve := make([]float64, n), matrix(n, n)
		for j := range n - 1 {
			slope[j], curve[j][j] = -shrinkUnknown*w[j], shrinkUnknown
		}
		curve[n-1][n-1] = 1e-6
		for i, row := range rows {
			z := w[n-1]
			for j, v := range row {
				x[j] = (v - mean[j]) / scale[j]
				z += w[j] * x[j]
			}
			x[n-1] = 1
			p := 1 / (1 + math.Exp(-z))
			for j := range x {
				slope[j] += weight[i] * (label[i] - p) * x[j]
			}
			addOuter(curve, x, weight[i]*p*(1-p))
		}
		for j, d := range cholesky(curve, slope) {
			w[j] += d
		}
	}
	return w
}
