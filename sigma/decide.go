package sigma

// shown decides an atom that is among those seen in values of a field that isn't looked at in every record; where nobody has looked
// yet, it looks now.
func (m *Matcher) shown(s *step) bool {
	mark := m.marks[s.atom]
	if mark&^3 != m.stamp {
		slot := &m.slots[s.slot]
		if slot.looked == m.now {
			return false
		}
		slot.looked = m.now
		from := len(m.seen)
		if int(s.slot) == m.binding.plan.keywords {
			m.lookForKeywords()
		} else {
			m.lookAt(&m.binding.late[s.slot])
		}
		for i := range m.seen[from:] {
			m.learn(&m.seen[from+i])
		}
		if mark = m.marks[s.atom]; mark&^3 != m.stamp {
			return false
		}
	}
	switch mark & 3 {
	case markHolds:
		return true
	case markFails:
		return false
	}
	return m.settle(s)
}

// settle decides an atom that was left open, for the record and, where the value is the slot's only one, for good.
func (m *Matcher) settle(s *step) bool {
	timeouts, mark := m.timeouts, uint8(markFails)
	if m.decide(s) {
		mark = markHolds
	}
	m.marks[s.atom] = m.stamp | mark
	if m.timeouts > timeouts {
		return mark == markHolds
	}
	for i := range m.seen {
		if seen := &m.seen[i]; seen.slot == s.slot {
			seen.sight.set(s.atom, mark)
		}
	}
	return mark == markHolds
}

// holds decides any other atom.
func (m *Matcher) holds(s *step) bool {
	if mark := m.marks[s.atom]; mark&^3 == m.stamp {
		return mark&3 == markHolds
	}
	var only *sight // of the field's one value
	if m.binding.engine.atoms[s.atom].ofValue() {
		for i := range m.seen {
			if seen := &m.seen[i]; seen.slot == s.slot {
				only = seen.sight
			}
		}
		if only != nil {
			if mark, known := only.of(s.atom); known {
				m.marks[s.atom] = m.stamp | mark
				return mark == markHolds
			}
		}
	}
	timeouts, result := m.timeouts, uint8(markFails)
	if m.decide(s) {
		result = markHolds
	}
	m.marks[s.atom] = m.stamp | result
	if only != nil && m.timeouts == timeouts {
		only.add(s.atom, result)
	}
	return result == markHolds
}

// decide evaluates an atom over the values.
func (m *Matcher) decide(s *step) bool {
	a := m.binding.engine.atoms[s.atom]
	if a.op == opFieldRef {
		if holds, ok := m.compareRaw(a, s); ok {
			return holds
		}
	}
	slot := m.fetch(int(s.slot))
	switch a.op {
	case opExists, opNull:
		holds, _ := a.matchField(&slot.values, nil, m.binding.emptyIsNull)
		return holds
	case opFieldRef:
		o := m.fetch(int(s.other))
		if a.cased {
			return a.matchReference(&slot.values, &o.values, m.binding.emptyIsNull)
		}
		return a.matchFolded(&slot.folded, &o.folded)
	}
	for i := range slot.values.Len() {
		text, null := slot.values.Text(i)
		if null && !m.binding.emptyIsNull {
			continue
		}
		folded, _ := slot.folded.Text(i)
		holds, _ := m.passes(a, text, folded)
		if holds {
			return true
		}
	}
	return false
}

// compareRaw decides whether two fields are equal without making texts of them, where it can.
func (m *Matcher) compareRaw(a *atom, s *step) (equal, ok bool) {
	r, ok := m.raw, m.raw != nil
	from, to := m.binding.fields[s.slot], m.binding.fields[s.other]
	if !ok || a.shape != shapeEquals || from < 0 || to < 0 {
		return false, false
	}
	m.pairFields = [2]int32{int32(from), int32(to)}
	r.Raw(m.pair[:], m.pairFields[:])
	v, w := &m.pair[0], &m.pair[1]
	if v.Tag&(RawUTF16|RawPlain) != RawUTF16 || v.Tag != w.Tag {
		return false, false
	}
	return equal16(v.Bytes, w.Bytes, a.cased)
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
				d.reset() // gives its room back
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
		if a.expr.slow == nil && !m.testOnlyRegexp {
			d = newDFA(a.text, &m.room)
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
