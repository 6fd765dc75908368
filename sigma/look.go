package sigma

// look is a field to look at in records of a binding, and what for.
type look struct {
	field    int32
	slot     int32
	keywords bool   // the slot is that of all fields
	key      uint64 // of the slot in the memo, without the tag of the value
}

// lookSet is fields to look at, and what for.
type lookSet struct {
	looks  []look
	fields []int32 // theirs, as Raw wants them
}

func (s *lookSet) add(l look) {
	s.looks, s.fields = append(s.looks, l), append(s.fields, l.field)
}

// setLooks says which fields to look at.
func (b *Binding) setLooks(s *Schema) {
	p := b.plan
	b.late = make([]lookSet, len(p.slots))
	for i := range p.slots {
		set := &b.looks
		if !p.slots[i].eager {
			set = &b.late[i]
		}
		if b.fields[i] >= 0 && i != p.keywords {
			set.add(look{field: int32(b.fields[i]), slot: int32(i), key: b.key(i)})
		}
	}
	if p.keywords < 0 {
		return
	}
	b.wordy, b.screen = p.slots[p.keywords].eager, p.screen
	if b.screen != nil && b.screen.sweep != nil {
		b.key16 = b.screen.key // which shapes share, since no fields are left out
	} else {
		b.key16 = textKeys.Add(1)
	}
	for f := range s.Fields {
		l := look{field: int32(f), slot: int32(p.keywords), keywords: true, key: b.key(p.keywords)}
		b.words.add(l)
		if s.Apart == nil || s.Apart[f] {
			b.apart.add(l)
		}
	}
}

// key returns what stands for a slot in the memo. The lowest eight bits are left to the tag of the value.
func (b *Binding) key(slot int) uint64 {
	key := (b.plan.place + uint64(slot)) << 9
	if b.emptyIsNull {
		key |= 1 << 8
	}
	return key
}

// lookAt looks at fields of the record.
func (m *Matcher) lookAt(set *lookSet) {
	raw, ok := m.raw, m.raw != nil
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

// lookForKeywords looks at all fields, where a rule asks for keywords that are not looked for in every record.
func (m *Matcher) lookForKeywords() {
	b := m.binding
	if m.raw != nil && b.screen != nil && !m.suspect && !b.anyText(m.raw) {
		m.lookAt(&b.apart)
		return
	}
	m.lookAt(&b.words)
}

// anyText says whether the screen suspects a text of the record.
func (b *Binding) anyText(r RawRecord) bool {
	if b.screen.sweep != nil {
		return r.AnyText(b.key16, nil, b.screen.sweep, b.screen.check)
	}
	return r.AnyText(b.key16, b.looks.fields, nil, b.screen.check) // the others were screened when they were first seen
}

// tagText marks values in the memo that are texts in UTF-8. No Raw has it.
const tagText = RawOther

// lookAtValues looks at all values of a field, as texts.
func (m *Matcher) lookAtValues(l *look) {
	m.several.Reset()
	m.record.AppendValues(&m.several, int(l.field))
	for k := range m.several.Len() {
		text, null := m.several.Text(k)
		if l.keywords && m.binding.screen != nil && !m.binding.screen.suspectsUTF8(text) {
			continue
		}
		if !null || m.binding.emptyIsNull {
			m.note(l, m.see(l, tagText, text, text), m.several.Len() == 1)
		}
	}
}

// maxCalls is how many rules are noted before repeats are taken out. There are few records with as many.
const maxCalls = 1 << 15

// orderRules puts the rules to look at in order, each once.
func (m *Matcher) orderRules() {
	m.rules = m.rules[:m.from+len(m.ordering.order(m.rules[m.from:], len(m.binding.plan.rules)))]
}

func (m *Matcher) note(l *look, s *sight, only bool) {
	if s == nil {
		return
	}
	m.suspect = m.suspect || s.suspect
	if m.rules = append(m.rules, s.rules()...); len(m.rules)-m.from > maxCalls {
		m.orderRules() // a list of many values can call for the same rules again and again
	}
	slot := l.slot
	if !only || l.keywords {
		slot = -1
	}
	m.seen = append(m.seen, seen{s, slot})
}
