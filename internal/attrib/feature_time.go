package attrib

import (
	"cmp"
	"math"
	"slices"
)

// Reports on a group crowd in the years in which it is active, and around one incident. timeNarrow and timeWide are the widths, in
// years, of the kernels (Laplace's) by which the dates of the reports on a group make a density; datesBeforehand is how many reports
// from the density of all reports it is mixed with. A part of either density is uniform over uniformYears: a time
// that is far from all reports tells no groups apart.
const (
	timeNarrow      = 0.15
	timeWide        = 2.5
	datesBeforehand = 2
	uniformPart     = 0.05
	uniformYears    = 30
	mostYears       = 10 // of the distance to a group's first and last report that count
	nearYears       = 2  // in which a report's likeness falls to 1/e
)

// timing is what the dates of reports say of the case's time.
type timing struct {
	dated       []float64 // reports on each group that have a date
	narrow      []float64 // sums of the kernels by group
	wide        []float64
	first, last []float64
	nearest     []float64 // the most that a report is both like the case and near to it in time
}

// time compares when the case was with when the reports on a group were written. A case without time has no such features.
func (m *comparison) time() {
	y := m.s.when
	if y == 0 {
		return
	}
	t := m.timing(y)
	total, narrow, wide := 0.0, 0.0, 0.0
	for g, n := range t.dated {
		total, narrow, wide = total+n, narrow+t.narrow[g], wide+t.wide[g]
	}
	if total == 0 {
		return
	}
	before, after := t.outside(y)
	for g, n := range t.dated {
		m.add(g, fTimeNarrow, nothing, crowding(t.narrow[g], n, narrow/total))
		m.add(g, fTimeWide, nothing, crowding(t.wide[g], n, wide/total))
		m.add(g, fTimeBefore, nothing, before[g])
		m.add(g, fTimeAfter, nothing, after[g])
		m.add(g, fTimeNearest, nothing, t.nearest[g])
	}
}

// crowding is the logarithm of the density of n reports on a group, of which sum is the sum of kernels, over that of all reports.
func crowding(sum, n, all float64) float64 {
	const uniform = uniformPart / uniformYears
	own := (sum + datesBeforehand*all) / (n + datesBeforehand)
	return math.Log(((1-uniformPart)*own + uniform) / ((1-uniformPart)*all + uniform))
}

// outside returns by how many years the case is before the first report on each group, or after the last one. The years before the first
// report of all and after the last one count for nothing, since nothing is known of them. A group without dated reports has the mean of the
// others.
func (t *timing) outside(y float64) (before, after []float64) {
	before, after = make([]float64, len(t.dated)), make([]float64, len(t.dated))
	first, last := math.Inf(1), math.Inf(-1)
	for g, n := range t.dated {
		if n > 0 {
			first, last = math.Min(first, t.first[g]), math.Max(last, t.last[g])
		}
	}
	y = math.Min(math.Max(y, first), last)
	groups, meanBefore, meanAfter := 0.0, 0.0, 0.0
	for g, n := range t.dated {
		if n > 0 {
			before[g], after[g] = math.Min(mostYears, math.Max(0, t.first[g]-y)), math.Min(mostYears, math.Max(0, y-t.last[g]))
			groups, meanBefore, meanAfter = groups+1, meanBefore+before[g], meanAfter+after[g]
		}
	}
	for g, n := range t.dated {
		if n == 0 && groups > 0 {
			before[g], after[g] = meanBefore/groups, meanAfter/groups
		}
	}
	return before, after
}

func (m *comparison) timing(y float64) *timing {
	n := len(m.c.reports)
	rows := matrix(6, n)
	t := &timing{rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]}
	length := m.length()
	for i := range m.k.witnesses {
		w := &m.k.witnesses[i]
		if !m.c.all[i] || w.when == 0 || w.group == nobody {
			continue
		}
		g, apart := w.group, math.Abs(w.when-y)
		if t.dated[g] == 0 {
			t.first[g], t.last[g] = w.when, w.when
		}
		t.dated[g]++
		t.first[g], t.last[g] = math.Min(t.first[g], w.when), math.Max(t.last[g], w.when)
		t.narrow[g] += math.Exp(-apart/timeNarrow) / (2 * timeNarrow)
		t.wide[g] += math.Exp(-apart/timeWide) / (2 * timeWide)
		cosine, _ := m.likeness(w, length)
		t.nearest[g] = math.Max(t.nearest[g], cosine*math.Exp(-apart/nearYears))
	}
	return t
}

// isTime says whether a feature is one of time.
func isTime(feature int) bool { return feature >= fTimeNarrow && feature <= fTimeNearest }

// nearestDates is how many reports a group's time is shown to rest on.
const nearestDates = 3

// datedReports gives the reports on group g that are nearest to the case in time.
func (e *explanation) datedReports(g int) []DatedReport {
	if e.sight.when == 0 {
		return nil
	}
	var near []*witness
	for i := range e.r.k.witnesses {
		if w := &e.r.k.witnesses[i]; w.group == g && e.counts.all[i] && w.when != 0 {
			near = append(near, w)
		}
	}
	apart := func(w *witness) float64 { return math.Abs(w.when - e.sight.when) }
	slices.SortStableFunc(near, func(a, b *witness) int { return cmp.Compare(apart(a), apart(b)) })
	var out []DatedReport
	for _, w := range near[:min(len(near), nearestDates)] {
		out = append(out, DatedReport{Report: w.report, Date: e.r.k.dates[w.report]})
	}
	return out
}
