package sigma

import "slices"

// numbers asks whether a value is one of several numbers, as atoms over one field do, in one step: some rules list dozens of ports. The
// answer is that of asking the atoms one by one.
type numbers struct {
	atoms  []*atom
	texts  map[string]struct{} // the numbers as the rule writes them
	wholes map[wholeNumber]struct{}
	others []*atom // whose numbers are not whole
}

// wholeNumber is a number that is whole.
type wholeNumber struct {
	negative bool
	abs      uint64
}

func (n number) asWhole() wholeNumber { return wholeNumber{n.neg && n.abs > 0, n.abs} }

// leastNumbers is from how many numbers on they are asked for together.
const leastNumbers = 4

// numbersOf takes the numbers of each field out of the subs of an or, where there are enough of them, and returns what is left.
func (p *plan) numbersOf(subs []*expr) (tables []numbers, rest []*expr) {
	var fields []string
	all := map[string][]*atom{}
	for _, x := range subs {
		if p.isNumber(x) {
			if all[x.atom.field] == nil {
				fields = append(fields, x.atom.field)
			}
			all[x.atom.field] = append(all[x.atom.field], x.atom)
		}
	}
	fields = slices.DeleteFunc(fields, func(f string) bool { return len(all[f]) < leastNumbers })
	if len(fields) == 0 {
		return nil, subs
	}
	for _, f := range fields {
		tables = append(tables, newNumbers(all[f]))
	}
	for _, x := range subs {
		if !p.isNumber(x) || !slices.Contains(fields, x.atom.field) {
			rest = append(rest, x)
		}
	}
	return tables, rest
}

// isNumber says whether x asks for one number, and no value shows that it holds before a rule is asked.
func (p *plan) isNumber(x *expr) bool {
	return x.kind == kindAtom && x.atom.op == opNumber && x.atom.rel == relEqual && x.atom.field != "" && len(p.triggers.of(int32(x.atom.id))) == 0
}

func newNumbers(atoms []*atom) numbers {
	s := numbers{atoms: atoms, texts: map[string]struct{}{}, wholes: map[wholeNumber]struct{}{}}
	for _, a := range atoms {
		s.texts[a.text] = struct{}{}
		if a.num.whole {
			s.wholes[a.num.asWhole()] = struct{}{}
		} else {
			s.others = append(s.others, a)
		}
	}
	return s
}

// has says whether a value is one of the numbers.
func (s *numbers) has(text []byte) bool {
	if _, is := s.texts[string(text)]; is {
		return true
	}
	n, ok := numberOf(text)
	if !ok {
		return false
	}
	atoms := s.atoms
	if n.whole {
		if _, is := s.wholes[n.asWhole()]; is {
			return true
		}
		atoms = s.others
	}
	return slices.ContainsFunc(atoms, func(a *atom) bool { return n.compare(a.num) == 0 })
}

// isOneOf says whether one of a slot's values is one of the numbers.
func (m *Matcher) isOneOf(s *numbers, slot int32) bool {
	values := &m.fetch(int(slot)).values
	for i := range values.Len() {
		if text, null := values.Text(i); (!null || m.binding.emptyIsNull) && s.has(text) {
			return true
		}
	}
	return false
}
