package attrib

import "math"

// arms: techniques that the group's software has, whether or not a report says so of the group; and the rest of the habits of
// which a single technique is evidence by class of rarity.
func (m *comparison) arms() {
	c, s := m.c, m.s
	length := 0.0
	for i, t := range s.techs {
		length += square(s.tx[i] * m.rareT[t])
	}
	has := make([]float64, m.nt)
	for g := range c.reports {
		clear(has)
		for n, count := range c.soft[g] {
			if count == 0 {
				continue
			}
			for _, t := range c.softTechs[n] {
				has[t]++
			}
		}
		own := 0.0
		for t, n := range has {
			if n > 0 {
				own += n * square(m.rareT[t])
			}
		}
		scale := 1 / (math.Sqrt(length*own) + 1e-9)
		for i, t := range s.techs {
			if has[t] > 0 {
				m.add(g, fArms, t, s.tx[i]*scale*square(m.rareT[t])*math.Sqrt(has[t]))
			}
			m.classes(g, t, s.tx[i], has[t] > 0)
		}
	}
}

// classes adds a technique to the class that it falls into by rarity and by how the group has it.
func (m *comparison) classes(g, t int, x float64, armed bool) {
	rare := m.rareT[t]
	class := 0
	switch {
	case rare >= rarity3:
		class = 3
	case rare >= rarity2:
		class = 2
	case rare >= rarity1:
		class = 1
	}
	switch n := m.c.tech[g][t]; {
	case n == 1 && class >= 1:
		m.add(g, fOnce1+class-1, t, x)
	case n == 2 && class == 1:
		m.add(g, fTwice1, t, x)
	case n == 0:
		if armed && class >= 2 {
			m.add(g, fArms2+class-2, t, x)
		}
		if class == 1 && m.c.parent[g][m.k.parentOf[t]] > 0 {
			m.add(g, fSibling, t, x)
		}
	}
}

// software weighs by how many groups have it: what many have says little. Software that no group has still tells something if reports speak
// of it and of the group.
func (m *comparison) software() {
	c, s := m.c, m.s
	for g := range c.reports {
		rare, pairs := 0.0, 0.0
		for i, n := range s.soft {
			if c.soft[g][n] > 0 && c.softIn[n] <= ownFew {
				rare += s.sx[i]
			}
			pairs += s.sx[i] * c.pairs[n][g]
		}
		for i, n := range s.soft {
			x := s.sx[i]
			if c.soft[g][n] > 0 {
				m.classSoftware(g, n, x, rare)
			}
			if c.pairs[n][g] > 0 {
				m.add(g, fTogether, m.nt+n, math.Log1p(3*pairs)*x*c.pairs[n][g]/pairs)
				if c.softIn[n] == 0 {
					m.add(g, fTogetherNew, m.nt+n, x*m.pairRarity(n))
				}
			}
		}
	}
}

func (m *comparison) classSoftware(g, n int, x, rare float64) {
	switch own := m.c.softIn[n]; {
	case own <= 1:
		m.add(g, fSoftOwn, m.nt+n, x)
	case own > ownMany:
		m.add(g, fSoftMany, m.nt+n, x)
	case own > ownSome:
		m.add(g, fSoftSome, m.nt+n, x)
	}
	if m.c.softIn[n] <= ownFew {
		m.add(g, fSoftRare, m.nt+n, math.Log1p(rare)*x/rare)
	}
}

// pairRarity is how few groups stand in a report together with software n.
func (m *comparison) pairRarity(n int) float64 {
	in := 0.0
	for _, weight := range m.c.pairs[n] {
		if weight > 0 {
			in++
		}
	}
	return m.c.rarity(in)
}
