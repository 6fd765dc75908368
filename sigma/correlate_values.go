package sigma

// Counting distinct values. In a small window a value is looked for among the items; a group with many has a map beside them, so that
// an occurrence costs about the same however many there are.

const fewItems = 32 // above this many items there is a map, below half of it there is none

// valueAt gives the value of an item; of a waiting window an item is a value.
func (s *store) valueAt(m *machine, g *group, i int) uint32 {
	words := s.itemAt(m, g, i)
	if m.sliding {
		return words[1]
	}
	return words[0]
}

func (s *store) occursAmong(m *machine, g *group, value uint32) bool {
	for i := range int(g.n) {
		if s.valueAt(m, g, i) == value {
			return true
		}
	}
	return false
}

// countsOf gives a group's map, nil if it has none.
func (s *store) countsOf(h uint32, g *group) map[uint32]uint32 {
	if g.n < fewItems/2 {
		return nil
	}
	return s.counts[h]
}

// occurs says whether a value is among the items.
func (s *store) occursIn(m *machine, h uint32, g *group, value uint32) bool {
	if counts := s.countsOf(h, g); counts != nil {
		return counts[value] > 0
	}
	return s.occursAmong(m, g, value)
}

// makeCounts gives a group with many items its map.
func (s *store) makeCounts(m *machine, h uint32, g *group) {
	counts := map[uint32]uint32{}
	for i := range int(g.n) {
		counts[s.valueAt(m, g, i)]++
	}
	s.counts[h] = counts
}

// countValue takes a value in that is about to be an item.
func (s *store) countValue(m *machine, h uint32, g *group, value uint32) {
	if !s.occursIn(m, h, g, value) {
		g.distinct++
	}
	if g.n >= fewItems && s.counts[h] == nil {
		s.makeCounts(m, h, g)
	}
	if counts := s.countsOf(h, g); counts != nil {
		counts[value]++
	}
}

// uncountValue takes a value out that is no item any more.
func (s *store) uncountValue(m *machine, h uint32, g *group, value uint32) {
	if g.n+1 < fewItems/2 {
		if !s.occursAmong(m, g, value) {
			g.distinct--
		}
		return
	}
	counts := s.counts[h]
	switch {
	case counts == nil && !s.occursAmong(m, g, value), counts[value] == 1:
		delete(counts, value)
		g.distinct--
	case counts != nil:
		counts[value]--
	}
	if g.n < fewItems/2 {
		delete(s.counts, h)
	}
}

// recount counts the values anew.
func (s *store) recount(m *machine, h uint32) {
	g := s.groups.at(h)
	delete(s.counts, h)
	all := g.n
	for g.n, g.distinct = 0, 0; g.n < all; g.n++ {
		s.countValue(m, h, g, s.valueAt(m, g, int(g.n)))
	}
}

// addDistinct takes a value into a waiting window, of which it keeps at most m.maxWindow and one more.
func (s *store) addDistinct(m *machine, h uint32, value uint32) {
	g := s.groups.at(h)
	if s.occursIn(m, h, g, value) || int(g.n) > m.maxWindow {
		return
	}
	if g.n >= fewItems && s.counts[h] == nil {
		s.makeCounts(m, h, g)
	}
	if counts := s.countsOf(h, g); counts != nil {
		counts[value]++
	}
	g.items = s.words.grow(g.items, int(g.n), int(g.n)+1)
	s.words.at(g.items)[g.n] = value
	s.texts.again(value)
	g.n++
}
