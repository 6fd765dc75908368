package sigma

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"time"
)

// The plain correlator holds each group as Go values, the obvious way, and is what the compact one is compared with. It
// shares the machines: what a rule asks for, and where the values stand that it wants.

type plainCorrelator struct {
	options   CorrelatorOptions
	machines  []*plainMachine
	byRule    map[*Rule][]plainFeed
	byInner   map[*Correlation][]plainFeed
	timers    plainTimers
	watermark time.Time
	key       []byte

	lost, letGo, late int64
}

type plainMachine struct {
	*machine
	groups map[string]*plainWindow
}

type plainFeed struct {
	*feed
	to *plainMachine
}

func newPlain(correlations []*Correlation, o CorrelatorOptions) (*plainCorrelator, error) {
	fast, err := NewCorrelator(correlations, o)
	if err != nil {
		return nil, err
	}
	c := &plainCorrelator{options: fast.options, byRule: map[*Rule][]plainFeed{}, byInner: map[*Correlation][]plainFeed{}}
	of := map[*machine]*plainMachine{}
	for _, m := range fast.machines {
		of[m] = &plainMachine{m, map[string]*plainWindow{}}
		c.machines = append(c.machines, of[m])
	}
	for rule, feeds := range fast.byRule {
		for i := range feeds {
			c.byRule[rule] = append(c.byRule[rule], plainFeed{&feeds[i], of[feeds[i].to]})
		}
	}
	for _, m := range fast.machines {
		for i := range m.outer {
			c.byInner[m.rule] = append(c.byInner[m.rule], plainFeed{&m.outer[i], of[m.outer[i].to]})
		}
	}
	return c, nil
}

// Add takes the next occurrence. Occurrences come in order of time; one that comes late takes part as far as its group
// still holds what is near it. One without a time takes no part. What is over before the occurrence's time is handed
// to emit.
func (c *plainCorrelator) Add(o *Occurrence, emit func(*Firing)) {
	if o.Time.IsZero() {
		return
	}
	c.Advance(o.Time, emit)
	feeds := c.byRule[o.Rule]
	if len(feeds) == 0 {
		return
	}
	it := plainItem{time: o.Time, count: 1}
	if len(o.Ref)+len(o.Shared) > 0 {
		it.refs = [][]byte{slices.Concat(o.Ref, o.Shared)}
	}
	for i := range feeds {
		c.take(&feeds[i], it, o.Values, emit)
	}
}

// take puts an item into the window of its group and sees whether the condition holds. brought are the values that
// the feed's indices are of.
func (c *plainCorrelator) take(f *plainFeed, it plainItem, brought []KeyValue, emit func(*Firing)) {
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
	w = &plainWindow{group: pick(f.group, brought)}
	m.groups[key] = w
	c.step(m, key, w, it, emit)
}

// Advance says that nothing earlier than t will come any more: windows and firings that are over are closed.
func (c *plainCorrelator) Advance(t time.Time, emit func(*Firing)) {
	if !t.After(c.watermark) {
		return
	}
	c.watermark = t
	for len(c.timers) > 0 && c.timers[0].at.Before(t) {
		c.closeNext(emit)
	}
}

// Close ends every window, in order of time: the stream is over.
func (c *plainCorrelator) Close(emit func(*Firing)) {
	for len(c.timers) > 0 {
		c.closeNext(emit)
	}
}

// chain hands a condition that has come to hold to the correlations over this one, at once: as one occurrence for each
// set of values that they want and that the contributing occurrences have.
func (c *plainCorrelator) chain(m *plainMachine, w *plainWindow, at time.Time, emit func(*Firing)) {
	carriedAll := w.run.carried
	w.run.carried, w.run.handed = nil, true
	feeds := c.byInner[m.rule]
	if len(feeds) == 0 {
		return
	}
	it := plainItem{time: at, refs: slices.Clone(w.run.refs), count: w.run.count, chained: true}
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

// setValues takes what the condition asks for; false if the occurrence lacks it, or it is no number where one is
// asked for, so that it takes no part.
func (f *plainFeed) setValues(it *plainItem, brought []KeyValue) bool {
	it.carried = nil
	for _, i := range f.carry {
		it.carried = append(it.carried, at(i, brought))
	}
	switch f.to.rule.Type {
	case ValueCount:
		key, ok := appendKey(nil, f.fields, brought)
		it.value = string(key)
		return ok
	case ValueSum, ValueAvg, ValuePercentile:
		if len(f.fields) == 0 {
			return false
		}
		v := at(f.fields[0], brought)
		n, ok := parseNumber(v.Text)
		it.number = n.float
		return ok && v.Present && math.Abs(n.float) < maxSummand
	}
	return true
}

// timer says when a group has to be looked at: when its window or its firing is over. A group has one that counts, that
// which it points to. Since every group is closed at its own time, and in order of these times, neither other groups
// nor saving and restoring change what fires.
type plainTimer struct {
	at  time.Time
	m   *plainMachine
	key string
}

// timers is a heap. At equal times correlations that others refer to come first.
type plainTimers []*plainTimer

func (t plainTimers) Len() int { return len(t) }
func (t plainTimers) Less(i, j int) bool {
	a, b := t[i], t[j]
	if n := a.at.Compare(b.at); n != 0 {
		return n < 0
	}
	return cmp.Or(cmp.Compare(a.m.number, b.m.number), cmp.Compare(a.key, b.key)) < 0
}
func (t plainTimers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *plainTimers) Push(x any)   { *t = append(*t, x.(*plainTimer)) }
func (t *plainTimers) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	return x
}

// setTimer sees to it that the group is looked at when it is over. A timer that is early is left: it is set anew when
// it comes up, so that a busy group costs one step of the heap for each timespan, not for each occurrence.
func (c *plainCorrelator) setTimer(m *plainMachine, key string, w *plainWindow) {
	at := w.deadline(m)
	if w.timer == nil || at.Before(w.timer.at) {
		w.timer = &plainTimer{at, m, key}
		heap.Push(&c.timers, w.timer)
	}
}

// closeNext takes the first timer and closes what is over at its time.
func (c *plainCorrelator) closeNext(emit func(*Firing)) {
	t := heap.Pop(&c.timers).(*plainTimer)
	w := t.m.groups[t.key]
	if w == nil || w.timer != t {
		return
	}
	if at := w.deadline(t.m); at.After(t.at) {
		t.at = at
		heap.Push(&c.timers, t)
		return
	}
	c.expire(t.m, w, emit)
	if w.empty() {
		delete(t.m.groups, t.key)
		return
	}
	w.timer = nil
	c.setTimer(t.m, t.key, w)
}

// pick returns the texts of values that are all there.
func pick(indices []int, brought []KeyValue) []string {
	out := make([]string, len(indices))
	for k, i := range indices {
		out[k] = at(i, brought).Text
	}
	return out
}
