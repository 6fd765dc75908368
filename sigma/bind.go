package sigma

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
)

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
	looks  lookSet             // what to look at in every record
	late   []lookSet           // by slot: what to look at once a rule asks
	words  lookSet             // what to look at for keywords
	apart  lookSet             // what of it the screen doesn't see
	wordy  bool                // every record is to be looked at for keywords
	screen *screen             // nil: there is none
	key16  uint64              // no two bindings of a process have the same
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

// planScratch is memory for what leads to a plan; most shapes lead to one that is there already.
type planScratch struct {
	live  []int // positions of ways
	key   []byte
	truth decided
}

var planScratches = sync.Pool{New: func() any { return &planScratch{} }}

// planFor makes the plan for a shape; nil if the events of no rule come so.
func (e *Engine) planFor(s *Schema) *plan {
	m := planScratches.Get().(*planScratch)
	defer func() {
		m.truth.engine, m.truth.schema, m.truth.constants = nil, nil, constants{}
		planScratches.Put(m)
	}()
	m.live = m.live[:0]
	if s.Channel != "" {
		m.live = append(append(m.live, e.byChannel[foldString(s.Channel)]...), e.anyChannel...)
	} else {
		for _, i := range e.others {
			if e.ways[i].matches(s) {
				m.live = append(m.live, i)
			}
		}
	}
	if len(m.live) == 0 {
		return nil
	}
	slices.Sort(m.live)
	m.live = slices.Compact(m.live)
	return e.plan(m, s)
}

// plan finds or makes the plan of ways for a shape.
func (e *Engine) plan(m *planScratch, s *Schema) *plan {
	m.truth.begin(e, s)
	key, kept := m.key[:0], m.live[:0]
	for _, i := range m.live {
		if gate := e.gates[i]; gate > 0 && m.truth.at(gate) == decidedFalse {
			continue // Fast path: most ways are about another event id
		}
		w := e.ways[i]
		if !w.possible(&m.truth) {
			continue
		}
		kept = append(kept, i)
		key = binary.AppendUvarint(key, uint64(i))
		for _, a := range w.consts {
			key = append(key, byte(m.truth.of(a)))
		}
	}
	m.key = key
	e.mu.Lock()
	entry, ok := e.plans[string(key)]
	if !ok {
		if len(e.plans) >= maxPlans {
			clear(e.plans)
		}
		entry = &planEntry{}
		e.plans[string(key)] = entry
	}
	e.mu.Unlock()
	entry.once.Do(func() { entry.plan = e.newPlan(kept, &m.truth) }) // while others make other plans
	return entry.plan
}

// planEntry is a plan, once somebody has made it.
type planEntry struct {
	once adaptive.Once
	plan *plan
}

// decided is what the atoms over constant fields come to for a shape. Each is decided when it is first asked for.
type decided struct {
	engine    *Engine
	schema    *Schema
	constants constants
	known     []decision // by atom.constant-1
}

type decision uint8

const (
	notAsked  decision = iota
	undecided          // the field isn't constant
	decidedFalse
	decidedTrue
)

func (d *decided) begin(e *Engine, s *Schema) {
	d.engine, d.schema, d.constants = e, s, constants{}
	d.known = slices.Grow(d.known[:0], len(e.consts))[:len(e.consts)]
	clear(d.known)
}

// of returns what an atom comes to.
func (d *decided) of(a *atom) decision {
	if a.constant == 0 {
		return undecided
	}
	return d.at(int32(a.constant))
}

func (d *decided) at(constant int32) decision {
	known := &d.known[constant-1]
	if *known == notAsked {
		*known = d.constants.decide(d.engine.consts[constant-1], d.schema)
	}
	return *known
}

// possible says whether the parts that constants decide hold, as far as they are constant.
func (w *way) possible(truth *decided) bool {
	for _, x := range w.fixed {
		known := true
		x.eachAtom(func(a *atom) { known = known && truth.of(a) != undecided })
		if known && !x.eval(func(a *atom) bool { return truth.of(a) == decidedTrue }) {
			return false
		}
	}
	return true
}

// gate returns the number of a constant atom that has to hold for the way to be possible, as atom.constant has it; 0 if there is none.
func (w *way) gate() int32 {
	for _, x := range w.fixed {
		if x.kind == kindAtom {
			return int32(x.atom.constant)
		}
	}
	return 0
}

// canBeConstant says whether the atom is about a field whose value a shape may state.
func (a *atom) canBeConstant() bool {
	return a.op != opFieldRef && (a.field == "EventID" || a.field == "Channel" || a.field == "Provider_Name")
}

// constant is the value of a field that a shape states.
type constant struct {
	known    bool
	folded   []byte
	values   Values
	number   number // the text as one
	isNumber bool
}

// constants are those of one shape, as they were asked for: event id, channel, provider.
type constants [3]*constant

// decide returns what an atom over a field that can be constant comes to.
func (c *constants) decide(a *atom, s *Schema) decision {
	i := 0
	switch a.field {
	case "Channel":
		i = 1
	case "Provider_Name":
		i = 2
	}
	if c[i] == nil {
		c[i] = newConstant(s.constant(a.field))
	}
	return a.decide(c[i])
}

func newConstant(text string, known bool) *constant {
	c := &constant{known: known, folded: appendFold(nil, text)}
	c.values.End([]byte(text))
	c.number, c.isNumber = numberOf([]byte(text))
	return c
}

// decide returns what the atom comes to for a constant.
func (a *atom) decide(c *constant) decision {
	if !c.known {
		return undecided
	}
	holds := false
	switch text, _ := c.values.Text(0); a.op { // the same as matchField, for one value that is folded and parsed already
	case opPattern:
		holds, _ = a.matchText(text, c.folded)
	case opNumber:
		holds = a.isWritten(text) || c.isNumber && a.rel.holds(c.number.compare(a.num))
	default:
		holds, _ = a.matchField(&c.values, nil, false)
	}
	if holds {
		return decidedTrue
	}
	return decidedFalse
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
	b.setLooks(s)
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
