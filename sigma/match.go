package sigma

import "slices"

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
	engine  *Engine
	binding *Binding
	record  Record
	now     uint32 // number of the record; marks of others are out of date

	memo       *memo
	raws       []Raw
	pair       [2]Raw // scratch
	pairFields [2]int32
	seen       []seen   // what the record's values showed
	rules      []int32  // to look at
	marks      []uint32 // by atom: now<<2 | mark
	slots      []slotState

	studied sight    // of the value last studied
	folded  []byte   // it, folded
	studies uint32   // its number
	stamps  []uint32 // by atom: the number of the value in which it was seen
	late    bool     // an expression ran out of time
	single  Values   // scratch
	several Values   // scratch
	spare   []*sight // of the record, not kept
	spared  int

	match  Match
	needs  Values
	starts []int

	dfas     map[int32]*dfa // by atom; nil where the expression is none for one
	timeouts int
}

// seen is what one value of a slot showed.
type seen struct {
	sight *sight
	slot  int32 // whose only value it is; -1 if there may be others
}

// What is known of an atom for the record at hand.
const (
	markHolds = 1 + iota
	markMaybe // a literal of it was found
	markFails
)

// slotState is what is known of a field for the record at hand.
type slotState struct {
	fetched, looked uint32 // number of the record
	values, folded  Values
}

// NewMatcher returns a Matcher.
func NewMatcher() *Matcher { return &Matcher{memo: newMemo()} }

// Timeouts returns how many attempts of regular expressions ran out of time so far. Each counted as no match.
func (m *Matcher) Timeouts() int { return m.timeouts }

// Match calls hit for every rule that matches r, in the order in which the rules were loaded. r must be of the shape
// that b is bound to.
func (b *Binding) Match(m *Matcher, r Record, hit func(*Match)) {
	m.start(b, r)
	m.lookAt(&b.looks)
	if k := b.plan.keywords; k >= 0 && b.plan.slots[k].eager {
		m.lookForKeywords()
	}
	// Fast path: most records show nothing that any rule waits for.
	if len(m.rules) == 0 && len(b.plan.always) == 0 {
		m.record = nil
		return
	}
	for i := range m.seen {
		m.learn(&m.seen[i])
	}
	m.rules = append(m.rules, b.plan.always...)
	if len(m.rules) > 1 {
		slices.Sort(m.rules)
		m.rules = slices.Compact(m.rules)
	}
	for _, i := range m.rules {
		if m.eval(&b.plan.rules[i].root) {
			m.report(int(i), hit)
		}
	}
	m.record = nil
}

const lastRecord = 1<<30 - 1

func (m *Matcher) start(b *Binding, r Record) {
	if m.now == lastRecord || m.engine != b.engine {
		if m.engine != b.engine {
			m.memo, m.dfas = newMemo(), map[int32]*dfa{}
			m.stamps = make([]uint32, len(b.engine.atoms))
			m.studies = 0
		}
		m.now, m.engine = 0, b.engine
		m.marks = make([]uint32, len(b.engine.atoms))
		m.slots = nil
	}
	m.now++
	m.binding, m.record = b, r
	for len(m.slots) < len(b.plan.slots) {
		m.slots = append(m.slots, slotState{})
	}
	m.rules, m.seen, m.spared = m.rules[:0], m.seen[:0], 0
}

// lookAt looks at fields of the record.
func (m *Matcher) lookAt(set *lookSet) {
	raw, ok := m.record.(RawRecord)
	if ok {
		if cap(m.raws) < len(set.fields) {
			m.raws = make([]Raw, len(set.fields))
		}
		m.raws = m.raws[:len(set.fields)]
		raw.Raw(m.raws, set.fields)
	}
	for i := range set.looks {
		l := &set.looks[i]
		if !ok {
			m.lookAtValues(l)
			continue
		}
		v := &m.raws[i]
		switch {
		case v.Tag == RawNone:
		case v.Tag == RawOther:
			m.lookAtValues(l)
		case v.Tag&(RawPlain|RawUTF16) == RawPlain && l.keywords && m.binding.plan.rich:
			// None of the keywords could be spelt in such a value.
		case v.Tag == RawNull && !m.binding.emptyIsNull:
		default:
			m.note(l, m.see(l, v.Tag, v.Bytes, nil), true)
		}
	}
}

// lookForKeywords looks at all fields. Fast path: where the screen passes all texts of the record, only the others remain.
func (m *Matcher) lookForKeywords() {
	b := m.binding
	if raw, ok := m.record.(RawRecord); ok && b.screen != nil && !raw.AnyText(b.screen.key, b.screen.check) {
		m.lookAt(&b.apart)
		return
	}
	m.lookAt(&b.words)
}

// tagText marks values in the memo that are texts in UTF-8. No Raw has it.
const tagText = RawOther

// lookAtValues looks at all values of a field, as texts.
func (m *Matcher) lookAtValues(l *look) {
	m.several.Reset()
	m.record.AppendValues(&m.several, int(l.field))
	for k := range m.several.Len() {
		text, null := m.several.Text(k)
		if !null || m.binding.emptyIsNull {
			m.note(l, m.see(l, tagText, text, text), m.several.Len() == 1)
		}
	}
}

func (m *Matcher) note(l *look, s *sight, only bool) {
	if s == nil {
		return
	}
	m.rules = append(m.rules, s.rules...)
	slot := l.slot
	if !only || l.keywords {
		slot = -1
	}
	m.seen = append(m.seen, seen{s, slot})
}

// learn marks the atoms that a value showed.
func (m *Matcher) learn(s *seen) {
	for _, a := range s.sight.atoms {
		if have := m.marks[a.atom]; a.mark == markFails || have == m.now<<2|markHolds {
			continue
		}
		m.marks[a.atom] = m.now<<2 | uint32(a.mark)
	}
}

func (m *Matcher) eval(n *node) bool {
	switch n.kind {
	case kindTrue:
		return true
	case kindAtom:
		if n.seen {
			return m.shown(n)
		}
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

// shown decides an atom that is among those seen in values; where nobody has looked yet, it looks now.
func (m *Matcher) shown(n *node) bool {
	mark := m.marks[n.atom.id]
	if mark>>2 != m.now {
		s := &m.slots[n.slot]
		if m.binding.plan.slots[n.slot].eager || s.looked == m.now {
			return false
		}
		s.looked = m.now
		from := len(m.seen)
		if int(n.slot) == m.binding.plan.keywords {
			m.lookForKeywords()
		} else {
			m.lookAt(&m.binding.late[n.slot])
		}
		for i := range m.seen[from:] {
			m.learn(&m.seen[from+i])
		}
		if mark = m.marks[n.atom.id]; mark>>2 != m.now {
			return false
		}
	}
	switch mark & 3 {
	case markHolds:
		return true
	case markFails:
		return false
	}
	return m.settle(n)
}

// settle decides an atom that was left open, for the record and, where the value is the slot's only one, for good.
func (m *Matcher) settle(n *node) bool {
	timeouts, mark := m.timeouts, uint8(markFails)
	if m.decide(n) {
		mark = markHolds
	}
	m.marks[n.atom.id] = m.now<<2 | uint32(mark)
	if m.timeouts > timeouts {
		return mark == markHolds
	}
	for i := range m.seen {
		if s := &m.seen[i]; s.slot == n.slot {
			s.sight.set(int32(n.atom.id), mark)
		}
	}
	return mark == markHolds
}

// holds decides any other atom.
func (m *Matcher) holds(n *node) bool {
	a := n.atom
	if mark := m.marks[a.id]; mark>>2 == m.now {
		return mark&3 == markHolds
	}
	var only *sight // of the field's one value
	if a.ofValue() {
		for i := range m.seen {
			if s := &m.seen[i]; s.slot == n.slot {
				only = s.sight
			}
		}
		if only != nil {
			if mark, known := only.of(int32(a.id)); known {
				m.marks[a.id] = m.now<<2 | uint32(mark)
				return mark == markHolds
			}
		}
	}
	timeouts, result := m.timeouts, uint8(markFails)
	if m.decide(n) {
		result = markHolds
	}
	m.marks[a.id] = m.now<<2 | uint32(result)
	if only != nil && m.timeouts == timeouts && len(only.atoms) < maxSeen {
		only.atoms = append(only.atoms, seenAtom{int32(a.id), result})
	}
	return result == markHolds
}

// maxSeen bounds the atoms that a value is remembered to decide beyond those that were seen in it.
const maxSeen = 64

// decide evaluates an atom over the values.
func (m *Matcher) decide(n *node) bool {
	a := n.atom
	if a.op == opFieldRef {
		if holds, ok := m.compareRaw(n); ok {
			return holds
		}
	}
	s := m.fetch(int(n.slot))
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
		holds, _ := m.passes(a, text, folded)
		if holds {
			return true
		}
	}
	return false
}

// compareRaw decides whether two fields are equal without making texts of them, where it can.
func (m *Matcher) compareRaw(n *node) (equal, ok bool) {
	r, ok := m.record.(RawRecord)
	from, to := m.binding.fields[n.slot], m.binding.fields[n.other]
	if !ok || n.atom.shape != shapeEquals || from < 0 || to < 0 {
		return false, false
	}
	m.pairFields = [2]int32{int32(from), int32(to)}
	r.Raw(m.pair[:], m.pairFields[:])
	a, b := &m.pair[0], &m.pair[1]
	if a.Tag&(RawUTF16|RawPlain) != RawUTF16 || a.Tag != b.Tag {
		return false, false
	}
	if string(a.Bytes) == string(b.Bytes) {
		return true, true
	}
	// Texts of ASCII differ in length or they don't: case changes nothing of it.
	return false, len(a.Bytes) != len(b.Bytes) && allASCII16(a.Bytes) && allASCII16(b.Bytes)
}

// passes says whether one value passes an atom over single values; late, that an expression ran out of time.
func (m *Matcher) passes(a *atom, text, folded []byte) (holds, late bool) {
	if a.op == opRegexp {
		if d := m.dfaOf(a); d != nil {
			if d.run.all {
				return d.run.holds(text), false
			}
			holds, ok := d.match(text)
			if ok {
				return holds, false
			}
			if d.starts > maxDFAStarts {
				m.dfas[int32(a.id)] = nil
			}
		}
	}
	holds, late = a.matchText(text, folded)
	if late {
		m.timeouts++
	}
	return holds, late
}

// dfaOf returns the automaton of an expression; nil if there is none.
func (m *Matcher) dfaOf(a *atom) *dfa {
	d, known := m.dfas[int32(a.id)]
	if !known {
		if a.expr.slow == nil {
			d = newDFA(a.text)
		}
		m.dfas[int32(a.id)] = d
	}
	return d
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
