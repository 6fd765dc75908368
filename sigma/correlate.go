package sigma

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// KeyValue is the value of one of a rule's Needs in an event.
type KeyValue struct {
	Text    string
	Present bool
}

// Occurrence is a match of a rule that feeds correlations.
type Occurrence struct {
	Rule   *Rule
	Time   time.Time
	Values []KeyValue // aligned with Rule.Needs
	// Ref is the caller's handle of the event, given back in firings. It is copied. Matches of several rules with
	// the same time and the same Ref are one event. Up to 12 bytes cost least.
	Ref []byte
	// Shared is the end of the handle, if many events have the same one: it is kept once.
	Shared []byte
}

// GroupValue is a group-by field and its value, as the group's first occurrence wrote it.
type GroupValue struct{ Name, Value string }

// Firing is one time that a correlation's condition held. It belongs to the caller, but for the bytes of Refs, which
// other firings may share.
type Firing struct {
	Correlation *Correlation
	Group       []GroupValue
	Time        time.Time   // of the occurrence by which the condition came to hold
	First, Last time.Time   // of the contributing occurrences
	Refs        [][]byte    // of the contributing events, each with what it shares, at most CorrelatorOptions.MaxRefs
	Times       []time.Time // of these events
	Count       int         // of contributing events, Refs or not
	// Value is what the condition compared: a count, a sum, an average, a percentile, a number of rules. Of a firing
	// over several windows it is the largest one, or that of the first window if the condition waits for the end of
	// windows.
	Value float64
}

// CorrelatorOptions bound a Correlator. Zero values mean the defaults.
type CorrelatorOptions struct {
	MaxRefs    int           // references kept of one firing; 10,000
	MaxWindow  int           // occurrences, or values, held of one group's window; 100,000
	MaxGroups  int           // groups held of one correlation at a time; 1,000,000
	MaxEpisode time.Duration // how long one firing may go on; a day, or ten timespans if that is more
}

// Correlator matches correlation rules against a stream of occurrences. Its state is explicit: for each correlation and
// each group the occurrences of the window and, if the condition held, the firing under way. It belongs to one
// goroutine.
//
// docs/sigma-correlations.md says what fires when and what a firing consumes.
type Correlator struct {
	*store
	options  CorrelatorOptions
	machines []*machine // those that others refer to come first
	byRule   map[*Rule][]feed
	current  uint32 // the event added last

	key, text []byte // scratch
	tally     tally

	lost, letGo, late int64
}

// machine is a correlation at work.
type machine struct {
	rule      *Correlation
	number    int    // among the correlator's machines
	key       string // in a saved state
	listed    []int  // position of the rule of each reference
	positions int    // number of distinct rules
	sliding   bool   // decided at each occurrence; otherwise when the window is over
	condition *expr  // extended condition, nil for none
	carry     []string
	maxWindow int
	depth     int    // 0 for correlations over rules alone; more for those over correlations
	outer     []feed // of correlations over this one

	width   int // words of an item
	carryAt int // which of them is what it carries; 0: none
}

// NewCorrelator returns a correlator for correlation rules that are linked.
func NewCorrelator(correlations []*Correlation, o CorrelatorOptions) (*Correlator, error) {
	if o.MaxRefs <= 0 {
		o.MaxRefs = 10_000
	}
	if o.MaxWindow <= 0 {
		o.MaxWindow = 100_000
	}
	if o.MaxGroups <= 0 {
		o.MaxGroups = 1_000_000
	}
	c := &Correlator{options: o, byRule: map[*Rule][]feed{}}
	if len(correlations) > maxMachines {
		return nil, errMachines
	}
	depths := map[*Correlation]int{}
	for _, rule := range correlations {
		m, err := newMachine(rule, o)
		if err == nil {
			m.depth, err = depthOf(rule, depths)
		}
		if err != nil {
			return nil, fmt.Errorf("correlation %q: %w", rule.Title, err)
		}
		c.machines = append(c.machines, m)
	}
	slices.SortStableFunc(c.machines, func(a, b *machine) int { return cmp.Compare(a.depth, b.depth) })
	c.nameMachines()
	c.connect()
	for _, m := range c.machines {
		m.layOut()
	}
	c.store = newStore(len(c.machines))
	return c, nil
}

// Lost returns how many occurrences took no part because MaxGroups groups were under way.
func (c *Correlator) Lost() int64 { return c.lost }

// LetGo returns how many occurrences were let go, before they were evidence, from windows with more than MaxWindow.
func (c *Correlator) LetGo() int64 { return c.letGo }

// Late returns how many occurrences took no part because they were older, by more than the timespan, than what their
// group held.
func (c *Correlator) Late() int64 { return c.late }

var (
	errUnlinked = errors.New("a rule that it refers to is missing")
	errCircle   = errors.New("it refers to itself")
	errMachines = fmt.Errorf("more than %d correlations", maxMachines)
	errTooMany  = fmt.Errorf("more than %d rules in the condition of a temporal_ordered correlation", maxOrdered)
)

func newMachine(rule *Correlation, o CorrelatorOptions) (*machine, error) {
	m := &machine{rule: rule, maxWindow: o.MaxWindow}
	positions := map[any]int{}
	for i := range rule.Refs {
		target := targetOf(rule, i)
		if target == nil {
			return nil, errUnlinked
		}
		position, seen := positions[target]
		if !seen {
			position = len(positions)
			positions[target] = position
		}
		m.listed = append(m.listed, position)
	}
	m.positions = len(positions)
	if rule.Condition.Expression != "" {
		if rule.Type == TemporalOrdered && len(rule.Refs) > maxOrdered {
			return nil, errTooMany
		}
		var err error
		if m.condition, err = parseOverRules(rule); err != nil {
			return nil, err
		}
	}
	m.sliding = m.decidesAtOnce()
	for _, bound := range rule.Condition.Comparisons {
		if (rule.Type == EventCount || rule.Type == ValueCount) && bound.Value > 0 && bound.Value < maxThreshold {
			m.maxWindow = max(m.maxWindow, int(bound.Value)+1)
		}
	}
	return m, nil
}

// maxThreshold is the largest number in a condition for which a window is made longer than MaxWindow.
const maxThreshold = 4 << 20

// targetOf returns the *Rule or *Correlation of a reference, nil if it is missing.
func targetOf(rule *Correlation, ref int) any {
	if ref < len(rule.Rules) && rule.Rules[ref] != nil {
		return rule.Rules[ref]
	}
	if ref < len(rule.Correlations) && rule.Correlations[ref] != nil {
		return rule.Correlations[ref]
	}
	return nil
}

// depthOf returns how many correlations lie below rule. In known, -1 marks those under way.
func depthOf(rule *Correlation, known map[*Correlation]int) (int, error) {
	if depth, ok := known[rule]; ok {
		if depth < 0 {
			return 0, errCircle
		}
		return depth, nil
	}
	known[rule] = -1
	depth := 0
	for _, inner := range rule.Correlations {
		if inner == nil {
			continue
		}
		below, err := depthOf(inner, known)
		if err != nil {
			return 0, err
		}
		depth = max(depth, below+1)
	}
	known[rule] = depth
	return depth, nil
}

// Add takes the next occurrence. Occurrences come in order of time; one that comes late takes part as far as its group
// still holds what is near it. One without a time, or with one outside the years 1 to 34,000, takes no part. What is over before
// the occurrence's time is handed to emit.
func (c *Correlator) Add(o *Occurrence, emit func(*Firing)) {
	if !countable(o.Time) {
		return
	}
	c.Advance(o.Time, emit)
	feeds := c.byRule[o.Rule]
	if len(feeds) == 0 {
		return
	}
	if !c.isNewest(c.current, o) {
		before := c.current
		c.current = c.newEvent(o.Time, o.Ref, o.Shared)
		c.drop(before)
	}
	it := item{time: o.Time, event: c.current}
	for i := range feeds {
		c.take(&feeds[i], it, o.Values, emit)
	}
}

// take puts an item into the window of its group and sees whether the condition holds. brought are the values that
// the feed's indices are of.
func (c *Correlator) take(f *feed, it item, brought []KeyValue, emit func(*Firing)) {
	m := f.to
	var ok bool
	if c.key, ok = appendKey(c.key[:0], f.group, brought); !ok {
		return
	}
	hash := hashOf(c.key)
	h := c.findGroup(m, c.key, hash)
	if c.full() || h == 0 && c.tables[m.number].n >= c.options.MaxGroups {
		if c.wants(f, brought) {
			c.lost++
		}
		return
	}
	if !c.setValues(f, &it, brought) {
		return
	}
	it.position = f.position
	if h == 0 {
		key := len(c.key)
		for _, i := range f.group {
			c.key = appendPart(c.key, at(i, brought).Text)
		}
		h = c.newGroup(m, c.key, key, hash)
	}
	c.step(m, h, &it, emit)
	c.texts.drop(it.value)
	c.texts.drop(it.carried)
}

// Advance says that nothing earlier than t will come any more: windows and firings that are over are closed.
func (c *Correlator) Advance(t time.Time, emit func(*Firing)) {
	if !countable(t) || !t.After(c.watermark) {
		return
	}
	c.watermark = t
	at := timerAt(stampOf(t), 0, 0, 0)
	for len(c.timers.heap) > 0 && c.timers.heap[0].isOver(&at) {
		c.closeNext(emit)
	}
}

// Close ends every window, in order of time: the stream is over.
func (c *Correlator) Close(emit func(*Firing)) {
	for len(c.timers.heap) > 0 {
		c.closeNext(emit)
	}
	c.drop(c.current)
	c.current = 0
}

// chain hands a condition that has come to hold to the correlations over this one, at once: as one occurrence for each
// set of values that they want and that the contributing occurrences have.
func (c *Correlator) chain(m *machine, h uint32, at time.Time, emit func(*Firing)) {
	g := c.groups.at(h)
	r := c.runs.at(g.run)
	r.handed = true
	if len(m.outer) == 0 {
		return
	}
	it := item{time: at, event: c.newMany(at, c.words.at(r.refs)[:r.listed], r.count), chained: true}
	var brought []KeyValue
	for _, value := range c.written(m, g) {
		brought = append(brought, KeyValue{value, true})
	}
	for _, text := range c.words.at(r.carried)[:r.carries] {
		values := appendCarried(slices.Clone(brought), c.texts.text(text))
		for i := range m.outer {
			c.take(&m.outer[i], it, values, emit)
		}
	}
	c.dropCarried(r)
	c.drop(it.event)
}
