package sigma

import (
	"sync/atomic"
)

// sight is what is to be seen in one value of a slot: which of the plan's atoms over that slot hold for it, and which rules
// it calls for. Atoms that are not listed do not hold. Several matchers look at it at a time, and note what they have decided.
type sight struct {
	shown []int32                    // rules of the plan, rising, and behind them atoms (see seenAtom), side by side in memory
	calls int32                      // how many are rules
	more  atomic.Pointer[laterAtoms] // what was decided beyond these
	// suspect says that the plan's screen suspects the value of holding a keyword.
	suspect bool
	spare   bool // it is forgotten with the record and those beside it
}

// rules returns the rules that are called for.
func (s *sight) rules() []int32 { return s.shown[:s.calls] }

// atoms returns the atoms, whose marks are written and read atomically.
func (s *sight) atoms() []int32 { return s.shown[s.calls:] }

// seenAtom is an atom<<2 and its mark: markHolds, markMaybe, or markFails for a maybe that was decided since.
type seenAtom uint32

func (a seenAtom) atom() int32 { return int32(a >> 2) }
func (a seenAtom) mark() uint8 { return uint8(a & 3) }

func newSeenAtom(atom int32, mark uint8) seenAtom { return seenAtom(atom)<<2 | seenAtom(mark) }

// loadAtom returns one of a sight's atoms.
func loadAtom(at *int32) seenAtom { return seenAtom(atomic.LoadInt32(at)) }

// laterAtoms is a list of atoms that were decided; it doesn't change.
type laterAtoms []seenAtom

// set notes what an atom was decided to be.
func (s *sight) set(atom int32, mark uint8) {
	atoms := s.atoms()
	for i := range atoms {
		if loadAtom(&atoms[i]).atom() == atom {
			atomic.StoreInt32(&atoms[i], int32(newSeenAtom(atom, mark)))
		}
	}
}

// of returns what is known of an atom.
func (s *sight) of(atom int32) (mark uint8, known bool) {
	atoms := s.atoms()
	for i := range atoms {
		if a := loadAtom(&atoms[i]); a.atom() == atom {
			return a.mark(), true
		}
	}
	if more := s.more.Load(); more != nil {
		for _, a := range *more {
			if a.atom() == atom {
				return a.mark(), true
			}
		}
	}
	return 0, false
}

// maxSeen bounds the atoms that a value is remembered to decide beyond those that were seen in it.
const maxSeen = 64

// add notes what an atom was decided to be that was not seen, for records to come. Where another matcher adds one at the same time,
// one of the two is forgotten.
func (s *sight) add(atom int32, mark uint8) {
	if s.spare {
		return
	}
	old := s.more.Load()
	var more laterAtoms
	if old != nil {
		more = *old
	}
	if len(more) == maxSeen {
		return
	}
	more = append(more[:len(more):len(more)], newSeenAtom(atom, mark))
	s.more.CompareAndSwap(old, &more)
}

// see returns what is to be seen in a value, nil for nothing. tag and raw say what the value is, to the memo; where the text is
// not at hand, it is nil, and record asked for it.
func (m *Matcher) see(l *look, tag uint8, raw, text []byte) *sight {
	key := l.key | uint64(tag)
	if s, known := m.memo.same(m.last, key, raw); known {
		return s
	}
	hash := m.memo.hash(key, raw)
	if s, known := m.memo.find(m.last, hash, key, raw); known {
		return s
	}
	if text == nil && tag != tagText {
		text = m.textOf(int(l.field))
	}
	s := m.studied(l, text)
	// Values that rules ask for are screened here, once, so that AnyText can pass over them, unless it is shown pieces.
	screen := m.binding.screen
	s.suspect = screen != nil && screen.sweep == nil && !l.keywords && tag&(RawUTF16|RawPlain) == RawUTF16 && screen.suspects(raw)
	if m.memo.again(hash) && !m.late && !m.testOnlyForget && len(raw) <= maxMemoValue {
		if kept, ok := m.memo.keep(m.last, hash, key, raw, s); ok {
			return kept
		}
	}
	return m.spareSight(s)
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

// spareSight returns a sight that holds until the next call of MatchAll; nil if there is nothing to be seen.
func (m *Matcher) spareSight(s *studied) *sight {
	if s.nothing() {
		return nil
	}
	if m.spared == len(m.spare) {
		m.spare = append(m.spare, &sight{})
	}
	c := m.spare[m.spared]
	m.spared++
	c.spare = true
	c.shown, c.calls, c.suspect = append(append(c.shown[:0], s.rules...), s.atoms...), int32(len(s.rules)), s.suspect
	return c
}

// studied is what was seen in a value, as it is worked out: what a sight is made of.
type studied struct {
	rules, atoms []int32
	suspect      bool
}

func (s *studied) nothing() bool { return len(s.atoms) == 0 && !s.suspect }

// studied works out what is to be seen in a value. The result holds until the next call.
func (m *Matcher) studied(l *look, text []byte) *studied {
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
	s.rules = m.ordering.order(s.rules, len(p.rules))
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

// found looks at the atoms that a literal decides, which stands at [from, end) of the folded value.
func (m *Matcher) found(lit, from, end int) {
	text, leave := m.study.text, m.study.leave
	for _, u := range m.study.index.uses.of(lit) {
		if !m.binding.plan.atoms.has(u.atom) || m.stamps[u.atom] == m.studies {
			continue
		}
		switch u.shape {
		case shapePrefix:
			if from != 0 {
				continue
			}
		case shapeSuffix:
			if end != len(m.folded) {
				continue
			}
		case shapeEquals:
			if from != 0 || end != len(m.folded) {
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
	s.atoms = append(s.atoms, int32(newSeenAtom(atom, mark)))
	s.rules = append(s.rules, m.binding.plan.triggers.of(atom)...)
}
