package sigma

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	Ref    []byte     // the caller's handle of the event, given back in firings; copied
}

// GroupValue is a group-by field and its value.
type GroupValue struct{ Name, Value string }

// Firing is one time that a correlation's condition held.
type Firing struct {
	Correlation *Correlation
	Group       []GroupValue
	Time        time.Time // of the occurrence by which the condition came to hold
	First, Last time.Time // of the contributing occurrences
	Refs        [][]byte  // of the contributing events, at most CorrelatorOptions.MaxRefs, in order of time
	Count       int       // of contributing events, Refs or not
	Value       float64   // what the condition compared: a count, a sum, an average, a percentile; 0 for temporal types
}

// CorrelatorOptions bound a Correlator. Zero values mean the defaults.
type CorrelatorOptions struct {
	MaxRefs    int           // references kept of one firing; 10,000
	MaxWindow  int           // occurrences held of one group's window; 100,000
	MaxGroups  int           // groups held of one correlation at a time; 1,000,000
	MaxEpisode time.Duration // how long one firing may go on; a day, or ten timespans if that is more
}

// Correlator matches correlation rules against a stream of occurrences. Its state is explicit: for each correlation and
// each group the occurrences of the window and, if the condition held, the firing under way. It belongs to one goroutine.
//
// docs/sigma-correlations.md says what fires when and what a firing consumes.
type Correlator struct {
	options      CorrelatorOptions
	correlations []*machine
	byRule       map[*Rule][]feed
	byInner      map[*Correlation][]feed
	watermark    time.Time
	lost         int64
}

// feed is one reference of a correlation to a rule: where its occurrences go and which values they bring.
type feed struct {
	to       *machine
	position int   // of the rule among the correlation's distinct rules
	group    []int // index of each group-by value in what the rule brings; -1 if it brings none
	fields   []int // likewise for the condition's fields
}

// machine is a correlation at work.
type machine struct {
	rule      *Correlation
	order     []int // positions of the rules as the correlation lists them
	positions int   // number of distinct rules
	rising    bool  // once the condition holds, more occurrences don't undo it
	expr      *ruleExpr
	groups    map[string]*window
	nextSweep time.Time
	depth     int // 0 for correlations over rules alone; more for those over correlations
}

// NewCorrelator returns a correlator for linked correlation rules.
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
	for _, rule := range correlations {
		m, err := c.add(rule)
		if err != nil {
			return nil, fmt.Errorf("correlation %q: %w", rule.Title, err)
		}
		c.correlations = append(c.correlations, m)
	}
	for _, m := range c.correlations {
		m.depth = depthOf(m.rule, 0)
	}
	// Inner correlations are swept before those that they feed.
	slices.SortStableFunc(c.correlations, func(a, b *machine) int { return a.depth - b.depth })
	return c, nil
}

// maxDepth bounds correlations over correlations.
const maxDepth = 16

func depthOf(rule *Correlation, level int) int {
	depth := 0
	for _, inner := range rule.Correlations {
		if inner != nil && level < maxDepth {
			depth = max(depth, 1+depthOf(inner, level+1))
		}
	}
	return depth
}

var errUnlinked = errors.New("a rule that it refers to is missing")

func (c *Correlator) add(rule *Correlation) (*machine, error) {
	m := &machine{rule: rule, groups: map[string]*window{}, rising: isRising(rule)}
	if rule.Condition.Expression != "" {
		expr, err := parseRuleExpr(rule)
		if err != nil {
			return nil, err
		}
		m.expr, m.rising = expr, !expr.negates()
	}
	distinct := map[any]int{}
	for i, ref := range rule.Refs {
		var target any
		var brings []string
		var feeds func(feed)
		switch {
		case i < len(rule.Rules) && rule.Rules[i] != nil:
			r := rule.Rules[i]
			target, brings, feeds = r, r.Needs, func(f feed) { c.byRule[r] = append(c.byRule[r], f) }
		case i < len(rule.Correlations) && rule.Correlations[i] != nil:
			inner := rule.Correlations[i]
			target, brings, feeds = inner, inner.GroupBy, func(f feed) { c.byInner[inner] = append(c.byInner[inner], f) }
		default:
			return nil, errUnlinked
		}
		position, seen := distinct[target]
		if !seen {
			position = len(distinct)
			distinct[target] = position
			feeds(feed{to: m, position: position, group: lookup(rule, ref, rule.GroupBy, brings), fields: lookup(rule, ref, rule.Condition.Fields, brings)})
		}
		m.order = append(m.order, position)
	}
	m.positions = len(distinct)
	return m, nil
}

// lookup finds the names, through the aliases of one reference, among what its rule brings.
func lookup(rule *Correlation, ref string, names, brings []string) []int {
	out := make([]int, len(names))
	for i, name := range names {
		if byRule, ok := rule.Aliases[name]; ok {
			if field, ok := byRule[ref]; ok {
				name = field
			}
		}
		out[i] = slices.Index(brings, name)
	}
	return out
}

// isRising says whether further occurrences can't undo the condition, so that it is decided at each one. Other conditions are decided
// when the window is over.
func isRising(rule *Correlation) bool {
	switch rule.Type {
	case Temporal, TemporalOrdered:
		return true
	case ValueAvg, ValuePercentile:
		return false
	}
	for _, c := range rule.Condition.Comparisons {
		if c.Op != "gt" && c.Op != "gte" {
			return false
		}
	}
	return true
}

// Add takes the next occurrence. Occurrences come in order of time; one that comes late takes part as far as its window is
// still held.
func (c *Correlator) Add(o *Occurrence, emit func(*Firing)) {
	if o.Time.After(c.watermark) {
		c.Advance(o.Time, emit)
	}
	ref := slices.Clone(o.Ref)
	for _, f := range c.byRule[o.Rule] {
		at := func(i int) (string, bool) {
			if i < 0 || i >= len(o.Values) {
				return "", false
			}
			return o.Values[i].Text, o.Values[i].Present
		}
		c.take(f, item{Time: o.Time, Position: f.position, Refs: [][]byte{ref}, Count: 1}, at, emit)
	}
}

// take puts an item into the window of its group and sees whether the condition holds.
func (c *Correlator) take(f feed, it item, at func(int) (string, bool), emit func(*Firing)) {
	key, ok := groupKey(f.group, at)
	if !ok {
		return
	}
	if !it.setValues(f.to.rule, f.fields, at) {
		return
	}
	m := f.to
	w := m.groups[key]
	if w == nil {
		if len(m.groups) >= c.options.MaxGroups {
			c.sweep(m, func(w *window) bool { return it.Time.After(w.last().Add(m.rule.Timespan)) }, emit)
		}
		if len(m.groups) >= c.options.MaxGroups {
			c.lost++
			return
		}
		w = &window{}
		m.groups[key] = w
	}
	c.step(m, key, w, it, emit)
}

// Lost returns how many occurrences took no part because MaxGroups groups were under way.
func (c *Correlator) Lost() int64 { return c.lost }

// groupKey joins the group's values; false if one is missing: such an occurrence belongs to no group.
func groupKey(fields []int, at func(int) (string, bool)) (string, bool) {
	var key []byte
	for _, i := range fields {
		text, ok := at(i)
		if !ok {
			return "", false
		}
		key = binary.AppendUvarint(key, uint64(len(text)))
		key = append(key, text...)
	}
	return string(key), true
}

// groupOf takes a key apart again.
func groupOf(rule *Correlation, key string) []GroupValue {
	rest := []byte(key)
	var out []GroupValue
	for _, name := range rule.GroupBy {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used) {
			break
		}
		out = append(out, GroupValue{name, string(rest[used : used+int(n)])})
		rest = rest[used+int(n):]
	}
	return out
}

// chain hands a condition that has come to hold to the correlations over this one, at once.
func (c *Correlator) chain(f *Firing, emit func(*Firing)) {
	for _, next := range c.byInner[f.Correlation] {
		at := func(i int) (string, bool) {
			if i < 0 || i >= len(f.Group) {
				return "", false
			}
			return f.Group[i].Value, true
		}
		c.take(next, item{Time: f.Time, Position: next.position, Refs: slices.Clone(f.Refs), Count: f.Count}, at, emit)
	}
}

// Advance says that nothing earlier than t will come any more: windows and firings that are over are closed.
func (c *Correlator) Advance(t time.Time, emit func(*Firing)) {
	if !t.After(c.watermark) {
		return
	}
	c.watermark = t
	for _, m := range c.correlations {
		if t.Before(m.nextSweep) {
			continue
		}
		m.nextSweep = t.Add(m.rule.Timespan)
		c.sweep(m, func(w *window) bool { return t.After(w.last().Add(m.rule.Timespan)) }, emit)
	}
}

// Close ends every window: the stream is over.
func (c *Correlator) Close(emit func(*Firing)) {
	for _, m := range c.correlations {
		c.sweep(m, func(*window) bool { return true }, emit)
	}
}

// sweep closes the windows that are over, in order of their groups.
func (c *Correlator) sweep(m *machine, over func(*window) bool, emit func(*Firing)) {
	var keys []string
	for key, w := range m.groups {
		if over(w) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, strings.Compare)
	for _, key := range keys {
		w := m.groups[key]
		c.closeWindow(m, key, w, emit)
		delete(m.groups, key)
	}
}
