package sigma

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
)

// saveGroup gives a window in its saved form.
func saveGroup(m *machine, w *window) *savedGroup {
	g := &savedGroup{Correlation: m.key, Group: [][]byte{}, Open: saveRun(w.open), Run: saveRun(w.run)}
	for _, value := range w.group {
		g.Group = append(g.Group, []byte(value))
	}
	for i := range w.items {
		it := &w.items[i]
		g.Items = append(g.Items, savedItem{
			Time: momentOf(it.time), Position: it.position, Refs: it.refs, Count: it.count, Value: []byte(it.value), Number: it.number,
			Carried: saveValues(it.carried), Taken: it.taken,
		})
	}
	if w.open != nil {
		start := momentOf(w.start)
		g.Start = &start
	}
	g.Tally = saveTally(m, &w.tally)
	if w.last.ref != nil {
		g.Last = &savedEvent{momentOf(w.last.time), w.last.position, w.last.ref}
	}
	return g
}

func saveTally(m *machine, t *tally) *savedTally {
	if m.sliding && (m.rule.Type == EventCount || m.rule.Type == ValueCount) {
		return nil
	}
	s := &savedTally{N: t.n, Sum: t.sum, Removed: t.removed, Sample: t.sample, Stride: t.stride}
	if m.sliding {
		s.N = 0
	}
	for _, value := range slices.Sorted(maps.Keys(t.values)) {
		s.Values = append(s.Values, []byte(value))
	}
	for _, seen := range t.seen {
		s.Seen = append(s.Seen, momentOf(seen))
	}
	for _, c := range t.chains {
		s.Chains = append(s.Chains, savedChain{c.last, c.mask, momentOf(c.start)})
	}
	return s
}

func saveValues(values []KeyValue) []savedValue {
	var out []savedValue
	for _, v := range values {
		s := savedValue{}
		if v.Present {
			s = savedValue{[]byte(v.Text)}
		}
		out = append(out, s)
	}
	return out
}

func restoreValues(saved []savedValue) []KeyValue {
	var out []KeyValue
	for _, s := range saved {
		v := KeyValue{}
		if len(s) > 0 {
			v = KeyValue{string(s[0]), true}
		}
		out = append(out, v)
	}
	return out
}

func saveRun(r *run) *savedRun {
	if r == nil {
		return nil
	}
	s := &savedRun{Time: momentOf(r.time), First: momentOf(r.first), Latest: momentOf(r.last), Refs: r.refs, Count: r.count, Value: r.value, Handed: r.handed}
	for _, values := range r.carried {
		s.Carried = append(s.Carried, saveValues(values))
	}
	return s
}

// restore makes a window again, and its key. What a correlator could not have saved is damage.
func (g *savedGroup) restore(m *machine, maxRefs int) (*window, string, error) {
	if len(g.Group) != len(m.rule.GroupBy) || len(g.Items) > m.maxWindow+1 || m.sliding && g.Open != nil || !m.sliding && len(g.Items) > 0 {
		return nil, "", errState
	}
	w := &window{}
	var key []byte
	for _, value := range g.Group {
		w.group = append(w.group, string(value))
		key = appendKeyPart(key, string(value))
	}
	if err := g.restoreItems(m, w); err != nil {
		return nil, "", err
	}
	var err error
	if w.open, err = g.Open.restore(m, maxRefs); err == nil {
		w.run, err = g.Run.restore(m, maxRefs)
	}
	if err != nil {
		return nil, "", err
	}
	if w.open != nil {
		if g.Start == nil || g.Start.time().IsZero() || g.Start.time().After(w.open.first) {
			return nil, "", fmt.Errorf("start of a window: %w", errState)
		}
		w.start = g.Start.time()
	}
	if l := g.Last; l != nil && l.Position >= 0 && l.Position < m.positions {
		w.last = lastEvent{l.Time.time(), l.Position, l.Ref}
	}
	if err := g.restoreTally(m, w); err != nil {
		return nil, "", err
	}
	if w.empty() {
		return nil, "", errState
	}
	return w, string(key), nil
}

func (g *savedGroup) restoreItems(m *machine, w *window) error {
	for _, s := range g.Items {
		it := item{
			time: s.Time.time(), position: s.Position, refs: s.Refs, count: s.Count, value: string(s.Value), number: s.Number,
			carried: restoreValues(s.Carried), taken: s.Taken,
		}
		n := len(w.items)
		switch {
		case it.time.IsZero() || it.position < 0 || it.position >= m.positions || it.count < 0 || !(it.number > -maxSummand && it.number < maxSummand):
			return fmt.Errorf("an occurrence: %w", errState)
		case n > 0 && it.time.Before(w.items[n-1].time) || it.taken && g.Run == nil:
			return fmt.Errorf("order of occurrences: %w", errState)
		}
		if !it.taken {
			w.pending++
		}
		w.items = append(w.items, it)
	}
	return nil
}

func (s *savedRun) restore(m *machine, maxRefs int) (*run, error) {
	if s == nil {
		return nil, nil
	}
	r := &run{time: s.Time.time(), first: s.First.time(), last: s.Latest.time(), refs: s.Refs, count: s.Count, value: s.Value, handed: s.Handed}
	if r.first.IsZero() || r.last.Before(r.first) || r.count < 0 || len(r.refs) > maxRefs || len(s.Carried) > maxCarried {
		return nil, fmt.Errorf("a firing: %w", errState)
	}
	for _, values := range s.Carried {
		if len(values) != len(m.carry) {
			return nil, fmt.Errorf("a firing: %w", errState)
		}
		r.carried = append(r.carried, restoreValues(values))
	}
	return r, nil
}

func (g *savedGroup) restoreTally(m *machine, w *window) error {
	t, s := &w.tally, g.Tally
	if m.sliding {
		t.rebuild(m, w.items)
	}
	if s == nil {
		if w.open == nil {
			return nil
		}
		return fmt.Errorf("a tally: %w", errState)
	}
	if m.sliding {
		t.sum, t.removed = s.Sum, s.Removed
	} else {
		t.n, t.sum, t.sample, t.stride = s.N, s.Sum, s.Sample, s.Stride
	}
	if s.Removed < 0 || w.open != nil && s.N < 1 || s.Stride < 0 || len(s.Sample) > m.maxWindow || len(s.Values) > m.maxWindow+1 || len(s.Chains) > maxChains {
		return fmt.Errorf("a tally: %w", errState)
	}
	if len(s.Seen) > 0 && (!m.temporal() || len(s.Seen) != m.positions) {
		return fmt.Errorf("a tally: %w", errState)
	}
	for _, value := range s.Values {
		if t.values == nil {
			t.values = map[string]int{}
		}
		t.values[string(value)] = 1
	}
	t.seen, t.chains = nil, nil
	for _, seen := range s.Seen {
		t.seen = append(t.seen, seen.time())
	}
	return g.restoreChains(m, t)
}

func (g *savedGroup) restoreChains(m *machine, t *tally) error {
	for _, c := range g.Tally.Chains {
		tooMuch := c.Mask > uint64(len(m.listed))
		if m.condition != nil {
			tooMuch = bits.Len64(c.Mask) > len(m.listed)
		}
		if c.Last < 0 || c.Last >= len(m.listed) || tooMuch {
			return fmt.Errorf("a chain of occurrences: %w", errState)
		}
		t.chains = append(t.chains, chain{c.Last, c.Mask, c.Start.time()})
	}
	return nil
}
