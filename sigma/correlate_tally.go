package sigma

import (
	"math"
	"slices"
	"time"
)

// tally is what conditions are computed from, kept up to date with each occurrence so that a condition costs the same
// however many occurrences the window holds.
type tally struct {
	n       int     // occurrences
	sum     float64 // of numbers
	removed int     // numbers taken off sum since it was last computed anew
	values  map[string]int
	sample  []float64 // of numbers, for percentiles: every one, or every stride-th
	stride  int

	seen   []time.Time // by rule: when it last occurred
	chains []chain     // of temporal_ordered
	before []chain     // the chains as they were before the newest event
}

func (m *machine) temporal() bool { return m.rule.Type == Temporal || m.rule.Type == TemporalOrdered }

// add takes in an item; for temporal_ordered, one that is not older than those before it. Chains that begin before
// horizon are of no more use.
func (t *tally) add(m *machine, it *item, horizon time.Time) {
	t.n++
	switch m.rule.Type {
	case ValueCount:
		if t.values == nil {
			t.values = map[string]int{}
		}
		if t.values[it.value] > 0 || len(t.values) <= m.maxWindow {
			t.values[it.value]++
		}
	case ValueSum, ValueAvg:
		t.sum += it.number
	case ValuePercentile:
		t.addSample(it.number, m.maxWindow)
	case Temporal, TemporalOrdered:
		if t.seen == nil {
			t.seen = make([]time.Time, m.positions)
		}
		if it.time.After(t.seen[it.position]) {
			t.seen[it.position] = it.time
		}
		if m.rule.Type == TemporalOrdered {
			if it.count > 0 { // else the newest event once more, matched by another rule: it is no step after itself
				t.before = append(t.before[:0], t.chains...)
			}
			t.chains = m.appendChains(t.chains, t.before, it, horizon)
		}
	}
}

// addSample keeps a number. When there is no more room every second one goes, and from then on only every second of
// those that come is kept: an even sample, and the same for the same stream.
func (t *tally) addSample(x float64, room int) {
	t.stride = max(t.stride, 1)
	if (t.n-1)%t.stride != 0 {
		return
	}
	t.sample = append(t.sample, x)
	if len(t.sample) <= room {
		return
	}
	kept := t.sample[:0]
	for i := 0; i < len(t.sample); i += 2 {
		kept = append(kept, t.sample[i])
	}
	t.sample = kept
	t.stride *= 2
}

// remove takes out an item. What the temporal types remember is bounded by time instead.
func (t *tally) remove(it *item) {
	t.n--
	t.sum -= it.number
	t.removed++
	if n := t.values[it.value]; n > 1 {
		t.values[it.value] = n - 1
	} else if n == 1 {
		delete(t.values, it.value)
	}
}

// settle computes the sum anew once in a while, so that rounding doesn't add up.
func (t *tally) settle(m *machine, items []item) {
	if m.rule.Type != ValueSum || t.removed <= len(items) {
		return
	}
	t.sum, t.removed = 0, 0
	for i := range items {
		t.sum += items[i].number
	}
}

func (t *tally) rebuild(m *machine, items []item) {
	*t = tally{}
	for i := range items {
		t.add(m, &items[i], items[i].time.Add(-m.rule.Timespan))
	}
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
		value = float64(len(t.values))
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
	return !slices.ContainsFunc(m.rule.Condition.Comparisons, func(c Comparison) bool { return !c.holds(value) })
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
func percentile(numbers []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(numbers))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
