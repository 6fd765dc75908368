package sigma

import "slices"

// program is the condition of a rule as steps, each of which asks for an atom and says where to go from there: and, or and not
// are in where the steps lead. What costs least is asked first. A rule that was called for is most often ruled out by the first
// steps, which lie side by side.
type program struct {
	steps   []step
	entry   int32 // the first step, or an end
	counts  []count
	numbers []numbers
}

// step asks for an atom over a field, for one of several numbers, or for a count of conditions.
type step struct {
	kind        stepKind
	atom        int32 // its id; of a count or of numbers, their number in the program
	slot, other int32 // the fields
	yes, no     int32 // the next step, or an end
}

type stepKind uint8

const (
	stepSeen    stepKind = iota // an atom that is among those seen in values, of a field that is looked at in every record
	stepLate                    // the same, of any other field
	stepOther                   // any other atom
	stepCount                   // at least so many of some conditions
	stepNumbers                 // one of several numbers
)

// count holds where at least n of its parts do.
type count struct {
	n     int
	parts []program
}

// Ends of a program.
const (
	endHolds = -1 - iota
	endFails
)

// program returns a rule's program, made when a record calls for it for the first time: most rules never get so far.
func (p *plan) program(rule int32) *program {
	r := &p.rules[rule]
	made := r.program.Load()
	if made == nil {
		made = &program{}
		made.entry = p.write(made, r.rest(), endHolds, endFails)
		r.program.Store(made) // where two make one at a time, either will do
	}
	return made
}

// rest returns what is to be asked of a rule that was called for: a part of many literals, one of which was seen, is most of some.
func (r *planRule) rest() *expr {
	switch r.met {
	case nil:
		return r.expr
	case r.expr:
		return exprTrue
	}
	return andExpr(slices.DeleteFunc(slices.Clone(r.expr.subs), func(x *expr) bool { return x == r.met })...)
}

// write adds the steps of x, which lead to yes or to no, and returns where they begin. What is to be done last is written first.
func (p *plan) write(to *program, x *expr, yes, no int32) int32 {
	switch x.kind {
	case kindTrue:
		return yes
	case kindFalse:
		return no
	case kindNot:
		return p.write(to, x.subs[0], no, yes)
	case kindAnd:
		at := yes
		for _, sub := range slices.Backward(byCost(x.subs)) {
			at = p.write(to, sub, at, no)
		}
		return at
	case kindOr:
		return p.writeOr(to, x.subs, yes, no)
	}
	s := step{yes: yes, no: no}
	if x.kind == kindAtLeast {
		s.kind, s.atom = stepCount, int32(len(to.counts))
		c := count{n: x.n, parts: make([]program, len(x.subs))}
		for i, sub := range byCost(x.subs) {
			part := &c.parts[i]
			part.entry = p.write(part, sub, endHolds, endFails)
		}
		to.counts = append(to.counts, c)
	} else {
		a := x.atom
		s.atom, s.slot, s.kind = int32(a.id), p.slotOf[a.field], stepOther
		if a.op == opFieldRef {
			s.other = p.slotOf[a.other]
		}
		if a.ofValue() && (a.indexed || len(p.triggers.of(int32(a.id))) > 0) {
			s.kind = stepLate
			if p.slots[s.slot].eager {
				s.kind = stepSeen
			}
		}
	}
	to.steps = append(to.steps, s)
	return int32(len(to.steps) - 1)
}

// writeOr is write for several conditions of which one will do. Numbers are asked together, when the first of them would be.
func (p *plan) writeOr(to *program, subs []*expr, yes, no int32) int32 {
	tables, rest := p.numbersOf(subs)
	rest = byCost(rest)
	dear := len(rest)
	for dear > 0 && rest[dear-1].cost() > costOther {
		dear--
	}
	at := no
	for _, sub := range slices.Backward(rest[dear:]) {
		at = p.write(to, sub, yes, at)
	}
	for i := range tables {
		to.numbers = append(to.numbers, tables[i])
		to.steps = append(to.steps, step{kind: stepNumbers, atom: int32(len(to.numbers) - 1), slot: p.slotOf[tables[i].atoms[0].field], yes: yes, no: at})
		at = int32(len(to.steps) - 1)
	}
	for _, sub := range slices.Backward(rest[:dear]) {
		at = p.write(to, sub, yes, at)
	}
	return at
}

// byCost returns conditions with the cheapest first.
func byCost(xs []*expr) []*expr {
	type priced struct {
		*expr
		cost int
	}
	all := make([]priced, len(xs))
	for i, x := range xs {
		all[i] = priced{x, x.cost()}
	}
	slices.SortStableFunc(all, func(a, b priced) int { return a.cost - b.cost })
	sorted := make([]*expr, len(xs))
	for i := range all {
		sorted[i] = all[i].expr
	}
	return sorted
}

// cost says how dear a condition is: found literals cost nothing more, expressions most.
func (x *expr) cost() int {
	if x.kind != kindAtom {
		sum := 1
		for _, sub := range x.subs {
			sum += sub.cost()
		}
		return min(sum, 1<<20)
	}
	switch x.atom.op {
	case opExists, opNull:
		return 2
	case opRegexp:
		if x.atom.expr.slow != nil {
			return 5000
		}
		return 500
	case opPattern:
		if x.atom.indexed {
			return 1
		}
		return 10
	}
	return costOther
}

// costOther is the cost of what takes a look at the value.
const costOther = 20

// run says whether a program's condition holds for the record.
func (m *Matcher) run(p *program) bool {
	at := p.entry
	for at >= 0 {
		s := &p.steps[at]
		holds := false
		switch s.kind {
		case stepSeen:
			// Fast path: nearly always it was seen, or it was not.
			if mark := m.marks[s.atom]; mark&^3 == m.stamp {
				holds = mark&3 == markHolds || mark&3 == markMaybe && m.settle(s)
			}
		case stepLate:
			holds = m.shown(s)
		case stepOther:
			holds = m.holds(s)
		case stepCount:
			holds = m.runCount(&p.counts[s.atom])
		case stepNumbers:
			holds = m.isOneOf(&p.numbers[s.atom], s.slot)
		}
		if at = s.no; holds {
			at = s.yes
		}
	}
	return at == endHolds
}

func (m *Matcher) runCount(c *count) bool {
	n := 0
	for i := range c.parts {
		if m.run(&c.parts[i]) {
			if n++; n == c.n {
				return true
			}
		}
	}
	return false
}
