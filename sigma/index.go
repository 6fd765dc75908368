package sigma

import "sync"

// fieldIndex holds the literals that rules look for in one field, "" for all fields, over all rules of an engine, so
// that one automaton serves every shape of events. Literals and values are folded.
type fieldIndex struct {
	known map[string]int
	lits  []string
	uses  [][]use // by literal

	once sync.Once
	auto *automaton
}

// use is an atom that a literal decides, or, with shapeOther, may decide.
type use struct {
	atom  int32
	shape shape
}

// index enters the atom's literals, if it has any.
func (e *Engine) index(a *atom) {
	lits, s := a.literals()
	if len(lits) == 0 {
		return
	}
	f := e.fields[a.field]
	if f == nil {
		f = &fieldIndex{known: map[string]int{}}
		e.fields[a.field] = f
	}
	a.indexed = true
	for _, lit := range lits {
		n, ok := f.known[string(lit)]
		if !ok {
			n = len(f.lits)
			f.known[string(lit)] = n
			f.lits = append(f.lits, string(lit))
			f.uses = append(f.uses, nil)
		}
		f.uses[n] = append(f.uses[n], use{int32(a.id), s})
	}
}

// literals returns folded literals of which every value that passes holds one, and how a hit of one decides.
func (a *atom) literals() ([][]byte, shape) {
	switch a.op {
	case opPattern:
		lit := a.pattern.longest()
		if len(lit) == 0 {
			return nil, 0
		}
		s, ok := a.pattern.shape()
		if !ok || a.cased {
			s = shapeOther
		}
		return [][]byte{appendFold(nil, lit)}, s
	case opRegexp:
		return required(a.text), shapeOther
	}
	return nil, 0
}

// automaton builds the field's automaton when it is first wanted.
func (f *fieldIndex) automaton() *automaton {
	f.once.Do(func() { f.auto = newAutomaton(f.lits) })
	return f.auto
}
