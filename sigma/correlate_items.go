package sigma

import (
	"math"
	"time"
)

// item is an occurrence on its way into a window. The caller holds its event and its texts.
type item struct {
	time     time.Time
	event    uint32
	position int     // which of the correlation's rules it is of
	value    uint32  // text: what value_count counts
	number   float64 // what the other value types compute with
	carried  uint32  // text: what correlations over this one want
	chained  bool    // it is a firing
	again    bool    // the event was taken just now, as a match of another rule: it is no further evidence
}

// An item in a window is one to four words: the event and, where the type asks for it, the rule, the value or the number; last,
// what it carries.
const (
	takenBit = 1 << 31 // of the event: it is evidence of the run
	againBit = 1 << 31 // of the rule
)

// layOut says which words the items of a machine have.
func (m *machine) layOut() {
	m.width = 1
	switch {
	case !m.sliding && m.rule.Type == ValuePercentile:
		m.width = 2
		return
	case !m.sliding:
		return
	case m.temporal() || m.rule.Type == ValueCount:
		m.width = 2
	case m.rule.Type == ValueSum:
		m.width = 3
	}
	if len(m.carry) > 0 {
		m.carryAt = m.width
		m.width++
	}
}

// itemAt gives the words of a group's item.
func (s *store) itemAt(m *machine, g *group, i int) []uint32 {
	block := s.words.at(g.items)
	at := int(g.head) + i
	if room := len(block) / m.width; at >= room {
		at -= room
	}
	return block[at*m.width:][:m.width]
}

func (s *store) timeAt(m *machine, g *group, i int) time.Time {
	return s.timeOf(s.itemAt(m, g, i)[0] &^ takenBit)
}

// load reads an item out of a window.
func (s *store) load(m *machine, words []uint32) item {
	it := item{event: words[0] &^ takenBit}
	it.time = s.timeOf(it.event)
	switch m.rule.Type {
	case Temporal, TemporalOrdered:
		it.position, it.again = int(words[1]&^againBit), words[1]&againBit != 0
	case ValueCount:
		it.value = words[1]
	case ValueSum:
		it.number = math.Float64frombits(uint64(words[1]) | uint64(words[2])<<32)
	}
	if m.carryAt > 0 {
		it.carried = words[m.carryAt]
	}
	return it
}

// save writes an item, which then holds its event and texts.
func (s *store) save(m *machine, words []uint32, it *item) {
	s.hold(it.event)
	words[0] = it.event
	switch m.rule.Type {
	case Temporal, TemporalOrdered:
		words[1] = uint32(it.position)
		if it.again {
			words[1] |= againBit
		}
	case ValueCount:
		words[1] = it.value
		s.texts.again(it.value)
	case ValueSum:
		bits := math.Float64bits(it.number)
		words[1], words[2] = uint32(bits), uint32(bits>>32)
	}
	if m.carryAt > 0 {
		words[m.carryAt] = it.carried
		s.texts.again(it.carried)
	}
}

func (s *store) dropItem(m *machine, words []uint32) {
	s.drop(words[0] &^ takenBit)
	if m.rule.Type == ValueCount {
		s.texts.drop(words[1])
	}
	if m.carryAt > 0 {
		s.texts.drop(words[m.carryAt])
	}
}

// insert puts an item in its place by time; among equal ones it is the last. It returns the place. An item that is
// not late has its place behind all others, whose times needn't be looked at.
func (s *store) insert(m *machine, h uint32, it *item, late bool) int {
	g := s.groups.at(h)
	n := int(g.n)
	i := n
	for late && i > 0 && s.timeAt(m, g, i-1).After(it.time) {
		i--
	}
	if m.rule.Type == ValueCount {
		s.countValue(m, h, g, it.value)
	}
	s.makeRoom(m, g)
	g.n++
	for k := n; k > i; k-- {
		copy(s.itemAt(m, g, k), s.itemAt(m, g, k-1))
	}
	s.save(m, s.itemAt(m, g, i), it)
	g.pending++
	return i
}

// makeRoom sees to it that the ring holds one more.
func (s *store) makeRoom(m *machine, g *group) {
	old := s.words.at(g.items)
	room := len(old) / m.width
	if int(g.n) < room {
		return
	}
	bigger := s.words.alloc((room + 1) * m.width)
	block := s.words.at(bigger)
	head := int(g.head) * m.width
	used := copy(block, old[head:room*m.width])
	copy(block[used:], old[:head])
	s.words.release(g.items)
	g.items, g.head = bigger, 0
}

// dropFirst takes the oldest item out.
func (s *store) dropFirst(m *machine, h uint32) {
	g := s.groups.at(h)
	words := s.itemAt(m, g, 0)
	if words[0]&takenBit == 0 {
		g.pending--
	}
	var value uint32
	if m.rule.Type == ValueCount {
		value = words[1]
	}
	if g.head++; int(g.head) >= len(s.words.at(g.items))/m.width {
		g.head = 0
	}
	g.n--
	if m.rule.Type == ValueCount {
		s.uncountValue(m, h, g, value)
	}
	s.dropItem(m, words)
}

// clearItems lets all items go.
func (s *store) clearItems(m *machine, h uint32) {
	g := s.groups.at(h)
	switch {
	case m.sliding:
		for i := range int(g.n) {
			s.dropItem(m, s.itemAt(m, g, i))
		}
	case m.rule.Type == ValueCount:
		for _, value := range s.words.at(g.items)[:g.n] {
			s.texts.drop(value)
		}
	}
	if m.rule.Type == ValueCount && g.n >= fewItems/2 {
		delete(s.counts, h)
	}
	s.words.release(g.items)
	g.items, g.head, g.n, g.pending, g.distinct = 0, 0, 0, 0, 0
}

// keepPending lets the items go that are evidence of the run.
func (s *store) keepPending(m *machine, h uint32) {
	g := s.groups.at(h)
	n := 0
	for i := range int(g.n) {
		words := s.itemAt(m, g, i)
		if words[0]&takenBit != 0 {
			s.dropItem(m, words)
			continue
		}
		if i != n {
			copy(s.itemAt(m, g, n), words)
		}
		n++
	}
	g.n = uint32(n)
	if n == 0 {
		s.words.release(g.items)
		g.items, g.head = 0, 0
	}
	if m.rule.Type == ValueCount {
		s.recount(m, h)
	}
}
