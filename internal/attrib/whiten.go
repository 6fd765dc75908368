package attrib

import "math"

// What reports say is not independent: some techniques always come together, because one habit has ten names, or because one
// house writes its reports so. A case is therefore compared with groups in the metric in which the reports at large are uncorrelated,
// as in Fisher's linear discriminant: by (C + λD)⁻¹(x-m), C being the covariance of the columns over the reports, D its diagonal (a
// ridge), m their mean. The columns are techniques, and, with less weight, their parents. C has some thousand columns, but the reports are
// sparse, so the system is solved by conjugate gradients without ever setting C out.
const (
	ridge        = 0.4
	ridgeFloor   = 0.01
	parentWeight = 0.6
	maxSteps     = 200
	solved       = 1e-9
)

// vary works out mean and variance of every column over the standing reports.
func (k *Knowledge) vary(c *counts) {
	nt := len(k.techniques)
	c.mean = make([]float64, nt+len(k.parents))
	c.whiten = make([]float64, nt+len(k.parents))
	n := math.Max(c.standing, 1)
	for i := range c.mean {
		share, weight := 0.0, 1.0
		if i < nt {
			share = c.techAll[i] / n
		} else {
			share, weight = c.parentAll[i-nt]/n, parentWeight
		}
		c.mean[i] = share * weight
		c.whiten[i] = share * (1 - share) * weight * weight
	}
}

// product returns (C + λD)x.
func (k *Knowledge) product(c *counts, x, out []float64) {
	nt := len(k.techniques)
	clear(out)
	total := 0.0
	for i := range k.witnesses {
		if !c.all[i] {
			continue
		}
		w := &k.witnesses[i]
		dot := 0.0
		for _, t := range w.techs {
			dot += x[t]
		}
		for _, p := range w.parent {
			dot += parentWeight * x[nt+p]
		}
		total += dot
		for _, t := range w.techs {
			out[t] += dot
		}
		for _, p := range w.parent {
			out[nt+p] += parentWeight * dot
		}
	}
	n := math.Max(c.standing, 1)
	for i := range out {
		out[i] = out[i]/n - c.mean[i]*total/n + ridge*(c.whiten[i]+ridgeFloor)*x[i]
	}
}

// solve returns (C + λD)⁻¹b, by conjugate gradients that are scaled by the diagonal.
func (k *Knowledge) solve(c *counts, b []float64) []float64 {
	n := len(b)
	x, r, z, p, ap := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	copy(r, b)
	scale := func() float64 {
		sum := 0.0
		for i := range r {
			z[i] = r[i] / (c.whiten[i] + ridge*(c.whiten[i]+ridgeFloor))
			sum += r[i] * z[i]
		}
		return sum
	}
	rz := scale()
	copy(p, z)
	first := rz
	for range maxSteps {
		if rz <= solved*solved*first || rz == 0 {
			break
		}
		k.product(c, p, ap)
		pap := 0.0
		for i := range p {
			pap += p[i] * ap[i]
		}
		if pap <= 0 {
			break
		}
		step := rz / pap
		for i := range x {
			x[i] += step * p[i]
			r[i] -= step * ap[i]
		}
		next := scale()
		for i := range p {
			p[i] = z[i] + next/rz*p[i]
		}
		rz = next
	}
	return x
}
