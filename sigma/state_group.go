package sigma

import (
	"bytes"
	"slices"
)

// saveGroup gives a group in its saved form.
func (s *store) saveGroup(m *machine, g *group) *savedGroup {
	out := &savedGroup{Correlation: m.key, Group: [][]byte{}, Open: s.saveRun(g.open), Run: s.saveRun(g.run)}
	for _, value := range s.written(m, g) {
		out.Group = append(out.Group, []byte(value))
	}
	if m.sliding {
		for i := range int(g.n) {
			out.Items = append(out.Items, s.saveItem(m, s.itemAt(m, g, i)))
		}
	}
	if g.open != 0 {
		start := savedStamp(s.runs.at(g.open).time)
		out.Start, out.Open.Time = &start, momentOf(stamp{}.time())
	}
	out.Tally = s.saveTally(m, g)
	if g.last != 0 {
		out.Last = &savedLast{s.saveEvent(g.last), g.lastPosition()}
	}
	return out
}

func savedStamp(s stamp) moment { return momentOf(s.time()) }

func (s *store) saveEvent(h uint32) savedRef {
	e := s.event(h)
	return savedRef{momentOf(e.at.time()), slices.Clone(s.ref(&e)), slices.Clone(s.texts.text(e.shared))}
}

func (s *store) saveEvents(listed []uint32) (out []savedRef) {
	for _, h := range listed {
		out = append(out, s.saveEvent(h))
	}
	return out
}

func (s *store) saveItem(m *machine, words []uint32) savedItem {
	it := s.load(m, words)
	var own [1]uint32
	listed, n := s.listed(it.event, &own)
	out := savedItem{
		Time: momentOf(it.time), Position: it.position, Refs: s.saveEvents(listed), Count: n, Again: it.again, Number: it.number,
		Many: it.event&manyBit != 0, Taken: words[0]&takenBit != 0,
	}
	out.Value, out.Carried = slices.Clone(s.texts.text(it.value)), slices.Clone(s.texts.text(it.carried))
	return out
}

func (s *store) saveTally(m *machine, g *group) *savedTally {
	if m.sliding && (m.rule.Type == EventCount || m.rule.Type == ValueCount) {
		return nil
	}
	t := &tally{}
	s.readTally(m, g, t)
	out := &savedTally{N: t.n, Sum: t.sum, Removed: t.removed, Chains: saveChains(t.chains), Before: saveChains(t.before)}
	for _, seen := range t.seen {
		out.Seen = append(out.Seen, momentOf(seen))
	}
	if m.sliding {
		out.N = 0
		return out
	}
	if g.open != 0 {
		r := s.runs.at(g.open)
		out.Stride, out.Hopeless = int(r.stride), r.hopeless
	}
	switch m.rule.Type {
	case ValueCount:
		for i := range int(g.n) {
			out.Values = append(out.Values, slices.Clone(s.texts.text(s.valueAt(m, g, i))))
		}
		slices.SortFunc(out.Values, bytes.Compare)
	case ValuePercentile:
		out.Sample = s.appendSample(nil, g)
	}
	return out
}

func saveChains(chains []chain) (out []savedChain) {
	for _, c := range chains {
		out = append(out, savedChain{c.last, c.mask, momentOf(c.start)})
	}
	return out
}

func (s *store) saveRun(h uint32) *savedRun {
	if h == 0 {
		return nil
	}
	r := s.runs.at(h)
	out := &savedRun{
		Time: savedStamp(r.time), First: savedStamp(r.first), Latest: savedStamp(r.last), Refs: s.saveEvents(s.words.at(r.refs)[:r.listed]),
		Count: r.count, Value: r.value, Handed: r.handed,
	}
	for _, text := range s.words.at(r.carried)[:r.carries] {
		out.Carried = append(out.Carried, slices.Clone(s.texts.text(text)))
	}
	return out
}
