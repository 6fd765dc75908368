package sigma

import (
	"strings"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
)

// fieldIndex holds the literals that rules look for in one field, "" for all fields, over all rules of an engine, so
// that one finder serves every shape of events. Literals and values are folded.
type fieldIndex struct {
	lits []string
	uses useLists

	once adaptive.Once
	made *finder
}

// use is an atom that a literal decides, or, with shapeOther, may decide.
type use struct {
	atom  int32
	shape shape
}

// useLists is a list of uses for each literal of a field. They lie side by side, for a value of some fields has dozens of literals.
type useLists struct {
	first []uint32 // by literal, and where those of the last end
	all   []use
}

func (u *useLists) of(lit int) []use { return u.all[u.first[lit]:u.first[lit+1]] }

// add adds the list of the next literal.
func (u *useLists) add(uses []use) {
	if len(u.first) == 0 {
		u.first = append(u.first, 0)
	}
	u.all = append(u.all, uses...)
	u.first = append(u.first, uint32(len(u.all)))
}

// literal is a literal of a field, to find it again.
type literal struct {
	field *fieldIndex
	text  string
}

// index enters the atom's literals, if it has any.
func (b *builder) index(a *atom) {
	lits, s := a.literals()
	if len(lits) == 0 {
		return
	}
	f := b.engine.fields[a.field]
	if f == nil {
		f = &fieldIndex{}
		b.engine.fields[a.field] = f
	}
	a.indexed = true
	for _, lit := range lits {
		n, ok := b.literals[literal{f, string(lit)}]
		if !ok {
			n = len(f.lits)
			text := string(lit)
			b.literals[literal{f, text}] = n
			f.lits = append(f.lits, text)
			b.uses[f] = append(b.uses[f], nil)
		}
		b.uses[f][n] = append(b.uses[f][n], use{int32(a.id), s})
	}
}

// setUses gives the fields the uses of their literals, once all are known.
func (b *builder) setUses() {
	for f, lists := range b.uses {
		for _, uses := range lists {
			f.uses.add(uses)
		}
	}
}

// literals returns folded literals of which every value that passes holds one, and how a hit of one decides.
func (a *atom) literals() ([][]byte, shape) {
	switch a.op {
	case opPattern:
		lit := appendFold(nil, a.pattern.longest())
		if !worthIndexing(lit) {
			return nil, 0
		}
		s, ok := a.pattern.shape()
		if !ok || a.cased {
			s = shapeOther
		}
		return [][]byte{lit}, s
	case opRegexp:
		lits := required(a.text)
		for _, lit := range lits {
			if !worthIndexing(lit) {
				return nil, 0
			}
		}
		return lits, shapeOther
	}
	return nil, 0
}

// worthIndexing says whether there is something to be won by looking for a literal: single characters stand in most values, but
// for the rare ones.
func worthIndexing(lit []byte) bool {
	return len(lit) >= shortGram || len(lit) == 1 && strings.IndexByte(rareBytes, lit[0]) >= 0
}

// finder makes the field's finder when it is first wanted.
func (f *fieldIndex) finder() *finder {
	f.once.Do(func() { f.made = newFinder(f.lits) })
	return f.made
}
