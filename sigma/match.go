package sigma

import "math/bits"

// Match is a rule that matched a record. It is borrowed: valid until the function that it was given to returns.
type Match struct {
	Rule  *Rule
	Needs []NeedValue // of the fields in Rule.Needs, in their order
}

// NeedValue is the value of a field that a correlation wants.
type NeedValue struct {
	Text    []byte
	Present bool // the record has the field, and it is not null
}

// Matcher is the working memory of one goroutine. It serves any number of engines and bindings, one after another.
type Matcher struct {
	binding *Binding
	record  Record
	now     uint32   // number of the record; marks of others are out of date
	marks   []uint32 // by atom: now<<2 | mark
	slots   []slotState
	rules   []uint64 // bits of the rules to look at
	match   Match
	needs   Values
	starts  []int

	timeouts int
}

// What is known of an atom for the record at hand.
const (
	markHolds = 1 + iota
	markMaybe // a literal of it was found
	markFails
)

// slotState is what is known of a field for the record at hand.
type slotState struct {
	fetched, searched uint32 // number of the record
	values, folded    Values
}

// NewMatcher returns a Matcher.
func NewMatcher() *Matcher { return &Matcher{} }

// Timeouts returns how many attempts of regular expressions ran out of time so far. Each counted as no match.
func (m *Matcher) Timeouts() int { return m.timeouts }

// Match calls hit for every rule that matches r, in the order in which the rules were loaded. r must be of the shape
// that b is bound to.
func (b *Binding) Match(m *Matcher, r Record, hit func(*Match)) {
	m.start(b, r)
	for _, i := range b.plan.eager {
		m.search(i)
	}
	for word := range m.rules {
		for m.rules[word] != 0 {
			i := word<<6 | bits.TrailingZeros64(m.rules[word])
			m.rules[word] &= m.rules[word] - 1
			if m.eval(&b.plan.rules[i].root) {
				m.report(i, hit)
			}
		}
	}
	m.record = nil
}

const lastRecord = 1<<30 - 1

func (m *Matcher) start(b *Binding, r Record) {
	if m.now == lastRecord || m.binding == nil || m.binding.engine != b.engine {
		m.now = 0
		m.marks = make([]uint32, len(b.engine.atoms))
		m.slots = nil
	}
	m.now++
	m.binding, m.record = b, r
	for len(m.slots) < len(b.plan.slots) {
		m.slots = append(m.slots, slotState{})
	}
	m.rules = append(m.rules[:0], b.plan.always...)
}

// fetch makes the values of a slot known.
func (m *Matcher) fetch(i int) *slotState {
	s := &m.slots[i]
	if s.fetched == m.now {
		return s
	}
	s.fetched = m.now
	s.values.Reset()
	s.folded.Reset()
	b := m.binding
	switch {
	case b.plan.slots[i].field == "":
		for f := range b.all {
			m.record.AppendValues(&s.values, f)
		}
	case b.fields[i] >= 0:
		m.record.AppendValues(&s.values, b.fields[i])
	case b.texts[i] != "":
		s.values.End(append(s.values.Buffer(), b.texts[i]...))
	}
	for k := range s.values.Len() {
		text, null := s.values.Text(k)
		if null && !b.emptyIsNull {
			s.folded.AddNull()
		} else {
			s.folded.End(appendFold(s.folded.Buffer(), text))
		}
	}
	return s
}

// search looks for the literals of a slot in its values, and marks what it finds.
func (m *Matcher) search(i int) {
	s := m.fetch(i)
	if s.searched == m.now {
		return
	}
	s.searched = m.now
	index := m.binding.plan.slots[i].index
	if index == nil {
		return
	}
	for k := range s.folded.Len() {
		if text, null := s.folded.Text(k); !null {
			m.scan(index, text)
		}
	}
}

func (m *Matcher) scan(index *fieldIndex, text []byte) {
	a := index.auto
	state := uint32(0)
	for i, c := range text {
		if state = a.step(state, c); state < hitFlag {
			continue
		}
		state &^= hitFlag
		for s := a.found[state]; s != 0; s = a.found[a.fail[s]] {
			lit := a.out[s] - 1
			m.found(index.uses[lit], i+1, int(a.lengths[lit]), len(text))
		}
	}
}

// found marks the atoms that a literal of some length decides, which ends at end.
func (m *Matcher) found(uses []use, end, length, total int) {
	for _, u := range uses {
		mark := uint32(markHolds)
		switch u.shape {
		case shapePrefix:
			if end != length {
				continue
			}
		case shapeSuffix:
			if end != total {
				continue
			}
		case shapeEquals:
			if end != length || end != total {
				continue
			}
		case shapeOther:
			mark = markMaybe
		}
		if have := m.marks[u.atom]; have>>2 == m.now {
			continue
		}
		m.marks[u.atom] = m.now<<2 | mark
		for _, rule := range m.binding.plan.triggers.of(u.atom) {
			m.rules[rule>>6] |= 1 << (rule & 63)
		}
	}
}

func (m *Matcher) eval(n *node) bool {
	switch n.kind {
	case kindTrue:
		return true
	case kindAtom:
		return m.holds(n)
	case kindNot:
		return !m.eval(&n.subs[0])
	case kindAnd:
		for i := range n.subs {
			if !m.eval(&n.subs[i]) {
				return false
			}
		}
		return true
	case kindOr:
		for i := range n.subs {
			if m.eval(&n.subs[i]) {
				return true
			}
		}
		return false
	case kindAtLeast:
		count := int32(0)
		for i := range n.subs {
			if m.eval(&n.subs[i]) {
				if count++; count == n.n {
					return true
				}
			}
		}
	}
	return false
}

// holds decides an atom. Fast path: where the atom's literals were looked for, their absence decides it, because every
// value that passes holds one of them; and where the literal is all that the atom asks, its presence decides, too.
func (m *Matcher) holds(n *node) bool {
	a := n.atom
	if a.indexed {
		m.search(int(n.slot))
		switch mark := m.marks[a.id]; {
		case mark>>2 != m.now:
			return false
		case mark&3 == markHolds:
			return true
		case mark&3 == markFails:
			return false
		}
	} else if mark := m.marks[a.id]; mark>>2 == m.now {
		return mark&3 == markHolds
	}
	result := uint32(markFails)
	if m.decide(n) {
		result = markHolds
	}
	m.marks[a.id] = m.now<<2 | result
	return result == markHolds
}

// decide evaluates an atom over the values.
func (m *Matcher) decide(n *node) bool {
	s := m.fetch(int(n.slot))
	a := n.atom
	switch a.op {
	case opExists, opNull:
		holds, _ := a.matchField(&s.values, nil, m.binding.emptyIsNull)
		return holds
	case opFieldRef:
		o := m.fetch(int(n.other))
		if a.cased {
			return a.matchReference(&s.values, &o.values, m.binding.emptyIsNull)
		}
		return a.matchFolded(&s.folded, &o.folded)
	}
	for i := range s.values.Len() {
		text, null := s.values.Text(i)
		if null && !m.binding.emptyIsNull {
			continue
		}
		folded, _ := s.folded.Text(i)
		holds, late := a.matchText(text, folded)
		if late {
			m.timeouts++
		}
		if holds {
			return true
		}
	}
	return false
}

// matchFolded is matchReference over values that are folded already.
func (a *atom) matchFolded(values, others *Values) bool {
	for i := range values.Len() {
		text, null := values.Text(i)
		for k := range others.Len() {
			ref, otherNull := others.Text(k)
			if !null && !otherNull && a.shape.holds(text, ref) {
				return true
			}
		}
	}
	return false
}

func (m *Matcher) report(i int, hit func(*Match)) {
	b := m.binding
	m.match.Rule = b.engine.collection.Rules[b.plan.rules[i].rule]
	m.needs.Reset()
	m.starts = m.starts[:0]
	for _, need := range b.needs[i] {
		m.starts = append(m.starts, m.needs.Len())
		switch {
		case need.field >= 0:
			m.record.AppendValues(&m.needs, need.field)
		case need.has:
			m.needs.End(append(m.needs.Buffer(), need.text...))
		}
	}
	m.starts = append(m.starts, m.needs.Len())
	m.match.Needs = m.match.Needs[:0]
	for k := range b.needs[i] {
		v := NeedValue{}
		if m.starts[k] < m.starts[k+1] { // of a list, the first
			text, null := m.needs.Text(m.starts[k])
			v = NeedValue{Text: text, Present: !null}
		}
		m.match.Needs = append(m.match.Needs, v)
	}
	hit(&m.match)
}
