package attrib

import "math"

// nearest is the report on a group that is most like the case, and the one that has most in common with it.
type nearest struct {
	witness int // position, or -1
	cosine  float64
	overlap float64
	widest  int
}

// weights of parents and software beside techniques in the likeness of a case and a report.
const (
	nearParent   = 0.7
	nearSoftware = 1.5
)

// nearest finds the nearest report of each group, by the cosine of what is in them weighted by rarity, and by what they share.
func (m *comparison) nearest() {
	c := m.c
	m.near = make([]nearest, len(c.reports))
	for g := range m.near {
		m.near[g] = nearest{witness: -1, widest: -1}
	}
	length := m.length()
	for i := range m.k.witnesses {
		w := &m.k.witnesses[i]
		if w.group == nobody || !c.all[i] {
			continue
		}
		m.liken(i, w, length)
	}
	for g := range m.near {
		m.share(g, length)
	}
}

func square(x float64) float64 { return x * x }

// length is the case's own, in the likeness of a case and a report.
func (m *comparison) length() float64 {
	s, sum := m.s, 0.0
	for i, t := range s.techs {
		sum += square(s.tx[i] * m.rareT[t])
	}
	for i, p := range s.parents {
		sum += square(nearParent * s.px[i] * m.rareP[p])
	}
	for i, n := range s.soft {
		sum += square(nearSoftware * s.sx[i] * m.rareS[n])
	}
	return math.Sqrt(sum)
}

// liken compares the case with witness i.
func (m *comparison) liken(i int, w *witness, length float64) {
	cosine, overlap := m.likeness(w, length)
	near := &m.near[w.group]
	if cosine > near.cosine {
		near.cosine, near.witness = cosine, i
	}
	if overlap > near.overlap {
		near.overlap, near.widest = overlap, i
	}
}

// likeness returns the cosine of the case and a witness, and how much they share.
func (m *comparison) likeness(w *witness, length float64) (cosine, overlap float64) {
	s := m.s
	dot, own := 0.0, 0.0
	for _, t := range w.techs {
		r := square(m.rareT[t])
		own += r
		dot += r * s.techAt[t]
		overlap += m.rareT[t] * s.techAt[t]
	}
	for _, p := range w.parent {
		r := square(nearParent * m.rareP[p])
		own += r
		dot += r * s.parentAt[p]
	}
	for _, n := range w.soft {
		r := square(nearSoftware * m.rareS[n])
		own += r
		dot += r * s.softAt[n]
		overlap += m.rareS[n] * s.softAt[n]
	}
	return dot / (length*math.Sqrt(own) + 1e-9), overlap
}

// share gives each item its part in the likeness of the nearest report of group g.
func (m *comparison) share(g int, length float64) {
	s, near := m.s, m.near[g]
	if near.widest >= 0 {
		w, scale := &m.k.witnesses[near.widest], 1/math.Sqrt(near.overlap)
		for _, t := range w.techs {
			if x := s.techAt[t]; x > 0 {
				m.add(g, fOverlap, t, scale*m.rareT[t]*x)
			}
		}
		for _, n := range w.soft {
			if x := s.softAt[n]; x > 0 {
				m.add(g, fOverlap, m.nt+n, scale*m.rareS[n]*x)
			}
		}
	}
	if near.witness < 0 {
		return
	}
	w := &m.k.witnesses[near.witness]
	own := 0.0
	for _, t := range w.techs {
		own += square(m.rareT[t])
	}
	for _, p := range w.parent {
		own += square(nearParent * m.rareP[p])
	}
	for _, n := range w.soft {
		own += square(nearSoftware * m.rareS[n])
	}
	scale := 1 / (length*math.Sqrt(own) + 1e-9)
	for _, t := range w.techs {
		if x := s.techAt[t]; x > 0 {
			m.add(g, fNearest, t, scale*square(m.rareT[t])*x)
		}
	}
	for _, p := range w.parent {
		if x := s.parentAt[p]; x > 0 {
			m.add(g, fNearest, s.first(m.k, p), scale*square(nearParent*m.rareP[p])*x)
		}
	}
	for _, n := range w.soft {
		if x := s.softAt[n]; x > 0 {
			m.add(g, fNearest, m.nt+n, scale*square(nearSoftware*m.rareS[n])*x)
		}
	}
}

// associated: a technique that the group was not seen with counts for it all the same if reports at large have it together with
// what the group was seen with (by mutual information, never below zero).
func (m *comparison) associated() {
	c, s := m.c, m.s
	with := matrix(len(s.techs), m.nt)
	for i := range m.k.witnesses {
		w := &m.k.witnesses[i]
		if !c.all[i] {
			continue
		}
		for j, t := range s.techs {
			if !holds(w.techs, t) {
				continue
			}
			for _, other := range w.techs {
				with[j][other]++
			}
		}
	}
	for j, t := range s.techs {
		for other, n := range with[j] {
			lift := math.Log((n + 0.5) * c.standing / ((c.techAll[t] + 1.5) * (c.techAll[other] + 1.5)))
			with[j][other] = math.Max(0, lift)
		}
	}
	for g, row := range c.tech {
		whole := 0.0
		var own []int
		for t, n := range row {
			if n > 0 {
				whole += math.Log1p(n)
				own = append(own, t)
			}
		}
		for j, t := range s.techs {
			if row[t] > 0 || whole == 0 {
				continue
			}
			sum := 0.0
			for _, other := range own {
				sum += math.Log1p(row[other]) * with[j][other]
			}
			m.add(g, fAssociated, t, s.tx[j]*sum/whole/s.root)
		}
	}
}

// holds says whether a sorted list has x.
func holds(list []int, x int) bool {
	lo, hi := 0, len(list)
	for lo < hi {
		mid := (lo + hi) / 2
		if list[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(list) && list[lo] == x
}
