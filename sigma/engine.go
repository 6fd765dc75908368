package sigma

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
)

// Options is what an engine is made with.
type Options struct {
	LogSources *LogSources // nil: the embedded mapping
	// RegexpTimeout bounds one attempt of an expression with look-around or references back, which can't run in
	// linear time; 0 is a quarter of a second. An attempt that runs out of it counts as no match.
	RegexpTimeout time.Duration
}

// Engine matches events against rules. It is read-only and serves any number of goroutines.
type Engine struct {
	collection *Collection
	compiled

	mu          adaptive.Mutex
	screens     map[string]*screenEntry // by the atoms that they are for
	places      atomic.Uint64           // slots of all plans made
	memo        *memo
	guessed     adaptive.Once
	frequencies []float64             // by atom, once somebody asked
	plans       map[string]*planEntry // by the ways that can be and what constants decide in them
	shapes      map[string]*plan      // by what a shape says of itself
}

// compiled is what Compile makes of a collection: all that an engine is but its collection and what it adds while it
// runs. Nothing in it changes afterwards. AppendBinary stores it.
type compiled struct {
	ways       []*way           // every way in which a rule's events can come, in order of rules
	gates      []int32          // by way: gate
	byChannel  map[string][]int // positions in ways, by folded channel
	anyChannel []int            // positions of ways that come by any channel
	others     []int            // positions of ways that may come without a channel
	atoms      []*atom          // by id
	fields     map[string]*fieldIndex
	consts     []*atom // those over fields that can be constant
}

func newCompiled() compiled {
	return compiled{byChannel: map[string][]int{}, fields: map[string]*fieldIndex{}}
}

func newEngine(collection *Collection, c compiled) *Engine {
	return &Engine{collection: collection, compiled: c, screens: map[string]*screenEntry{}, memo: newMemo(), plans: map[string]*planEntry{}, shapes: map[string]*plan{}}
}

// way is a rule with one way in which its events can come, in the field names of those events.
type way struct {
	rule         int // position in the collection
	*alternative     // shared by the rules of a log source
	root         *expr
	fixed        []*expr // parts of root, all of which must hold, that a constant decides (an event id, as a rule)
	consts       []*atom // all atoms of root over fields that can be constant, once each
}

// Compile makes an engine of a linked collection. It returns warnings about rules that can never match. Of a stored
// collection it makes none: that one has its engine.
func Compile(c *Collection, o Options) (*Engine, []*Problem) {
	if c.stored != nil {
		return c.stored, nil
	}
	if o.LogSources == nil {
		o.LogSources = DefaultLogSources()
	}
	if o.RegexpTimeout <= 0 {
		o.RegexpTimeout = defaultRegexpTimeout
	}
	b := &builder{
		engine: newEngine(c, newCompiled()),
		known:  map[string]*expr{}, literals: map[literal]int{}, uses: map[*fieldIndex][][]use{}, resolved: map[LogSource][]alternative{}, timeout: o.RegexpTimeout, sources: o.LogSources,
	}
	for i, r := range c.Rules {
		b.addRule(i, r)
	}
	b.setUses()
	for _, ways := range b.resolved {
		for i := range ways {
			ways[i].conditions = nil // they are part of the trees now
		}
	}
	return b.engine, b.problems
}

// Collection returns what the engine was made of.
func (e *Engine) Collection() *Collection { return e.collection }

// Rules returns the detection rules, in the order in which they were loaded: the order of matches, too.
func (e *Engine) Rules() []*Rule { return e.collection.Rules }

type builder struct {
	engine   *Engine
	known    map[string]*expr        // by the atom's key
	literals map[literal]int         // position among those of their field
	uses     map[*fieldIndex][][]use // by literal
	key      []byte                  // scratch
	resolved map[LogSource][]alternative
	sources  *LogSources
	timeout  time.Duration
	problems []*Problem
}

func (b *builder) warn(r *Rule, line, column int, msg, hint string) {
	b.problems = append(b.problems, &Problem{Path: r.Path, Line: line, Column: column, Msg: msg, Hint: hint, Warning: true})
}

func (b *builder) addRule(i int, r *Rule) {
	key := LogSource{Category: r.LogSource.Category, Product: r.LogSource.Product, Service: r.LogSource.Service}
	ways, ok := b.resolved[key]
	if !ok {
		ways = b.sources.resolve(key)
		b.resolved[key] = ways
	}
	if !reachable(ways) {
		b.warn(r, r.LogSource.Line, r.LogSource.Column, "the log source "+key.String()+" is not mapped to events: the rule never matches", "add it to the mapping of log sources, or correct it")
		return
	}
	if r.detection.unresolved {
		return // said when it was loaded
	}
	if r.detection.root.kind == kindFalse {
		b.warn(r, r.detection.line, r.detection.column, "the condition can never hold", "look for empty selections")
		return
	}
	possible, alone := false, false
	for k := range ways {
		a := &ways[k]
		mapped := r.detection.root.mapAtoms(func(x *atom) *expr { return b.mapped(x, a.fields) })
		alone = alone || !contradicts(mapped)
		root := andExpr(append(b.interned(a.conditions), mapped)...)
		if contradicts(root) {
			continue
		}
		possible = true
		b.addWay(&way{rule: i, alternative: a, root: root})
	}
	switch {
	case possible:
	case alone:
		b.warn(r, r.detection.line, r.detection.column, "no event of the log source "+key.String()+" has what the condition asks: the rule never matches", "compare its EventID with the log source")
	default:
		b.warn(r, r.detection.line, r.detection.column, "the condition contradicts itself: the rule never matches", "")
	}
}

// reachable says whether events can come in any of the ways.
func reachable(ways []alternative) bool {
	return slices.ContainsFunc(ways, func(a alternative) bool {
		windows := strings.EqualFold(a.source.Product, "windows")
		return len(a.channels) > 0 || len(a.files) > 0 || !windows || a.anyWindows()
	})
}

// String gives the log source as rules write it.
func (s LogSource) String() string {
	var parts []string
	for _, p := range [][2]string{{"category", s.Category}, {"product", s.Product}, {"service", s.Service}} {
		if p[1] != "" {
			parts = append(parts, fmt.Sprintf("%s: %s", p[0], shorten(p[1])))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (b *builder) addWay(w *way) {
	w.prepare()
	b.engine.addWay(w)
}

// addWay enters a way in the lists by which it is found.
func (e *compiled) addWay(w *way) {
	n := len(e.ways)
	e.ways, e.gates = append(e.ways, w), append(e.gates, w.gate())
	for _, c := range w.channels {
		if list := e.byChannel[c]; len(list) == 0 || list[len(list)-1] != n {
			e.byChannel[c] = append(list, n)
		}
	}
	if w.anyWindows() {
		e.anyChannel = append(e.anyChannel, n)
	}
	if len(w.files) > 0 || w.source.Product != "" || w.source.Service != "" {
		e.others = append(e.others, n)
	}
}

// prepare notes what constants can decide.
func (w *way) prepare() {
	seen := map[*atom]bool{}
	w.root.eachAtom(func(a *atom) {
		if a.constant > 0 && !seen[a] {
			seen[a] = true
			w.consts = append(w.consts, a)
		}
	})
	for _, x := range w.parts() {
		fixed := true
		x.eachAtom(func(a *atom) { fixed = fixed && seen[a] })
		if fixed {
			w.fixed = append(w.fixed, x)
		}
	}
}

// parts are the trees that must all hold.
func (w *way) parts() []*expr {
	if w.root.kind == kindAnd {
		return w.root.subs
	}
	return []*expr{w.root}
}

func (b *builder) interned(list []*expr) []*expr {
	out := make([]*expr, len(list))
	for i, x := range list {
		out[i] = x.mapAtoms(func(a *atom) *expr { return b.intern(a) })
	}
	return out
}

// mapped gives the atom in the field names of events. Of several fields any will do.
func (b *builder) mapped(a *atom, names map[string][]string) *expr {
	fields, renamed := names[a.field]
	if !renamed || a.field == "" {
		fields = []string{a.field}
	}
	var others []string
	if a.op == opFieldRef {
		others = names[a.other]
	}
	if !renamed && others == nil {
		return b.intern(a)
	}
	var subs []*expr
	for _, f := range fields {
		copied := *a
		copied.field = f
		if others == nil {
			subs = append(subs, b.intern(&copied))
		}
		for _, o := range others {
			other := *a.operand
			other.other = o
			copied.operand = &other
			subs = append(subs, b.intern(&copied))
		}
	}
	if a.op == opNull {
		return andExpr(subs...) // none of them has a value
	}
	return orExpr(subs...)
}

// intern returns the engine's atom that asks the same, as a tree.
func (b *builder) intern(a *atom) *expr {
	b.key = a.appendKey(b.key[:0])
	if have, ok := b.known[string(b.key)]; ok {
		return have
	}
	copied := *a
	copied.id = len(b.engine.atoms)
	if copied.expr != nil && copied.expr.slow != nil && b.timeout != defaultRegexpTimeout {
		if own, err := compileExpression(copied.text); err == nil { // other engines may use the first one
			own.slow.MatchTimeout = b.timeout
			copied.expr = own
		}
	}
	if copied.canBeConstant() {
		b.engine.consts = append(b.engine.consts, &copied)
		copied.constant = len(b.engine.consts)
	}
	x := atomExpr(&copied)
	b.known[string(b.key)] = x
	b.engine.atoms = append(b.engine.atoms, &copied)
	b.index(&copied)
	return x
}
