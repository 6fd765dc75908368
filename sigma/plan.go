package sigma

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// plan is what is to be done for events of a kind: the rules that can still match, once the parts of their conditions
// that are the same for all such events (channel, event id, provider) are decided.
type plan struct {
	slots    []slot
	eager    []int // slots to search before any rule is looked at
	rules    []planRule
	always   []uint64 // bits of rules that no literal can rule out
	triggers triggers
	needy    []int // rules whose values correlations want
}

// slot is a field that the rules of a plan look at. A record's values are fetched and folded once.
type slot struct {
	field string
	index *fieldIndex // nil if no literal is looked for
}

// planRule is a rule of a plan.
type planRule struct {
	rule int // position in the collection
	root node
	way  *way // the first that can be
}

// node is an expr made ready for evaluation: parts in order of cost, fields as slots.
type node struct {
	kind        kind
	n           int32
	slot, other int32
	atom        *atom
	subs        []node
}

// triggers tell which rules a hit of an atom calls for: a set of bits by atom, and lists by rank in the set.
type triggers struct {
	set   []uint64
	ranks []uint32 // bits set before each word
	lists [][]int32
}

func (t *triggers) of(atom int32) []int32 {
	word := int(atom) >> 6
	bit := uint64(1) << (atom & 63)
	if word >= len(t.set) || t.set[word]&bit == 0 {
		return nil
	}
	return t.lists[int(t.ranks[word])+bits.OnesCount64(t.set[word]&(bit-1))]
}

// constant returns the value of a field that is the same for all events of a shape.
func (s *Schema) constant(field string) (string, bool) {
	var v string
	switch field {
	case "EventID":
		v = s.EventID
	case "Channel":
		v = s.Channel
	case "Provider_Name":
		v = s.Provider
	}
	return v, v != ""
}

// Binding is an engine bound to a shape of events. It is read-only and serves any number of goroutines.
type Binding struct {
	engine *Engine
	plan   *plan
	fields []int               // by slot: the shape's field, or -1
	texts  []string            // by slot: the value, where it is constant for the shape
	all    int                 // how many fields the shape has
	needs  map[int][]needField // by rule of the plan, for rules that have some

	emptyIsNull bool
}

// needField says where the value of one of Rule.Needs is.
type needField struct {
	field int // -1: text, if present
	text  string
	has   bool
}

// maxPlans bounds the plans that are kept. Shapes of events share plans, so there are few; hostile ones could make more.
const maxPlans = 2048

// Bind makes the engine ready for events of a shape. It returns nil when no rule can match them.
func (e *Engine) Bind(s *Schema) *Binding {
	shape := strings.Join([]string{s.Channel, s.EventID, s.Provider, s.Product, s.Service, s.File}, "\x00")
	e.mu.Lock()
	p, ok := e.shapes[shape]
	e.mu.Unlock()
	if !ok {
		p = e.planFor(s)
		e.mu.Lock()
		if len(e.shapes) >= maxPlans {
			clear(e.shapes)
		}
		e.shapes[shape] = p
		e.mu.Unlock()
	}
	if p == nil || len(p.rules) == 0 {
		return nil
	}
	return e.bind(p, s)
}

// planFor makes the plan for a shape; nil if the events of no rule come so.
func (e *Engine) planFor(s *Schema) *plan {
	var live []int
	if s.Channel != "" {
		live = append(live, e.byChannel[foldString(s.Channel)]...)
	}
	for _, i := range e.others {
		if e.ways[i].matches(s) {
			live = append(live, i)
		}
	}
	if len(live) == 0 {
		return nil
	}
	slices.Sort(live)
	return e.plan(slices.Compact(live), s)
}

// plan finds or makes the plan of ways for a shape.
func (e *Engine) plan(live []int, s *Schema) *plan {
	truth := make(decided, len(e.consts))
	for i, a := range e.consts {
		truth[i] = a.decide(s)
	}
	var key []byte
	kept := live[:0]
	for _, i := range live {
		w := e.ways[i]
		if !w.possible(truth) {
			continue
		}
		kept = append(kept, i)
		key = binary.AppendUvarint(key, uint64(i))
		for _, a := range w.consts {
			key = append(key, byte(truth[a.constant-1]))
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if p, ok := e.plans[string(key)]; ok {
		return p
	}
	if len(e.plans) >= maxPlans {
		clear(e.plans)
	}
	p := e.newPlan(kept, truth)
	e.plans[string(key)] = p
	return p
}

// decided is what the atoms over constant fields come to for a shape, by atom.constant-1.
type decided []decision

type decision uint8

const (
	undecided decision = iota // the field isn't constant
	decidedFalse
	decidedTrue
)

// of returns what an atom comes to.
func (d decided) of(a *atom) decision {
	if a.constant == 0 {
		return undecided
	}
	return d[a.constant-1]
}

// possible says whether the parts that constants decide hold, as far as they are constant.
func (w *way) possible(truth decided) bool {
	for _, x := range w.fixed {
		known := true
		x.eachAtom(func(a *atom) { known = known && truth.of(a) != undecided })
		if known && !x.eval(func(a *atom) bool { return truth.of(a) == decidedTrue }) {
			return false
		}
	}
	return true
}

// canBeConstant says whether the atom is about a field whose value a shape may state.
func (a *atom) canBeConstant() bool {
	return a.op != opFieldRef && (a.field == "EventID" || a.field == "Channel" || a.field == "Provider_Name")
}

// decide returns what an atom over a field that can be constant comes to.
func (a *atom) decide(s *Schema) decision {
	text, ok := s.constant(a.field)
	if !ok {
		return undecided
	}
	var v Values
	v.End(append(v.Buffer(), text...))
	if holds, _ := a.matchField(&v, nil, false); holds {
		return decidedTrue
	}
	return decidedFalse
}

func (e *Engine) newPlan(live []int, truth decided) *plan {
	b := &planBuilder{plan: &plan{}, engine: e, slots: map[string]int{}, triggers: map[int32][]int32{}}
	for k := 0; k < len(live); {
		w := e.ways[live[k]]
		var roots []*expr
		for ; k < len(live) && e.ways[live[k]].rule == w.rule; k++ {
			root := e.ways[live[k]].root.mapAtoms(func(a *atom) *expr {
				switch truth.of(a) {
				case decidedTrue:
					return exprTrue
				case decidedFalse:
					return exprFalse
				}
				return atomExpr(a)
			})
			if root.kind == kindFalse {
				continue
			}
			if len(roots) == 0 {
				w = e.ways[live[k]]
			}
			roots = append(roots, root)
		}
		if root := orExpr(roots...); root.kind != kindFalse {
			b.add(w, root)
		}
	}
	b.finish()
	return b.plan
}

type planBuilder struct {
	plan     *plan
	engine   *Engine
	slots    map[string]int
	triggers map[int32][]int32
}

func (b *planBuilder) add(w *way, root *expr) {
	n := len(b.plan.rules)
	b.plan.rules = append(b.plan.rules, planRule{rule: w.rule, root: b.node(root), way: w})
	if len(b.engine.collection.Rules[w.rule].Needs) > 0 {
		b.plan.needy = append(b.plan.needy, n)
	}
	if n>>6 >= len(b.plan.always) {
		b.plan.always = append(b.plan.always, 0)
	}
	set, _ := necessary(root)
	if set == nil {
		b.plan.always[n>>6] |= 1 << (n & 63)
		return
	}
	for _, a := range set {
		list := b.triggers[int32(a.id)]
		if len(list) == 0 || list[len(list)-1] != int32(n) {
			b.triggers[int32(a.id)] = append(list, int32(n))
		}
	}
}

func (b *planBuilder) slot(field string) int32 {
	i, ok := b.slots[field]
	if !ok {
		i = len(b.plan.slots)
		b.slots[field] = i
		b.plan.slots = append(b.plan.slots, slot{field, b.engine.fields[field]})
	}
	return int32(i)
}

func (b *planBuilder) node(x *expr) node {
	n := node{kind: x.kind, n: int32(x.n), atom: x.atom}
	if x.kind == kindAtom {
		n.slot = b.slot(x.atom.field)
		if x.atom.op == opFieldRef {
			n.other = b.slot(x.atom.other)
		}
	}
	for _, sub := range x.subs {
		n.subs = append(n.subs, b.node(sub))
	}
	slices.SortStableFunc(n.subs, func(x, y node) int { return x.cost() - y.cost() })
	return n
}

// cost says how dear a node is: found literals cost nothing more, expressions most.
func (n *node) cost() int {
	if n.kind != kindAtom {
		sum := 1
		for i := range n.subs {
			sum += n.subs[i].cost()
		}
		return min(sum, 1<<20)
	}
	switch n.atom.op {
	case opExists, opNull:
		return 2
	case opRegexp:
		if n.atom.expr.slow != nil {
			return 5000
		}
		return 500
	case opPattern:
		if n.atom.indexed {
			return 1
		}
		return 10
	}
	return 20
}

func (b *planBuilder) finish() {
	ids := make([]int32, 0, len(b.triggers))
	for id := range b.triggers {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	t := &b.plan.triggers
	if len(ids) > 0 {
		t.set = make([]uint64, ids[len(ids)-1]>>6+1)
	}
	eager := map[int]bool{}
	for _, id := range ids {
		t.set[id>>6] |= 1 << (id & 63)
		t.lists = append(t.lists, b.triggers[id])
		eager[b.slots[b.engine.atoms[id].field]] = true
	}
	n := uint32(0)
	for _, word := range t.set {
		t.ranks = append(t.ranks, n)
		n += uint32(bits.OnesCount64(word))
	}
	for i := range b.plan.slots {
		if s := &b.plan.slots[i]; s.index != nil {
			s.index.automaton()
			if eager[i] {
				b.plan.eager = append(b.plan.eager, i)
			}
		}
	}
}

func (e *Engine) bind(p *plan, s *Schema) *Binding {
	b := &Binding{
		engine: e, plan: p, all: len(s.Fields), emptyIsNull: s.EmptyIsNull,
		fields: make([]int, len(p.slots)), texts: make([]string, len(p.slots)),
	}
	at := make(map[string]int, len(s.Fields))
	for i := len(s.Fields) - 1; i >= 0; i-- {
		if name := trimField(s.Fields[i]); strings.Contains(name, " ") {
			at[strings.ReplaceAll(name, " ", "")] = i
		}
	}
	for i := len(s.Fields) - 1; i >= 0; i-- {
		at[trimField(s.Fields[i])] = i
	}
	for i := range p.slots {
		f := s.locate(p.slots[i].field, at)
		b.fields[i], b.texts[i] = f.field, f.text
	}
	b.needs = map[int][]needField{}
	for _, i := range p.needy {
		for _, name := range e.collection.Rules[p.rules[i].rule].Needs {
			b.needs[i] = append(b.needs[i], s.need(name, p.rules[i].way, at))
		}
	}
	return b
}

func (s *Schema) locate(field string, at map[string]int) needField {
	if text, ok := s.constant(field); ok {
		return needField{field: -1, text: text, has: true}
	}
	if i, ok := at[field]; ok {
		return needField{field: i}
	}
	return needField{field: -1}
}

func (s *Schema) need(name string, w *way, at map[string]int) needField {
	for _, f := range w.fields[name] {
		if found := s.locate(f, at); found.has || found.field >= 0 {
			return found
		}
	}
	return s.locate(name, at)
}

// necessary returns atoms of which at least one must be found for x to hold, and how often one is likely to be; nil
// if literals can't rule x out.
func necessary(x *expr) (set []*atom, frequency float64) {
	switch x.kind {
	case kindAtom:
		if x.atom.indexed {
			return []*atom{x.atom}, x.atom.frequency()
		}
	case kindAnd:
		for _, sub := range x.subs {
			if s, f := necessary(sub); s != nil && (set == nil || f < frequency) {
				set, frequency = s, f
			}
		}
		return set, frequency
	case kindOr, kindAtLeast:
		for _, sub := range x.subs {
			s, f := necessary(sub)
			if s == nil {
				return nil, 0
			}
			set = append(set, s...)
			frequency += f
		}
		return set, frequency
	}
	return nil, 0
}

// commonText holds what many events hold, folded. A literal that stands in it is no good reason to look at a rule.
const commonText = `c:\windows\system32\cmd.exe /c c:\windows\system32\windowspowershell\v1.0\powershell.exe -noprofile -command ` +
	`c:\program files (x86)\common files\ c:\users\administrator\appdata\local\temp\ c:\programdata\ c:\windows\syswow64\svchost.exe -k netsvcs -p ` +
	`microsoft corporation microsoft® windows® operating system nt authority\system builtin\ high medium \explorer.exe \services.exe \rundll32.exe ` +
	`hklm\software\microsoft\windows\currentversion\run hkcu\ hku\ hklm\system\currentcontrolset\services\ md5= sha256= sha1= imphash= .dll .exe .tmp .log http https:// true false`

func (a *atom) frequency() float64 {
	lits, s := a.literals()
	sum := 0.0
	for _, lit := range lits {
		f := 1 / float64(len(lit)*len(lit)+1)
		if s == shapeEquals || s == shapePrefix {
			f /= 4
		}
		if strings.Contains(commonText, string(lit)) {
			f += 0.5
		}
		sum += f
	}
	return sum
}
