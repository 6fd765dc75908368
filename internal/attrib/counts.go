package attrib

import "math"

// counts are the sums over the witnesses that stand in a view of the knowledge.
type counts struct {
	reports            []float64   // of each group
	tech, parent, soft [][]float64 // by group and item: in how many of its reports
	all                []bool      // witnesses that stand
	standing           float64
	techAll, softAll   []float64 // by item: in how many reports of all
	parentAll          []float64
	pairs              [][]float64 // by software and group: weight of the reports that speak of both
	softTechs          [][]int     // techniques of each software
	techIn, softIn     []float64   // by item: how many groups have it
	parentIn           []float64   //
	groups             float64     // with at least one report
	breadth, arsenal   []float64   // of each group: how many techniques, software
	meanBreadth        float64     // of the groups with any
	whiten             []float64   // variance of each column, see whiten.go
	mean               []float64   // share of reports with each column
}

func matrix(rows, columns int) [][]float64 {
	flat := make([]float64, rows*columns)
	out := make([][]float64, rows)
	for i := range out {
		out[i] = flat[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return out
}

// view sets out what stands once the reports that leave says are left out. Every number that a case is compared with is made of it,
// so that nothing of a report left out can reach its own case.
func (k *Knowledge) view(leave string) *counts {
	if leave == "" || (len(k.byReport[leave]) == 0 && len(k.onlyBy[leave]) == 0 && len(k.pairsOf[leave]) == 0) {
		return &k.full
	}
	c := k.count(&leave)
	return &c
}

// count makes the sums from the witnesses, without the report that leave names.
func (k *Knowledge) count(leave *string) counts {
	nt, ns, ng := len(k.techniques), len(k.software), len(k.groups)
	c := counts{
		reports: make([]float64, ng), tech: matrix(ng, nt), parent: matrix(ng, len(k.parents)), soft: matrix(ng, ns),
		all: make([]bool, len(k.witnesses)), techAll: make([]float64, nt), softAll: make([]float64, ns),
		parentAll: make([]float64, len(k.parents)), pairs: matrix(ns, ng), softTechs: k.softTechs,
		techIn: make([]float64, nt), softIn: make([]float64, ns), parentIn: make([]float64, len(k.parents)),
		breadth: make([]float64, ng), arsenal: make([]float64, ng),
	}
	left := func(report string) bool { return leave != nil && report == *leave }
	for i := range k.witnesses {
		w := &k.witnesses[i]
		if left(w.report) || (w.copyOf >= 0 && !left(k.witnesses[w.copyOf].report)) {
			continue
		}
		c.all[i] = true
		c.hear(w)
	}
	for _, p := range k.together {
		c.pairs[p.soft][p.group] += p.weight
	}
	if leave != nil {
		for _, p := range k.pairsOf[*leave] {
			c.pairs[p.soft][p.group] -= p.weight
			if c.pairs[p.soft][p.group] < 1e-9 {
				c.pairs[p.soft][p.group] = 0
			}
		}
		c.forget(k.onlyBy[*leave])
	}
	c.spread()
	k.vary(&c)
	return c
}

func (c *counts) hear(w *witness) {
	c.standing++
	for _, t := range w.techs {
		c.techAll[t]++
	}
	for _, s := range w.soft {
		c.softAll[s]++
	}
	for _, p := range w.parent {
		c.parentAll[p]++
	}
	if w.group == nobody {
		return
	}
	c.reports[w.group]++
	for _, t := range w.techs {
		c.tech[w.group][t]++
	}
	for _, s := range w.soft {
		c.soft[w.group][s]++
	}
	for _, p := range w.parent {
		c.parent[w.group][p]++
	}
}

// forget takes out the techniques of software that only the report left out knows of.
func (c *counts) forget(only [][2]int) {
	if len(only) == 0 {
		return
	}
	gone := map[[2]int]bool{}
	for _, at := range only {
		gone[at] = true
	}
	all := make([][]int, len(c.softTechs))
	copy(all, c.softTechs)
	for _, at := range only {
		s := at[0]
		kept := make([]int, 0, len(c.softTechs[s]))
		for _, t := range c.softTechs[s] {
			if !gone[[2]int{s, t}] {
				kept = append(kept, t)
			}
		}
		all[s] = kept
	}
	c.softTechs = all
}

// spread counts in how many groups each item is, and how much each group has.
func (c *counts) spread() {
	sum, some := 0.0, 0.0
	for g := range c.reports {
		if c.reports[g] > 0 {
			c.groups++
		}
		c.breadth[g] = mark(c.tech[g], c.techIn)
		c.arsenal[g] = mark(c.soft[g], c.softIn)
		mark(c.parent[g], c.parentIn)
		if c.breadth[g] > 0 {
			sum += c.breadth[g]
			some++
		}
	}
	c.meanBreadth = sum / math.Max(some, 1)
}

func mark(row, in []float64) float64 {
	n := 0.0
	for i, x := range row {
		if x > 0 {
			in[i]++
			n++
		}
	}
	return n
}

// rarity is the logarithm of how few of the groups have an item.
func (c *counts) rarity(in float64) float64 { return math.Log((c.groups + 1) / (in + 0.5)) }
