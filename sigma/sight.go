package sigma

import "slices"

// sight is what is to be seen in one value of a slot: which of the plan's atoms over that slot hold for it, and which rules
// it calls for. Atoms that are not listed do not hold.
type sight struct {
	rules []int32 // of the plan, rising
	atoms []seenAtom
	// suspect says that the plan's screen suspects the value of holding a keyword.
	suspect bool
}

type seenAtom struct {
	atom int32
	mark uint8 // markHolds, markMaybe, or markFails for a maybe that was decided since
}

// set notes what an atom was decided to be.
func (s *sight) set(atom int32, mark uint8) {
	for i := range s.atoms {
		if s.atoms[i].atom == atom {
			s.atoms[i].mark = mark
		}
	}
}

// of returns what is known of an atom.
func (s *sight) of(atom int32) (mark uint8, known bool) {
	for i := range s.atoms {
		if s.atoms[i].atom == atom {
			return s.atoms[i].mark, true
		}
	}
	return 0, false
}

// see returns what is to be seen in a value, nil for nothing. tag and raw say what the value is, to the memo; where the text is
// not at hand, it is nil, and record asked for it.
func (m *Matcher) see(l *look, tag uint8, raw, text []byte) *sight {
	key := l.key | uint64(tag)
	if s, known := m.memo.same(key, raw); known {
		return s
	}
	hash := m.memo.hash(key, raw)
	if s, known := m.memo.find(hash, key, raw); known {
		return s
	}
	if text == nil && tag != tagText {
		text = m.textOf(int(l.field))
	}
	s := m.studied(l, text)
	// Values that rules ask for are screened here, once, so that lookForKeywords can pass over them.
	s.suspect = m.binding.screen != nil && !l.keywords && tag&(RawUTF16|RawPlain) == RawUTF16 && m.binding.screen.suspects(raw)
	if len(s.atoms) == 0 && !s.suspect {
		s = nil
	}
	if m.memo.again(hash) && !m.late && !m.testOnlyForget {
		if s != nil {
			s = &sight{slices.Clone(s.rules), slices.Clone(s.atoms), s.suspect}
		}
		m.memo.keep(hash, key, raw, s)
	} else if s != nil {
		s = m.spareSight(s)
	}
	return s
}

// textOf returns the single value of a field.
func (m *Matcher) textOf(field int) []byte {
	m.single.Reset()
	m.record.AppendValues(&m.single, field)
	if m.single.Len() == 0 {
		return nil
	}
	text, _ := m.single.Text(0)
	return text
}

// spareSight returns a copy of s that holds until the next record.
func (m *Matcher) spareSight(s *sight) *sight {
	if m.spared == len(m.spare) {
		m.spare = append(m.spare, &sight{})
	}
	c := m.spare[m.spared]
	m.spared++
	c.rules, c.atoms, c.suspect = append(c.rules[:0], s.rules...), append(c.atoms[:0], s.atoms...), s.suspect
	return c
}

// studied works out what is to be seen in a value. The result holds until the next call.
func (m *Matcher) studied(l *look, text []byte) *sight {
	s := &m.result
	s.rules, s.atoms = s.rules[:0], s.atoms[:0]
	m.folded = pad(appendFold(m.folded[:0], text))
	m.late = false
	if m.studies++; m.studies == 0 {
		clear(m.stamps)
		m.studies = 1
	}
	p := m.binding.plan
	m.studySlot(&p.slots[l.slot], text, !l.keywords)
	if len(s.rules) > 1 {
		slices.Sort(s.rules)
		s.rules = slices.Compact(s.rules)
	}
	return s
}

// studySlot finds the atoms of a slot that hold for a value: those whose literals one pass over the folded value finds, and the
// few that have none and call for rules. Where leave says so, what a literal alone doesn't decide is left open: most rules are
// ruled out by something cheaper.
func (m *Matcher) studySlot(s *slot, text []byte, leave bool) {
	if s.index != nil {
		f := s.index.finder()
		m.study = studying{s.index, text, leave}
		f.find(m.folded, s.lits.of(m.binding.plan, s.index), m.onLiteral)
	}
	for _, a := range s.unindexed {
		m.consider(a, text, leave)
	}
}

// studying is what goes on while literals are found.
type studying struct {
	index *fieldIndex
	text  []byte
	leave bool
}

// found looks at the atoms that a literal decides, which ends at end of the folded value.
func (m *Matcher) found(lit, end int) {
	text, leave := m.study.text, m.study.leave
	length := len(m.study.index.lits[lit])
	for _, u := range m.study.index.uses[lit] {
		if !m.binding.plan.atoms.has(u.atom) || m.stamps[u.atom] == m.studies {
			continue
		}
		switch u.shape {
		case shapePrefix:
			if end != length {
				continue
			}
		case shapeSuffix:
			if end != len(m.folded) {
				continue
			}
		case shapeEquals:
			if end != length || end != len(m.folded) {
				continue
			}
		case shapeOther:
			m.stamps[u.atom] = m.studies
			m.consider(m.binding.engine.atoms[u.atom], text, leave)
			continue
		}
		m.stamps[u.atom] = m.studies
		m.saw(u.atom, markHolds)
	}
}

// consider decides an atom over the value, or leaves it open.
func (m *Matcher) consider(a *atom, text []byte, leave bool) {
	if a.op == opRegexp {
		if d := m.dfaOf(a); d != nil && !d.run.possible(text) {
			return
		}
	}
	if leave && a.op <= opRegexp {
		m.saw(int32(a.id), markMaybe)
		return
	}
	holds, late := m.passes(a, text, m.folded)
	m.late = m.late || late
	if holds {
		m.saw(int32(a.id), markHolds)
	}
}

func (m *Matcher) saw(atom int32, mark uint8) {
	s := &m.result
	s.atoms = append(s.atoms, seenAtom{atom, mark})
	s.rules = append(s.rules, m.binding.plan.triggers.of(atom)...)
}
