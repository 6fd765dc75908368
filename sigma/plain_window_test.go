package sigma

import (
	"bytes"
	"slices"
	"time"
)

// item is an occurrence in a window.
type plainItem struct {
	time     time.Time
	position int      // which of the correlation's rules it is of
	refs     [][]byte // of its events, until they are evidence of a run
	count    int      // of its events: more than 1 for a firing of an inner correlation
	value    string   // what value_count counts
	number   float64  // what the other value types compute with
	carried  []KeyValue
	taken    bool // it is evidence of the run
	chained  bool // it is a firing
}

// window is the state of one group of a correlation.
type plainWindow struct {
	group []string // values of the group-by fields, as they were first written
	timer *plainTimer

	items   []plainItem // of a sliding window, by time, all within one timespan
	pending int         // how many of them are not taken

	start time.Time // of a waiting window, if open is there
	open  *plainRun // what a waiting window has gathered

	tally plainTally // of items, or of the waiting window
	run   *plainRun  // the firing under way

	last plainLast
}

// lastEvent is the event that a group took last. An event that several rules match counts once.
type plainLast struct {
	time     time.Time
	position int
	ref      []byte
}

// run is a firing under way, or the evidence for one.
type plainRun struct {
	time        time.Time
	first, last time.Time
	refs        [][]byte
	count       int
	value       float64
	carried     [][]KeyValue // distinct ones, until they are handed on
	handed      bool
}

func (w *plainWindow) empty() bool { return len(w.items) == 0 && w.open == nil && w.run == nil }

// deadline returns the time after which the group has to be looked at.
func (w *plainWindow) deadline(m *plainMachine) time.Time {
	from := time.Time{}
	switch {
	case w.open != nil:
		from = w.start
	case w.run != nil:
		from = w.run.last
	case len(w.items) > 0:
		from = w.items[len(w.items)-1].time
	}
	return from.Add(m.rule.Timespan)
}

// step moves a group on by one occurrence.
func (c *plainCorrelator) step(m *plainMachine, key string, w *plainWindow, it plainItem, emit func(*Firing)) {
	if w.repeats(&it) {
		if !m.temporal() {
			return
		}
		it.refs, it.count = nil, 0
	}
	if m.sliding {
		c.slide(m, w, it, emit)
	} else {
		c.wait(m, w, it)
	}
	c.setTimer(m, key, w)
}

// repeats says whether the item is the event that came last, matched by another rule.
func (w *plainWindow) repeats(it *plainItem) bool {
	if it.chained || len(it.refs) == 0 {
		return false
	}
	l := &w.last
	if l.ref != nil && it.position != l.position && it.time.Equal(l.time) && bytes.Equal(it.refs[0], l.ref) {
		return true
	}
	*l = plainLast{it.time, it.position, it.refs[0]}
	return false
}

// slide decides the condition over the timespan that ends with the newest occurrence.
func (c *plainCorrelator) slide(m *plainMachine, w *plainWindow, it plainItem, emit func(*Firing)) {
	span := m.rule.Timespan
	if w.run != nil && it.time.Sub(w.run.first) > c.maxEpisode(span) {
		c.finish(m, w, emit)
	}
	if n := len(w.items); n > 0 && it.time.Before(w.items[n-1].time.Add(-span)) {
		c.late++
		return
	}
	w.insert(m, it)
	horizon := w.items[len(w.items)-1].time.Add(-span)
	for len(w.items) > 1 && (w.items[0].time.Before(horizon) || len(w.items) > m.maxWindow) {
		if first := &w.items[0]; !first.taken && !first.time.Before(horizon) {
			c.letGo++
		}
		w.dropFirst()
	}
	w.tally.settle(m, w.items)
	value, ok := m.holds(&w.tally, horizon)
	if !ok {
		return
	}
	began := w.run == nil
	if began {
		w.run = &plainRun{time: it.time, value: value}
	}
	w.run.value = max(w.run.value, value)
	w.takePending(c.options.MaxRefs)
	if began {
		c.chain(m, w, it.time, emit)
	}
}

// insert puts an item in its place by time; among equal ones it is the last.
func (w *plainWindow) insert(m *plainMachine, it plainItem) {
	i := len(w.items)
	for i > 0 && w.items[i-1].time.After(it.time) {
		i--
	}
	w.items = slices.Insert(w.items, i, it)
	w.pending++
	if i < len(w.items)-1 && m.rule.Type == TemporalOrdered {
		w.tally.rebuild(m, w.items)
		return
	}
	w.tally.add(m, &it, it.time.Add(-m.rule.Timespan))
}

func (w *plainWindow) dropFirst() {
	first := &w.items[0]
	if !first.taken {
		w.pending--
	}
	w.tally.remove(first)
	*first = plainItem{}
	w.items = w.items[1:]
}

// takePending makes evidence of the items that are none yet.
func (w *plainWindow) takePending(maxRefs int) {
	i := len(w.items)
	for n := w.pending; n > 0; {
		if i--; !w.items[i].taken {
			n--
		}
	}
	for ; w.pending > 0; i++ {
		if it := &w.items[i]; !it.taken {
			w.run.add(it, maxRefs)
			it.taken, it.refs, it.carried = true, nil, nil
			w.pending--
		}
	}
}

// add makes the item evidence of the run.
func (r *plainRun) add(it *plainItem, maxRefs int) {
	if r.last.IsZero() || it.time.Before(r.first) {
		r.first = it.time
	}
	if r.last.IsZero() || it.time.After(r.last) {
		r.last = it.time
	}
	r.count += it.count
	if room := maxRefs - len(r.refs); room > 0 {
		r.refs = append(r.refs, it.refs[:min(room, len(it.refs))]...)
	}
	r.carry(it.carried)
}

func (r *plainRun) carry(values []KeyValue) {
	if r.handed {
		return
	}
	same := func(have []KeyValue) bool { return slices.Equal(have, values) }
	if len(r.carried) < maxCarried && !slices.ContainsFunc(r.carried, same) {
		r.carried = append(r.carried, values)
	}
}

// wait gathers what a condition is decided over when the window is over. It begins with its first occurrence and lasts
// for the timespan.
func (c *plainCorrelator) wait(m *plainMachine, w *plainWindow, it plainItem) {
	span := m.rule.Timespan
	switch {
	case w.open == nil:
		w.open, w.start = &plainRun{}, it.time
	case it.time.Before(w.open.last.Add(-span)) || it.time.After(w.start.Add(span)):
		c.late++
		return
	case it.time.Before(w.start):
		w.start = it.time
	}
	w.open.add(&it, c.options.MaxRefs)
	w.tally.add(m, &it, time.Time{})
}

// expire closes what is over in a group at its deadline.
func (c *plainCorrelator) expire(m *plainMachine, w *plainWindow, emit func(*Firing)) {
	switch {
	case w.open != nil:
		c.decide(m, w, emit)
	case w.run != nil:
		c.finish(m, w, emit)
	default:
		w.items, w.pending = nil, 0
	}
}

// decide decides a waiting window. If the one before it held as well, they are one firing.
func (c *plainCorrelator) decide(m *plainMachine, w *plainWindow, emit func(*Firing)) {
	over, end := w.open, w.start.Add(m.rule.Timespan)
	value, ok := m.holds(&w.tally, time.Time{})
	w.open, w.tally = nil, plainTally{}
	if w.run != nil && (!ok || !w.run.near(over, m.rule.Timespan) || over.last.Sub(w.run.first) > c.maxEpisode(m.rule.Timespan)) {
		c.finish(m, w, emit)
	}
	switch {
	case !ok:
	case w.run == nil:
		over.time, over.value = over.last, value
		w.run = over
		c.chain(m, w, end, emit)
	default:
		w.run.join(over, c.options.MaxRefs)
	}
}

// near says whether the run goes on with another; only a late one can be far.
func (r *plainRun) near(other *plainRun, span time.Duration) bool {
	return !other.first.After(r.last.Add(span)) && !other.last.Before(r.first.Add(-span))
}

func (r *plainRun) join(more *plainRun, maxRefs int) {
	if more.first.Before(r.first) {
		r.first = more.first
	}
	if more.last.After(r.last) {
		r.last = more.last
	}
	r.count += more.count
	if room := maxRefs - len(r.refs); room > 0 {
		r.refs = append(r.refs, more.refs[:min(room, len(more.refs))]...)
	}
}

// finish hands out the firing under way. What was evidence of it is consumed.
func (c *plainCorrelator) finish(m *plainMachine, w *plainWindow, emit func(*Firing)) {
	r := w.run
	f := &Firing{Correlation: m.rule, Time: r.time, First: r.first, Last: r.last, Refs: r.refs, Count: r.count, Value: r.value}
	for i, name := range m.rule.GroupBy {
		f.Group = append(f.Group, GroupValue{name, w.group[i]})
	}
	w.run = nil
	if m.sliding {
		w.items = slices.DeleteFunc(w.items, func(it plainItem) bool { return it.taken })
		w.tally.rebuild(m, w.items)
	}
	emit(f)
}

func (c *plainCorrelator) maxEpisode(span time.Duration) time.Duration {
	if c.options.MaxEpisode > 0 {
		return c.options.MaxEpisode
	}
	if span > 1<<62/10 {
		return 1 << 62
	}
	return max(24*time.Hour, 10*span)
}
