package sigma

// Match is a rule that matched a record. It is borrowed: valid until the function that it was given to returns.
type Match struct {
	Rule  *Rule
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
	now     uint32    // number of the record; marks of others are out of date

	memo       *memo     // of the engine
	last       *memoLast // of this matcher
	raws       []Raw
	pair       [2]Raw // scratch
	pairFields [2]int32
	seen       []seen   // what the record's values showed
	suspect    bool     // one of the values was suspected by the screen
	rules      []int32  // to look at
	marks      []uint32 // by atom: now<<2 | mark
	slots      []slotState

	result    sight              // of the value last studied
	study     studying           // it
	onLiteral func(lit, end int) // found, made once
	folded    []byte             // it, folded
	studies   uint32             // its number
	stamps    []uint32           // by atom: the number of the value in which it was seen
	late      bool               // an expression ran out of time
	single    Values             // scratch
	several   Values             // scratch
	spare     []*sight           // of the record, not kept
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
	return m
}

// Timeouts returns how many attempts of regular expressions ran out of time so far. Each counted as no match.
func (m *Matcher) Timeouts() int { return m.timeouts }

// Match calls hit for every rule that matches r, in the order in which the rules were loaded. r must be of the shape
// that b is bound to.
func (b *Binding) Match(m *Matcher, r Record, hit func(*Match)) {
	m.start(b, r)
	m.lookAt(&b.looks)
	if k := b.plan.keywords; k >= 0 && b.plan.slots[k].eager {
		m.lookForKeywords()
	}
	// Fast path: most records show nothing that any rule waits for.
	if len(m.rules) == 0 && len(b.plan.always) == 0 {
		m.record, m.raw = nil, nil
		return
	}
	for i := range m.seen {
		m.learn(&m.seen[i])
	}
	m.rules = append(m.rules, b.plan.always...)
	if len(m.rules) > 1 {
		m.orderRules()
	}
	for _, i := range m.rules {
		if m.run(b.plan.program(i)) {
			m.report(int(i), hit)
		}
	}
	m.record, m.raw = nil, nil
}

const lastRecord = 1<<30 - 1

func (m *Matcher) start(b *Binding, r Record) {
	if m.now == lastRecord || m.engine != b.engine {
		if m.engine != b.engine {
			m.memo, m.dfas, m.room = b.engine.memo, map[int32]*dfa{}, dfaRoom{maxDFABytes}
			if m.testOnlyForget {
				m.memo = newMemo()
			}
			m.stamps = make([]uint32, len(b.engine.atoms))
			m.studies = 0
		}
		m.now, m.engine = 0, b.engine
		m.marks = make([]uint32, len(b.engine.atoms))
		m.slots = nil
	}
	m.now++
	m.binding, m.record = b, r
	m.raw, _ = r.(RawRecord)
	for len(m.slots) < len(b.plan.slots) {
		m.slots = append(m.slots, slotState{})
	}
	m.rules, m.seen, m.spared, m.suspect = m.rules[:0], m.seen[:0], 0, false
}

// learn marks the atoms that a value showed.
func (m *Matcher) learn(s *seen) {
	for i := range s.sight.atoms {
		m.mark(s.sight.load(i))
	}
	if more := s.sight.more.Load(); more != nil {
		for _, a := range *more {
			m.mark(a)
		}
	}
}

func (m *Matcher) mark(a seenAtom) {
	if at := &m.marks[a.atom()]; a.mark() != markFails && *at != m.now<<2|markHolds {
		*at = m.now<<2 | uint32(a.mark())
	}
}

func (m *Matcher) report(i int, hit func(*Match)) {
	b := m.binding
	m.match.Rule = b.engine.collection.Rules[b.plan.rules[i].rule]
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
	hit(&m.match)
}
