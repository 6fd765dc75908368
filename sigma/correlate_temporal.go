package sigma

import (
	"math/bits"
	"slices"
	"time"
)

// chain is a way in which some of the rules have occurred in the order listed. Of ways that can go on alike only the one
// that began last is kept, for it stays within the timespan longest.
type chain struct {
	last  int    // reference of its last rule
	mask  uint64 // references in it, one bit each; with no extended condition their number
	start time.Time
}

const (
	maxOrdered = 64  // references that an extended condition of temporal_ordered may have: bits of a mask
	maxChains  = 512 // kept of one group
)

// grow returns what becomes of a chain's mask when a reference is added. Without an extended condition it is enough to
// know how many there are.
func (m *machine) grow(mask uint64, ref int) uint64 {
	if m.condition != nil {
		return mask | 1<<ref
	}
	return mask + 1
}

// whole says whether every reference counts, so that chains with a gap lead nowhere.
func (m *machine) whole() bool { return m.condition == nil && len(m.rule.Condition.Comparisons) == 0 }

// appendChains adds the chains that end with the item; before are those that it can go on.
func (m *machine) appendChains(chains, before []chain, it *item, horizon time.Time) []chain {
	chains = slices.DeleteFunc(chains, func(c chain) bool { return c.start.Before(horizon) })
	// From the last reference to the first, so that one occurrence doesn't stand for two of them.
	for ref := len(m.listed) - 1; ref >= 0; ref-- {
		if m.listed[ref] != it.position {
			continue
		}
		for _, c := range before {
			if !c.start.Before(horizon) && c.last < ref && (!m.whole() || c.last == ref-1) {
				chains = putChain(chains, chain{ref, m.grow(c.mask, ref), c.start})
			}
		}
		if !m.whole() || ref == 0 {
			chains = putChain(chains, chain{ref, m.grow(0, ref), it.time})
		}
	}
	return chains
}

func putChain(chains []chain, c chain) []chain {
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
func (m *machine) occurs(t *tally, ref int, horizon time.Time) bool {
	if len(t.seen) == 0 {
		return false
	}
	seen := t.seen[m.listed[ref]]
	return !seen.IsZero() && !seen.Before(horizon)
}

// holdsInAnyOrder decides temporal: by the number of rules that occur, or by the extended condition.
func (m *machine) holdsInAnyOrder(t *tally, horizon time.Time) (float64, bool) {
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
func (m *machine) holdsInOrder(t *tally, horizon time.Time) (float64, bool) {
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
