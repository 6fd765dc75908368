package sigma

import (
	"math/bits"
	"slices"
	"time"
)

// tally is what conditions are computed from, kept up to date with each occurrence so that a condition costs the same
// however many occurrences the window holds.
type plainTally struct {
	n       int     // occurrences
	sum     float64 // of numbers
	removed int     // numbers taken off sum since it was last computed anew
	values  map[string]int
	sample  []float64 // of numbers, for percentiles: every one, or every stride-th
	stride  int

	seen   []time.Time  // by rule: when it last occurred
	chains []plainChain // of temporal_ordered
	before []plainChain // the chains as they were before the newest event
}

// add takes in an item; for temporal_ordered, one that is not older than those before it. Chains that begin before
// horizon are of no more use.
func (t *plainTally) add(m *plainMachine, it *plainItem, horizon time.Time) {
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
func (t *plainTally) addSample(x float64, room int) {
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
func (t *plainTally) remove(it *plainItem) {
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
func (t *plainTally) settle(m *plainMachine, items []plainItem) {
	if m.rule.Type != ValueSum || t.removed <= len(items) {
		return
	}
	t.sum, t.removed = 0, 0
	for i := range items {
		t.sum += items[i].number
	}
}

func (t *plainTally) rebuild(m *plainMachine, items []plainItem) {
	*t = plainTally{}
	for i := range items {
		t.add(m, &items[i], items[i].time.Add(-m.rule.Timespan))
	}
}

// holds says whether the condition is true, and the value that it compared. Rules that last occurred before horizon
// don't count.
func (m *plainMachine) holds(t *plainTally, horizon time.Time) (value float64, ok bool) {
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

// chain is a way in which some of the rules have occurred in the order listed. Of ways that can go on alike only the one
// that began last is kept, for it stays within the timespan longest.
type plainChain struct {
	last  int    // reference of its last rule
	mask  uint64 // references in it, one bit each; with no extended condition their number
	start time.Time
}

// appendChains adds the chains that end with the item; before are those that it can go on.
func (m *plainMachine) appendChains(chains, before []plainChain, it *plainItem, horizon time.Time) []plainChain {
	chains = slices.DeleteFunc(chains, func(c plainChain) bool { return c.start.Before(horizon) })
	// From the last reference to the first, so that one occurrence doesn't stand for two of them.
	for ref := len(m.listed) - 1; ref >= 0; ref-- {
		if m.listed[ref] != it.position {
			continue
		}
		for _, c := range before {
			if !c.start.Before(horizon) && c.last < ref && (!m.whole() || c.last == ref-1) {
				chains = plainPutChain(chains, plainChain{ref, m.grow(c.mask, ref), c.start})
			}
		}
		if !m.whole() || ref == 0 {
			chains = plainPutChain(chains, plainChain{ref, m.grow(0, ref), it.time})
		}
	}
	return chains
}

func plainPutChain(chains []plainChain, c plainChain) []plainChain {
	oldest := 0
	for i := range chains {
		if chains[i].last == c.last && chains[i].mask == c.mask {
			if c.start.After(chains[i].start) {
				chains[i].start = c.start
			}
			return chains
		}
		if chains[i].start.Before(chains[oldest].start) {
			oldest = i
		}
	}
	if len(chains) >= maxChains {
		chains[oldest] = c
		return chains
	}
	return append(chains, c)
}

// occurs says whether the rule of a reference occurs at horizon or later.
func (m *plainMachine) occurs(t *plainTally, ref int, horizon time.Time) bool {
	if t.seen == nil {
		return false
	}
	seen := t.seen[m.listed[ref]]
	return !seen.IsZero() && !seen.Before(horizon)
}

// holdsInAnyOrder decides temporal: by the number of rules that occur, or by the extended condition.
func (m *plainMachine) holdsInAnyOrder(t *plainTally, horizon time.Time) (float64, bool) {
	n := 0
	for _, seen := range t.seen {
		if !seen.IsZero() && !seen.Before(horizon) {
			n++
		}
	}
	occurs := func(ref int) bool { return m.occurs(t, ref, horizon) }
	switch {
	case m.condition != nil:
		return float64(n), m.isTrue(m.condition, occurs, occurs, false)
	case m.whole():
		return float64(n), n == m.positions
	}
	return float64(n), m.compares(float64(n))
}

// holdsInOrder decides temporal_ordered: by the number of rules that occur in the order listed, or by the extended
// condition. What that asks for must occur in order; what it excludes must not occur at all.
func (m *plainMachine) holdsInOrder(t *plainTally, horizon time.Time) (float64, bool) {
	most, ok := 0, false
	occurs := func(ref int) bool { return m.occurs(t, ref, horizon) }
	for _, c := range t.chains {
		if c.start.Before(horizon) {
			continue
		}
		if m.condition == nil {
			most = max(most, int(c.mask))
			continue
		}
		most = max(most, bits.OnesCount64(c.mask))
		ok = ok || m.isTrue(m.condition, func(ref int) bool { return c.mask>>ref&1 == 1 }, occurs, false)
	}
	switch {
	case m.condition != nil:
		return float64(most), ok
	case m.whole():
		return float64(most), most == len(m.listed)
	}
	return float64(most), m.compares(float64(most))
}
