package sigma

import "slices"

// Match is a rule that matched a record. It is borrowed: valid until the function that it was given to returns.
type Match struct {
	Rule  *Rule
	Index int         // of Rule in Collection.Rules
	Needs []NeedValue // of the fields in Rule.Needs, in their order
}

// NeedValue is the value of a field that a correlation wants.
type NeedValue struct {
	Text    []byte
	Present bool // the record has the field, and it is not null
}

// Matcher is the working memory of one goroutine. It serves any number of engines and bindings, one after another.
type Matcher struct {
	_ cacheLines

	engine  *Engine
	binding *Binding
	record  Record
	raw     RawRecord // record, if it is one
	now     uint32    // number of the record; what is known of others is out of date
	stamp   uint8     // of the record, above a mark; marks with others are out of date

	one    [1]Bound // of Match
	hit    func(*Match)
	onHit  func(int, *Match) // hit, made once
	looked []looked          // by record of MatchAll
	all    lists             // what the values of the records showed
	own    lists             // of the record at hand

	memo       *memo     // of the engine
	last       *memoLast // of this matcher
	raws       []Raw
	pair       [2]Raw // scratch
	pairFields [2]int32
	seen       []seen  // what the record's values showed
	suspect    bool    // one of the values was suspected by the screen
	rules      []int32 // to look at
	from       int     // where in rules those of the record begin
	ordering   ordering
	marks      []uint8 // by atom: stamp | mark
	slots      []slotState

	result    studied                  // the value last studied
	study     studying                 // it
	onLiteral func(lit, from, end int) // found, made once
	folded    []byte                   // it, folded
	studies   uint8                    // its number
	stamps    []uint8                  // by atom: the number of the value in which it was seen
	late      bool                     // an expression ran out of time
	single    Values                   // scratch
	several   Values                   // scratch
	spare     []*sight                 // of the record, not kept
	spared    int

	match  Match
	needs  Values
	starts []int

	dfas     map[int32]*dfa // by atom; nil where the expression is none for one
	room     dfaRoom        // for all of them
	timeouts int

	testOnlyForget bool // remember nothing of values
	testOnlyRegexp bool // run expressions as the standard library does; with testOnlyForget
	_              cacheLines
}

// cacheLines keeps what two goroutines write from lying in one line of a cache.
type cacheLines [128]byte

// seen is what one value of a slot showed.
type seen struct {
	sight *sight
	slot  int32 // whose only value it is; -1 if there may be others
}

// What is known of an atom for the record at hand.
const (
	markHolds = 1 + iota
	markMaybe // a literal of it was found
	markFails
)

// slotState is what is known of a field for the record at hand.
type slotState struct {
	fetched, looked uint32 // number of the record
	values, folded  Values
}

// NewMatcher returns a Matcher.
func NewMatcher() *Matcher {
	m := &Matcher{last: &memoLast{}}
	m.onLiteral = m.found
	m.onHit = func(_ int, match *Match) { m.hit(match) }
	return m
}

// Timeouts returns how many attempts of regular expressions ran out of time so far. Each counted as no match.
func (m *Matcher) Timeouts() int { return m.timeouts }

// Bound is a record with the binding of its shape.
type Bound struct {
	Binding *Binding
	Record  Record
}

// Match calls hit for every rule that matches r, in the order in which the rules were loaded. r must be of the shape
// that b is bound to.
func (b *Binding) Match(m *Matcher, r Record, hit func(*Match)) {
	m.one[0], m.hit = Bound{b, r}, hit
	m.MatchAll(m.one[:], m.onHit)
	m.one[0], m.hit = Bound{}, nil
}

// MatchAll does what Binding.Match does with each of several records, and tells hit which of them it is about. First the values of all
// of them are looked at, then all texts are screened, then rules are asked: each of these takes instructions that don't fit the
// processor's nearest cache beside those of the others.
func (m *Matcher) MatchAll(records []Bound, hit func(record int, match *Match)) {
	for from := 0; from < len(records); {
		engine := records[from].Binding.engine
		to := from + 1
		for to < len(records) && records[to].Binding.engine == engine {
			to++
		}
		m.use(engine)
		m.lookAtAll(records[from:to])
		m.screenAll(records[from:to])
		for i := range m.looked {
			if m.turn(&records[from+i], &m.looked[i]) {
				m.ask(from+i, hit)
			}
		}
		m.own = lists{m.rules, m.seen}
		from = to
	}
	m.binding, m.record, m.raw = nil, nil, nil
	clear(m.looked)
	clear(m.all.seen)
}

// lists are rules that are called for, and what was seen.
type lists struct {
	rules []int32
	seen  []seen
}

// looked is what there is to know of a record before rules are asked.
type looked struct {
	rules, seen [2]int    // in Matcher.all
	raw         RawRecord // it, if it is one
	suspect     bool      // one of the values was suspected by the screen
	words       bool      // to be looked at for keywords, field by field
}

// oneStamp is from one stamp to the next. Marks are of one byte each, so that those of all atoms stay in the processor's nearest caches;
// they are cleared once in 63 records, which is a pass over tens of kilobytes.
const oneStamp = 1 << 2

// use makes the matcher ready for records of an engine.
func (m *Matcher) use(e *Engine) {
	if m.engine != e {
		m.memo, m.dfas, m.room = e.memo, map[int32]*dfa{}, dfaRoom{maxDFABytes}
		if m.testOnlyForget {
			m.memo = newMemo()
		}
		m.stamps, m.marks = make([]uint8, len(e.atoms)), make([]uint8, len(e.atoms))
		m.studies, m.now, m.stamp, m.slots, m.engine = 0, 0, 0, nil, e
	}
	m.spared = 0
}

// lookAtAll looks at the values of records that can call for rules.
func (m *Matcher) lookAtAll(records []Bound) {
	m.looked = slices.Grow(m.looked[:0], len(records))[:len(records)]
	m.rules, m.seen = m.all.rules[:0], m.all.seen[:0]
	for i := range records {
		raw, _ := records[i].Record.(RawRecord)
		l := &m.looked[i]
		*l = looked{raw: raw}
		// Fast path: there is nothing to look at in many records, and most of the others show nothing that any rule waits for.
		if looks := &records[i].Binding.looks; len(looks.looks) > 0 {
			m.set(&records[i], raw)
			m.from = len(m.rules)
			l.rules[0], l.seen[0] = len(m.rules), len(m.seen)
			m.lookAt(looks)
			l.rules[1], l.seen[1] = len(m.rules), len(m.seen)
			l.suspect, l.words = m.suspect, m.suspect
		}
	}
	m.all = lists{m.rules, m.seen}
	m.rules, m.seen, m.from = m.own.rules[:0], m.own.seen[:0], 0
}

// screenAll says which records are to be looked at for keywords. Fast path: where the screen passes all texts of the record, only
// the fields that are apart remain. The texts that rules ask for anyway were screened when they were first seen.
func (m *Matcher) screenAll(records []Bound) {
	for i := range records {
		if b, l := records[i].Binding, &m.looked[i]; b.wordy && !l.words {
			l.words = l.raw == nil || b.screen == nil || b.anyText(l.raw)
		}
	}
}

// set makes a record the one that is looked at.
func (m *Matcher) set(r *Bound, raw RawRecord) {
	m.binding, m.record, m.raw = r.Binding, r.Record, raw
	m.suspect = false
}

// turn returns to a record, and says whether there is a rule to ask.
func (m *Matcher) turn(r *Bound, l *looked) bool {
	b := r.Binding
	// Fast path: most records show nothing that calls for a rule.
	if l.rules[0] == l.rules[1] && len(b.plan.always) == 0 && (!b.wordy || !l.words && len(b.apart.looks) == 0) {
		return false
	}
	m.set(r, l.raw)
	m.suspect = l.suspect
	m.rules, m.seen = append(m.rules[:0], m.all.rules[l.rules[0]:l.rules[1]]...), append(m.seen[:0], m.all.seen[l.seen[0]:l.seen[1]]...)
	if b.wordy && l.words {
		m.lookAt(&b.words)
	} else if b.wordy {
		m.lookAt(&b.apart)
	}
	return len(m.rules)+len(b.plan.always) > 0
}

// ask asks the rules that were called for, and those that no value can rule out.
func (m *Matcher) ask(record int, hit func(int, *Match)) {
	p := m.binding.plan
	if m.now++; m.now == 0 {
		clear(m.slots)
		m.now = 1
	}
	if m.stamp += oneStamp; m.stamp == 0 {
		clear(m.marks)
		m.stamp = oneStamp
	}
	for len(m.slots) < len(p.slots) {
		m.slots = append(m.slots, slotState{})
	}
	for i := range m.seen {
		m.learn(&m.seen[i])
	}
	m.rules = append(m.rules, p.always...)
	if len(m.rules) > 1 {
		m.orderRules()
	}
	for _, i := range m.rules {
		if m.run(p.program(i)) {
			m.report(int(i))
			hit(record, &m.match)
		}
	}
}

// learn marks the atoms that a value showed.
func (m *Matcher) learn(s *seen) {
	atoms := s.sight.atoms()
	for i := range atoms {
		m.mark(loadAtom(&atoms[i]))
	}
	if more := s.sight.more.Load(); more != nil {
		for _, a := range *more {
			m.mark(a)
		}
	}
}

func (m *Matcher) mark(a seenAtom) {
	if at := &m.marks[a.atom()]; a.mark() != markFails && *at != m.stamp|markHolds {
		*at = m.stamp | a.mark()
	}
}

// report makes m.match say that a rule matches.
func (m *Matcher) report(i int) {
	b := m.binding
	m.match.Index = b.plan.rules[i].rule
	m.match.Rule = b.engine.collection.Rules[m.match.Index]
	m.needs.Reset()
	m.starts = m.starts[:0]
	for _, need := range b.needs[i] {
		m.starts = append(m.starts, m.needs.Len())
		switch {
		case need.field >= 0:
			m.record.AppendValues(&m.needs, need.field)
		case need.has:
			m.needs.End(append(m.needs.Buffer(), need.text...))
		}
	}
	m.starts = append(m.starts, m.needs.Len())
	m.match.Needs = m.match.Needs[:0]
	for k := range b.needs[i] {
		v := NeedValue{}
		if m.starts[k] < m.starts[k+1] { // of a list, the first
			text, null := m.needs.Text(m.starts[k])
			v = NeedValue{Text: text, Present: !null}
		}
		m.match.Needs = append(m.match.Needs, v)
	}
}
