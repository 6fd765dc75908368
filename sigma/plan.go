package sigma

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
	"github.com/goshawk-ir/goshawk/internal/heap"
)

// plan is what is to be done for events of a kind: the rules that can still match, once the parts of their conditions
// that are the same for all such events (channel, event id, provider) are decided.
type plan struct {
	slots    []slot
	slotOf   map[string]int32 // by field
	place    uint64           // number of the first slot among those of all plans of the engine
	keywords int              // the slot of all fields; -1 if no rule asks for keywords
	rich     bool             // no keyword can stand in a number, a truth value or a RawPlain value
	screen   *screen          // says whether a text may hold a keyword; nil if that must be looked at
	rules    []planRule
	always   []int32 // rules that no value can rule out
	triggers triggers
	atoms    atomSet // of the rules
	needy    []int   // rules whose values correlations want
}

// slot is a field that the rules of a plan look at. A record's values are fetched and folded once.
type slot struct {
	field     string
	index     *fieldIndex // nil if no literal is looked for
	lits      *litSet     // those of index that an atom of the plan has; nil without index
	unindexed []*atom     // atoms that call for rules and that no literal finds
	eager     bool        // a value can call for rules: to be looked at in every record
}

// litSet is the literals of a field that atoms of a plan have. An index holds those of all rules: most are about other events.
type litSet struct {
	once adaptive.Once
	made *chosen
}

// of returns the set, made when it is first asked for.
func (l *litSet) of(p *plan, index *fieldIndex) *chosen {
	l.once.Do(func() {
		l.made = index.finder().choose(func(lit int) bool {
			return slices.ContainsFunc(index.uses.of(lit), func(u use) bool { return p.atoms.has(u.atom) })
		})
	})
	return l.made
}

// atomSet is a set of atoms, by id.
type atomSet []uint64

func (b atomSet) has(i int32) bool { return b[i>>6]&(1<<(i&63)) != 0 }
func (b atomSet) set(i int32)      { b[i>>6] |= 1 << (i & 63) }

// planRule is a rule of a plan.
type planRule struct {
	rule int // position in the collection
	expr *expr
	way  *way // the first that can be
	// met is the part of expr that holds whenever a value calls for the rule, or all of expr; nil if there is none.
	met *expr

	program atomic.Pointer[program] // of expr, once a record called for it
}

func (e *Engine) newPlan(live []int, truth *decided) *plan {
	m := planBuilderScratches.Get().(*planBuilderScratch)
	defer func() {
		clear(m.atoms[:cap(m.atoms)]) // which are the engine's
		clear(m.callers)
		clear(m.roots[:cap(m.roots)])
		planBuilderScratches.Put(m)
	}()
	m.callers, m.atoms = m.callers[:0], m.atoms[:0]
	b := &planBuilder{plan: &plan{keywords: -1, slotOf: map[string]int32{}, atoms: make(atomSet, (len(e.atoms)+63)/64)}, engine: e, planBuilderScratch: m}
	b.plan.rules = make([]planRule, 0, len(live))
	for k := 0; k < len(live); {
		w := e.ways[live[k]]
		roots := m.roots[:0]
		for ; k < len(live) && e.ways[live[k]].rule == w.rule; k++ {
			root := e.ways[live[k]].root.settled(truth)
			if root.kind == kindFalse {
				continue
			}
			if len(roots) == 0 {
				w = e.ways[live[k]]
			}
			roots = append(roots, root)
		}
		m.roots = roots
		if len(roots) > 0 {
			b.add(w, orExpr(roots...))
		}
	}
	b.spareLooks()
	b.finish()
	return b.plan
}

type planBuilder struct {
	plan   *plan
	engine *Engine
	words  []*atom // those over all fields
	field  string  // entered last
	*planBuilderScratch
}

// planBuilderScratch is memory for making a plan, to be used for another one.
type planBuilderScratch struct {
	callers []caller
	atoms   []*atom // of necessary
	roots   []*expr
	lasts   []int32 // of eachCall
}

// caller is how a rule of the plan is called for: by any of a set of atoms, which is necessary for a part of its root.
type caller struct {
	root, part *expr
	set        []*atom // nil: no value can rule it out
}

var planBuilderScratches = sync.Pool{New: func() any { return &planBuilderScratch{} }}

func (b *planBuilder) add(w *way, root *expr) {
	n := len(b.plan.rules)
	b.plan.rules = append(b.plan.rules, planRule{rule: w.rule, expr: root, way: w})
	root.eachAtom(func(a *atom) {
		b.slot(a.field)
		if a.op == opFieldRef {
			b.slot(a.other)
		}
		b.enter(a)
	})
	if len(b.engine.collection.Rules[w.rule].Needs) > 0 {
		b.plan.needy = append(b.plan.needy, n)
	}
	set, part, _ := b.rarest(root)
	b.callers = append(b.callers, caller{root, part, set})
}

// Bounds of what is done for a field that few rules are called for by.
const (
	fewRules = 2
	mostOdds = 2.5 // sum of guesses, which are too high for common texts
)

// spareLooks lets rules be called for by other parts of theirs, if there are few that want a field to be looked at in every record and all
// that is about fields that others want anyway: a look at each value costs more than a rule that is asked in vain now and then.
func (b *planBuilder) spareLooks() {
	users := make([]int, len(b.plan.slots))
	each := func(set []*atom, f func(slot int32)) {
		field, slot := "", int32(-1)
		for _, a := range set {
			if slot < 0 || a.field != field {
				field, slot = a.field, b.plan.slotOf[a.field]
				f(slot)
			}
		}
	}
	for i := range b.callers {
		each(b.callers[i].set, func(slot int32) { users[slot]++ })
	}
	wanted := func(set []*atom) bool {
		all := len(set) > 0
		each(set, func(slot int32) { all = all && users[slot] > fewRules })
		return all
	}
	if b.plan.keywords >= 0 && users[b.plan.keywords] > 0 {
		users[b.plan.keywords] += fewRules // all texts are looked at for them anyway
	}
	for i := range b.callers {
		p := &b.callers[i]
		if p.set == nil || p.root.kind != kindAnd || wanted(p.set) {
			continue
		}
		least := mostOdds
		for _, sub := range p.root.subs {
			set, odds := b.necessary(sub)
			dear := slices.ContainsFunc(set, func(a *atom) bool { return a.op == opRegexp }) // and left open until the rule is asked
			if odds < least && !dear && wanted(set) {
				p.set, p.part, least = set, sub, odds
			}
		}
	}
}

// slot enters a field. Fast path: nearly always it is the one before.
func (b *planBuilder) slot(field string) {
	if field == b.field && len(b.plan.slots) > 0 {
		return
	}
	b.field = field
	if _, ok := b.plan.slotOf[field]; ok {
		return
	}
	i := len(b.plan.slots)
	b.plan.slotOf[field] = int32(i)
	b.plan.slots = append(b.plan.slots, slot{field: field, index: b.engine.fields[field], lits: &litSet{}})
	if field == "" {
		b.plan.keywords, b.plan.rich = i, true
	}
}

// enter notes an atom over single values.
func (b *planBuilder) enter(a *atom) {
	if b.plan.atoms.has(int32(a.id)) || !a.ofValue() {
		return
	}
	b.plan.atoms.set(int32(a.id))
	if a.field == "" {
		b.words = append(b.words, a)
		b.plan.rich = b.plan.rich && a.isRich()
	}
}

// isRich says whether the atom's literals have characters that no RawPlain value has.
func (a *atom) isRich() bool {
	lits, _ := a.literals()
	for _, lit := range lits {
		if strings.Trim(string(lit), plainText+"+") == "" || strings.Contains("true false nan inf", string(lit)) {
			return false
		}
	}
	return a.indexed
}

func (b *planBuilder) finish() {
	for n := range b.callers {
		p := &b.callers[n]
		if p.part.isShown() {
			b.plan.rules[n].met = p.part
		}
		if p.set == nil {
			b.plan.always = append(b.plan.always, int32(n))
		}
	}
	b.setTriggers()
	b.setScreen()
	slots := uint64(len(b.plan.slots))
	b.plan.place = b.engine.places.Add(slots) - slots
}

// rarest returns what necessary does, and of what part of the root these atoms are.
func (b *planBuilder) rarest(root *expr) (set []*atom, part *expr, frequency float64) {
	if root.kind != kindAnd {
		set, frequency = b.necessary(root)
		return set, root, frequency
	}
	first := len(b.atoms)
	for _, sub := range root.subs {
		from := len(b.atoms)
		switch s, f := b.necessary(sub); {
		case s == nil:
		case part == nil || f < frequency:
			part, frequency = sub, f
			b.atoms = append(b.atoms[:first], s...) // in place of the one before
		default:
			b.atoms = b.atoms[:from]
		}
	}
	if part == nil {
		return nil, nil, 0
	}
	return b.chosen(first), part, frequency
}

// chosen returns the atoms from first on; nil for none.
func (b *planBuilder) chosen(first int) []*atom {
	if first == len(b.atoms) {
		return nil
	}
	return b.atoms[first:len(b.atoms):len(b.atoms)]
}

// isShown says whether x holds wherever one of its atoms was seen in a value.
func (x *expr) isShown() bool {
	switch {
	case x == nil:
		return false
	case x.kind == kindAtom:
		return x.atom.isShown()
	case x.kind == kindOr:
		return !slices.ContainsFunc(x.subs, func(sub *expr) bool { return !sub.isShown() })
	}
	return false
}

// isShown says whether the atom, where it is said to be seen in a value, holds: it is not left open then.
func (a *atom) isShown() bool {
	if a.op == opPattern {
		_, simple := a.pattern.shape()
		return a.indexed && simple && !a.cased
	}
	return a.op > opRegexp && a.ofValue()
}

// necessary returns atoms of which at least one must be seen for x to hold, and how often one is likely to be; nil if
// values can't rule x out. They are what it adds to b.atoms.
func (b *planBuilder) necessary(x *expr) (set []*atom, frequency float64) {
	first := len(b.atoms)
	switch x.kind {
	case kindAtom:
		if x.atom.ofValue() {
			b.atoms = append(b.atoms, x.atom)
			return b.chosen(first), b.engine.frequency(x.atom)
		}
	case kindAnd:
		set, _, frequency = b.rarest(x)
		return set, frequency
	case kindOr, kindAtLeast:
		for _, sub := range x.subs {
			s, f := b.necessary(sub)
			if s == nil {
				b.atoms = b.atoms[:first]
				return nil, 0
			}
			frequency += f
		}
		return b.chosen(first), frequency
	}
	return nil, 0
}

// commonText holds what many events hold, folded. A literal that stands in it is no good reason to look at a rule.
const commonText = `c:\windows\system32\cmd.exe /c c:\windows\system32\windowspowershell\v1.0\powershell.exe -noprofile -command ` +
	`c:\program files (x86)\common files\ c:\users\administrator\appdata\local\temp\ c:\programdata\ c:\windows\syswow64\svchost.exe -k netsvcs -p ` +
	`microsoft corporation microsoft® windows® operating system nt authority\system builtin\ high medium \explorer.exe \services.exe \rundll32.exe ` +
	`hklm\software\microsoft\windows\currentversion\run hkcu\ hku\ hklm\system\currentcontrolset\services\ md5= sha256= sha1= imphash= .dll .exe .tmp .log http https:// true false ` +
	`http://schemas.microsoft.com/win/2004/08/events/event \\device\\harddiskvolume2\\ kerberos ntlm negotiate advapi user32 service privilege security ` +
	`sesecurityprivilege sebackupprivilege serestoreprivilege sedebugprivilege sesystemenvironmentprivilege seimpersonateprivilege workgroup localhost`

// frequency guesses how often an atom holds.
func (e *Engine) frequency(a *atom) float64 {
	e.guessed.Do(func() {
		e.frequencies = heap.Written[float64](len(e.atoms))
		for _, f := range e.fields {
			for lit, text := range f.lits {
				common, n := isCommon(text), float64(len(text))
				for _, u := range f.uses.of(lit) {
					e.frequencies[u.atom] += u.shape.frequency(n, common)
				}
			}
		}
	})
	if !a.indexed || a.op == opRegexp { // one of whose literals says little
		return a.guess()
	}
	return e.frequencies[a.id]
}

// frequency guesses how often values have a literal of n bytes in a place that the shape wants.
func (s shape) frequency(n float64, common bool) float64 {
	f := 1 / (n*n + 1)
	if s == shapeEquals || s == shapePrefix {
		f /= 4
	}
	if common {
		f += 0.5
	}
	return f
}

// guess is frequency for other atoms.
func (a *atom) guess() float64 {
	switch {
	case a.op == opNumber && a.rel == relEqual:
		return 0.2
	case a.op == opCIDR:
		return 0.4
	case a.op == opRegexp && a.indexed:
		return 0.05
	case a.op == opRegexp && a.expr.slow != nil:
		return 4
	case a.op == opRegexp:
		return 2
	}
	return 0.9
}
