package sigma

import (
	"math"
	"slices"
	"time"
)

// tally is what conditions are computed from. It is read out of a group for an occurrence and written back, and kept up
// to date with each so that a condition costs the same however many occurrences the window holds.
type tally struct {
	n        int     // occurrences
	distinct int     // values
	sum      float64 // of numbers
	removed  int     // numbers taken off sum since it was last computed anew
	sample   []float64

	seen   []time.Time // by rule: when it last occurred
	chains []chain     // of temporal_ordered
	before []chain     // the chains as they were before the newest event
}

func (m *machine) temporal() bool { return m.rule.Type == Temporal || m.rule.Type == TemporalOrdered }

const (
	stampWords = 3
	chainWords = 3 + stampWords
	sumWords   = 3
)

// readTally reads a group's tally into t.
func (s *store) readTally(m *machine, g *group, t *tally) {
	*t = tally{n: int(g.n), distinct: int(g.distinct), sample: t.sample[:0], seen: t.seen[:0], chains: t.chains[:0], before: t.before[:0]}
	if g.open != 0 {
		r := s.runs.at(g.open)
		t.n, t.sum, t.distinct = int(r.n), r.sum, int(g.n)
	}
	extra := s.words.at(g.extra)
	switch {
	case m.temporal():
		s.readSeen(m, extra, t)
	case m.rule.Type == ValueSum && extra != nil:
		t.sum, t.removed = math.Float64frombits(uint64(extra[0])|uint64(extra[1])<<32), int(extra[2])
	}
}

func (s *store) readSeen(m *machine, extra []uint32, t *tally) {
	if extra == nil {
		return
	}
	for range m.positions {
		t.seen = append(t.seen, stamp{extra[0], extra[1], extra[2]}.time())
		extra = extra[stampWords:]
	}
	if m.rule.Type == Temporal {
		return
	}
	chains, before := int(extra[0]&0xffff), int(extra[0]>>16)
	extra = extra[1:]
	for i := range chains + before {
		w := extra[i*chainWords:]
		c := chain{int(w[0]), uint64(w[1]) | uint64(w[2])<<32, stamp{w[3], w[4], w[5]}.time()}
		if i < chains {
			t.chains = append(t.chains, c)
		} else {
			t.before = append(t.before, c)
		}
	}
}

// writeTally writes what the items don't say.
func (s *store) writeTally(m *machine, g *group, t *tally) {
	if g.open != 0 {
		r := s.runs.at(g.open)
		r.n, r.sum = uint32(t.n), t.sum
	}
	switch {
	case m.temporal() && len(t.seen) > 0:
		s.writeSeen(m, g, t)
	case m.rule.Type == ValueSum && m.sliding:
		g.extra = s.words.grow(g.extra, 0, sumWords)
		bits := math.Float64bits(t.sum)
		copy(s.words.at(g.extra), []uint32{uint32(bits), uint32(bits >> 32), uint32(t.removed)})
	default:
		s.words.release(g.extra)
		g.extra = 0
	}
}

func (s *store) writeSeen(m *machine, g *group, t *tally) {
	n := m.positions * stampWords
	if m.rule.Type == TemporalOrdered {
		n += 1 + (len(t.chains)+len(t.before))*chainWords
	}
	g.extra = s.words.grow(g.extra, 0, n)
	w := s.words.at(g.extra)
	for _, seen := range t.seen {
		at := stampOf(seen)
		w[0], w[1], w[2] = at.high, at.low, at.nanos
		w = w[stampWords:]
	}
	if m.rule.Type == Temporal {
		return
	}
	w[0] = uint32(len(t.chains) | len(t.before)<<16)
	w = w[1:]
	for _, chains := range [2][]chain{t.chains, t.before} {
		for _, c := range chains {
			at := stampOf(c.start)
			w[0], w[1], w[2] = uint32(c.last), uint32(c.mask), uint32(c.mask>>32)
			w[3], w[4], w[5] = at.high, at.low, at.nanos
			w = w[chainWords:]
		}
	}
}

// add takes in an item; for temporal_ordered, one that is not older than those before it. Chains that begin before
// horizon are of no more use.
func (t *tally) add(m *machine, it *item, horizon time.Time) {
	t.n++
	switch m.rule.Type {
	case ValueSum, ValueAvg:
		t.sum += it.number
	case Temporal, TemporalOrdered:
		for len(t.seen) < m.positions {
			t.seen = append(t.seen, time.Time{})
		}
		if it.time.After(t.seen[it.position]) {
			t.seen[it.position] = it.time
		}
		if m.rule.Type == TemporalOrdered {
			if !it.again { // else the newest event once more, matched by another rule: it is no step after itself
				t.before = append(t.before[:0], t.chains...)
			}
			t.chains = m.appendChains(t.chains, t.before, it, horizon)
		}
	}
}

// settle computes the sum anew once in a while, so that rounding doesn't add up.
func (s *store) settle(m *machine, g *group, t *tally) {
	if m.rule.Type != ValueSum || t.removed <= int(g.n) {
		return
	}
	t.sum, t.removed = 0, 0
	for i := range int(g.n) {
		t.sum += s.load(m, s.itemAt(m, g, i)).number
	}
}

// rebuild computes a sliding window's tally from its items.
func (s *store) rebuild(m *machine, g *group, t *tally) {
	*t = tally{seen: t.seen[:0], chains: t.chains[:0], before: t.before[:0]}
	for i := range int(g.n) {
		it := s.load(m, s.itemAt(m, g, i))
		t.add(m, &it, it.time.Add(-m.rule.Timespan))
	}
}

// addSample keeps a number. When there is no more room every second one goes, and from then on only every second of
// those that come is kept: an even sample, and the same for the same stream.
func (s *store) addSample(m *machine, g *group, r *run, x float64) {
	r.stride = max(r.stride, 1)
	if r.n%r.stride != 0 {
		return
	}
	n := int(g.n)
	g.items = s.words.grow(g.items, 2*n, 2*n+2)
	w := s.words.at(g.items)
	bits := math.Float64bits(x)
	w[2*n], w[2*n+1] = uint32(bits), uint32(bits>>32)
	g.n++
	if int(g.n) <= m.maxWindow {
		return
	}
	kept := 0
	for i := 0; i < int(g.n); i += 2 {
		copy(w[2*kept:], w[2*i:2*i+2])
		kept++
	}
	g.n = uint32(kept)
	r.stride = min(r.stride, 1<<30) * 2
}

func (s *store) appendSample(dst []float64, g *group) []float64 {
	w := s.words.at(g.items)
	for i := range int(g.n) {
		dst = append(dst, math.Float64frombits(uint64(w[2*i])|uint64(w[2*i+1])<<32))
	}
	return dst
}

// decidesAtOnce says whether further occurrences can't undo the condition, so that it is decided at each one. Other
// conditions are decided when the window is over.
func (m *machine) decidesAtOnce() bool {
	if m.condition != nil {
		return !negates(m.condition)
	}
	if m.rule.Type == ValueAvg || m.rule.Type == ValuePercentile {
		return false
	}
	return !slices.ContainsFunc(m.rule.Condition.Comparisons, func(c Comparison) bool { return c.Op != "gt" && c.Op != "gte" })
}

// hopeless says whether a waiting window can't hold whatever still comes: counts only grow.
func (m *machine) hopeless(t *tally) bool {
	n := t.n
	switch m.rule.Type {
	case ValueCount:
		n = t.distinct
	case EventCount:
	default:
		return false
	}
	return slices.ContainsFunc(m.rule.Condition.Comparisons, func(c Comparison) bool {
		return (c.Op == "lt" || c.Op == "lte" || c.Op == "eq") && float64(n) > c.Value
	})
}

// holds says whether the condition is true, and the value that it compared. Rules that last occurred before horizon
// don't count.
func (m *machine) holds(t *tally, horizon time.Time) (value float64, ok bool) {
	switch m.rule.Type {
	case Temporal:
		return m.holdsInAnyOrder(t, horizon)
	case TemporalOrdered:
		return m.holdsInOrder(t, horizon)
	case EventCount:
		value = float64(t.n)
	case ValueCount:
		value = float64(t.distinct)
	case ValueSum:
		value = t.sum
	case ValueAvg:
		value = t.sum / float64(max(t.n, 1))
	case ValuePercentile:
		if len(t.sample) == 0 {
			return 0, false
		}
		value = percentile(t.sample, m.rule.Condition.Percentile)
	}
	return value, len(m.rule.Condition.Comparisons) > 0 && m.compares(value)
}

func (m *machine) compares(value float64) bool {
	for _, c := range m.rule.Condition.Comparisons {
		if !c.holds(value) {
			return false
		}
	}
	return true
}

func (c Comparison) holds(value float64) bool {
	switch c.Op {
	case "gt":
		return value > c.Value
	case "gte":
		return value >= c.Value
	case "lt":
		return value < c.Value
	case "lte":
		return value <= c.Value
	case "eq":
		return value == c.Value
	case "neq":
		return value != c.Value
	}
	return false
}

// percentile returns the nearest-rank percentile: the smallest value that at least p percent of the values don't exceed.
// It sorts the values.
func percentile(numbers []float64, p float64) float64 {
	slices.Sort(numbers)
	rank := int(math.Ceil(p / 100 * float64(len(numbers))))
	return numbers[min(max(rank, 1), len(numbers))-1]
}
