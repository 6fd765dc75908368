package attrib

import (
	"math"
	"slices"
)

// The features that a case and a group are compared by. A case's score for a group is the sum of weight times feature, so that
// each feature, and each technique's or software's part in it, is so many bits for or against. docs/attribution.md has the
// formulas.
const (
	fReports = iota // how much is known of the group: what it has been seen with more often
	fReportsN
	fBreadth
	fBreadthN
	fArsenal
	fRate // log likelihood ratios of techniques
	fRateN
	fRateParent
	fPresent
	fPresentBare // where no software is known
	fMultinomial
	fMultinomialSet
	fCover   // share of what is rare in the case that the group has
	fNearest // likeness to the nearest report on the group
	fOverlap
	fJoint // in the whitened metric
	fJointLog
	fAssociated // techniques that come together with those of the group
	fArms       // techniques of the group's software
	fArms2
	fArms3
	fSibling // another technique of the same parent
	fOnce1   // in one report on the group, by rarity
	fOnce2
	fOnce3
	fTwice1
	fSoftOwn // software by how many groups have it
	fSoftSome
	fSoftMany
	fSoftRare
	fSoftCover
	fTogether // reports that speak of both
	fTogetherNew
	fTimeNarrow // how near the case is in time to reports on the group; none where its time is not known
	fTimeWide
	fTimeBefore
	fTimeAfter
	fTimeNearest
	fTactic // and one for each tactic from here on: presence of techniques of that tactic
)

// tacticOrder lists the tactics that have a weight of their own. Names of another version fall together with the one they came from.
var tacticOrder = []string{
	"collection", "command-and-control", "credential-access", "defense-evasion", "discovery", "execution", "exfiltration", "impact",
	"initial-access", "lateral-movement", "persistence", "privilege-escalation", "reconnaissance", "resource-development",
}

var featureCount = fTactic + len(tacticOrder)

var featureNames = []string{
	"reports", "reports_size", "breadth", "breadth_size", "arsenal", "rate", "rate_root", "rate_parent", "present", "present_bare",
	"multinomial", "multinomial_set", "cover", "nearest", "overlap", "joint", "joint_log", "associated", "arms", "arms_2", "arms_3", "sibling",
	"once_1", "once_2", "once_3", "twice_1", "software_own", "software_some", "software_many", "software_rare", "software_cover", "together",
	"together_new", "time_narrow", "time_wide", "time_before", "time_after", "time_nearest",
}

// FeatureNames returns the names of the features, in their order.
func FeatureNames() []string {
	out := slices.Clone(featureNames)
	for _, t := range tacticOrder {
		out = append(out, "tactic_"+t)
	}
	return out
}

// Bounds between the classes of rarity (logarithms), and of software by the number of groups that have it.
const (
	rarity1, rarity2, rarity3 = 1.3, 2.2, 3.2
	ownFew, ownSome, ownMany  = 5, 5, 15
)

// sight is a case as the knowledge sees it: positions of its techniques, parents and software, with how sure each is (0 to 1).
type sight struct {
	techs, parents, soft     []int
	tx, px, sx               []float64
	techAt, softAt, parentAt []float64 // by position: how sure, 0 for what was not seen
	size                     float64   // of the techniques, each as sure as it is
	root                     float64   // of size, at least 1
	when                     float64   // year and fraction, 0 if not known

	hidden, hiddenParent []bool // by position: what could not be seen; nil where nothing is known of that
	aside                *sides // nil for none
}

// adder takes the part that an item has in a feature of a group. item is a position (techniques, then software), or -1 for what
// belongs to no item.
type adder func(group, feature, item int, value float64)

// nothing is the item of what belongs to no item.
const nothing = -1

// comparison compares one case with all groups.
type comparison struct {
	k   *Knowledge
	c   *counts
	s   *sight
	add adder
	nt  int

	rareT, rareP, rareS []float64
	joint               []float64 // the case in the whitened metric
	near                []nearest // of each group
}

// compare adds up every feature of every group.
func (k *Knowledge) compare(c *counts, s *sight, add adder) *comparison {
	m := &comparison{k: k, c: c, s: s, add: add, nt: len(k.techniques)}
	m.rarities()
	m.size()
	m.rates()
	m.presence()
	m.cover()
	m.nearest()
	m.whitened()
	m.associated()
	m.arms()
	m.software()
	m.time()
	return m
}

func (m *comparison) rarities() {
	of := func(in []float64) []float64 {
		out := make([]float64, len(in))
		for i, n := range in {
			out[i] = m.c.rarity(n)
		}
		return out
	}
	m.rareT, m.rareP, m.rareS = of(m.c.techIn), of(m.c.parentIn), of(m.c.softIn)
}

// size: the more is known of a group, the likelier it is both to be the one, and to share something by chance.
func (m *comparison) size() {
	ln := math.Log1p(m.s.size)
	for g := range m.c.reports {
		r, b := math.Log1p(m.c.reports[g]), math.Log1p(m.c.breadth[g])
		m.add(g, fReports, nothing, r)
		m.add(g, fReportsN, nothing, r*ln)
		m.add(g, fBreadth, nothing, b)
		m.add(g, fBreadthN, nothing, b*ln)
		m.add(g, fArsenal, nothing, math.Log1p(m.c.arsenal[g]))
	}
}

// rates compares how often reports on the group have each technique of the case with how often reports at large have it.
func (m *comparison) rates() {
	c, s := m.c, m.s
	totalAll, total := 0.0, make([]float64, len(c.reports))
	base := make([]float64, m.nt)
	for g, row := range c.tech {
		for t, n := range row {
			total[g] += n
			base[t] += n
		}
	}
	for t := range base {
		base[t] += 0.5
		totalAll += base[t]
	}
	for i, t := range s.techs {
		background := (c.techAll[t] + 0.5) / (c.standing + 1)
		p := base[t] / totalAll
		for g := range c.reports {
			n, x := c.tech[g][t], s.tx[i]
			rate := x * math.Log((n+background)/(c.reports[g]+1)/background)
			m.add(g, fRate, t, rate)
			m.add(g, fRateN, t, rate/s.root)
			m.add(g, fMultinomial, t, x*math.Log((n+20*p)/(total[g]+20)/p))
			has := math.Min(n, 1)
			m.add(g, fMultinomialSet, t, x*math.Log((has+40*p)/(c.breadth[g]+40)/p))
		}
	}
	for i, p := range s.parents {
		background := (c.parentAll[p] + 0.5) / (c.standing + 1)
		for g := range c.reports {
			m.add(g, fRateParent, s.first(m.k, p), s.px[i]*math.Log((c.parent[g][p]+2*background)/(c.reports[g]+2)/background))
		}
	}
}

// first returns the case's first technique of a parent, which stands for it where items are shown.
func (s *sight) first(k *Knowledge, parent int) int {
	for _, t := range s.techs {
		if k.parentOf[t] == parent {
			return t
		}
	}
	return nothing
}

// presence compares whether the group has a technique with how likely a group of its breadth would have it by chance.
func (m *comparison) presence() {
	c, s := m.c, m.s
	for g := range c.reports {
		breadth := c.breadth[g] / math.Max(c.meanBreadth, 1e-9)
		for i, t := range s.techs {
			share := (c.techIn[t] + 0.5) / (c.groups + 1)
			x := s.tx[i]
			chance := 1 - math.Exp(breadth*math.Log1p(-math.Min(share, 0.95)))
			has := math.Min(c.tech[g][t], 1)
			m.add(g, fPresent, t, x*math.Log((0.85*has+0.15*chance+0.02)/(chance+0.02)))
			chance = 1 - math.Exp(math.Min(breadth, 4)*math.Log1p(-math.Min(share, 0.9)))
			ratio := x * math.Log((0.8*has+0.2)/(0.2+0.8*chance))
			if len(s.soft) == 0 {
				m.add(g, fPresentBare, t, ratio)
			}
			for _, tactic := range m.k.tacticsOf[t] {
				if at := m.k.tacticWeight[tactic]; at >= 0 {
					m.add(g, fTactic+at, t, ratio/s.root/float64(len(m.k.tacticsOf[t])))
				}
			}
		}
	}
}

func (m *comparison) cover() {
	c, s := m.c, m.s
	whole := 1e-9
	for i, t := range s.techs {
		whole += s.tx[i] * m.rareT[t]
	}
	wholeSoft := 1e-9
	for i, n := range s.soft {
		wholeSoft += s.sx[i] * m.rareS[n]
	}
	for g := range c.reports {
		for i, t := range s.techs {
			if c.tech[g][t] > 0 {
				m.add(g, fCover, t, s.tx[i]*m.rareT[t]/whole)
			}
		}
		for i, n := range s.soft {
			if c.soft[g][n] > 0 {
				m.add(g, fSoftCover, m.nt+n, s.sx[i]*m.rareS[n]/wholeSoft)
			}
		}
	}
}

// whitened compares case and group in the metric of whiten.go.
func (m *comparison) whitened() {
	c, s := m.c, m.s
	b := make([]float64, len(c.mean))
	for i := range b {
		b[i] = -c.mean[i]
	}
	for i, t := range s.techs {
		b[t] += s.tx[i]
	}
	for i, p := range s.parents {
		b[m.nt+p] += parentWeight * s.px[i]
	}
	s.veil(b, m.nt)
	m.joint = m.k.solve(c, b)
	for g := range c.reports {
		for t, n := range c.tech[g] {
			m.jointColumn(g, t, t, n)
		}
		for p, n := range c.parent[g] {
			item := nothing
			if s.parentAt[p] > 0 && n > 0 {
				item = s.first(m.k, p)
			}
			m.jointColumn(g, m.nt+p, item, n*parentWeight)
		}
	}
}

func (m *comparison) jointColumn(g, column, item int, sum float64) {
	n, v := m.c.reports[g], m.joint[column]
	if column < m.nt && m.s.techAt[item] == 0 {
		item = nothing // a habit of the group that the case doesn't show
	}
	m.add(g, fJoint, item, (sum-n*m.c.mean[column])/(n+2)*v)
	if sum > 0 {
		m.add(g, fJointLog, item, math.Log1p(sum)*v/10/m.s.root)
	}
}
