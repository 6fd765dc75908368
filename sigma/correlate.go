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
	// the same time and the same Ref are one event.
	Ref []byte
}

// GroupValue is a group-by field and its value, as the group's first occurrence wrote it.
type GroupValue struct{ Name, Value string }

// Firing is one time that a correlation's condition held. It belongs to the caller, but for the bytes of Refs, which
// other firings may share.
type Firing struct {
	Correlation *Correlation
	Group       []GroupValue
	Time        time.Time // of the occurrence by which the condition came to hold
	First, Last time.Time // of the contributing occurrences
	Refs        [][]byte  // of the contributing events, at most CorrelatorOptions.MaxRefs
	Count       int       // of contributing events, Refs or not
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
	options   CorrelatorOptions
	machines  []*machine // those that others refer to come first
	byRule    map[*Rule][]feed
	byInner   map[*Correlation][]feed
	timers    timers
	watermark time.Time
	key       []byte // scratch

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
	depth     int // 0 for correlations over rules alone; more for those over correlations
	groups    map[string]*window
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
	c := &Correlator{options: o, byRule: map[*Rule][]feed{}, byInner: map[*Correlation][]feed{}}
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
	errTooMany  = fmt.Errorf("more than %d rules in the condition of a temporal_ordered correlation", maxOrdered)
)

func newMachine(rule *Correlation, o CorrelatorOptions) (*machine, error) {
	m := &machine{rule: rule, groups: map[string]*window{}, maxWindow: o.MaxWindow}
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
// still holds what is near it. One without a time takes no part. What is over before the occurrence's time is handed
// to emit.
func (c *Correlator) Add(o *Occurrence, emit func(*Firing)) {
	if o.Time.IsZero() {
		return
	}
	c.Advance(o.Time, emit)
	feeds := c.byRule[o.Rule]
	if len(feeds) == 0 {
		return
	}
	it := item{time: o.Time, count: 1}
	if len(o.Ref) > 0 {
		it.refs = [][]byte{slices.Clone(o.Ref)}
	}
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
	if !f.setValues(&it, brought) {
		return
	}
	it.position = f.position
	w := m.groups[string(c.key)]
	if w != nil {
		c.step(m, w.timer.key, w, it, emit)
		return
	}
	if len(m.groups) >= c.options.MaxGroups {
		c.lost++
		return
	}
	key := string(c.key)
	w = &window{group: pick(f.group, brought)}
	m.groups[key] = w
	c.step(m, key, w, it, emit)
}

// Advance says that nothing earlier than t will come any more: windows and firings that are over are closed.
func (c *Correlator) Advance(t time.Time, emit func(*Firing)) {
	if !t.After(c.watermark) {
		return
	}
	c.watermark = t
	for len(c.timers) > 0 && c.timers[0].at.Before(t) {
		c.closeNext(emit)
	}
}

// Close ends every window, in order of time: the stream is over.
func (c *Correlator) Close(emit func(*Firing)) {
	for len(c.timers) > 0 {
		c.closeNext(emit)
	}
}

// chain hands a condition that has come to hold to the correlations over this one, at once: as one occurrence for each
// set of values that they want and that the contributing occurrences have.
func (c *Correlator) chain(m *machine, w *window, at time.Time, emit func(*Firing)) {
	carriedAll := w.run.carried
	w.run.carried, w.run.handed = nil, true
	feeds := c.byInner[m.rule]
	if len(feeds) == 0 {
		return
	}
	it := item{time: at, refs: slices.Clone(w.run.refs), count: w.run.count, chained: true}
	brought := make([]KeyValue, 0, len(w.group)+len(m.carry))
	for _, value := range w.group {
		brought = append(brought, KeyValue{value, true})
	}
	for _, carried := range carriedAll {
		values := slices.Concat(brought, carried)
		for i := range feeds {
			c.take(&feeds[i], it, values, emit)
		}
	}
}
