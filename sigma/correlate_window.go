package sigma

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// item is an occurrence in a window.
type item struct {
	Time     time.Time `json:"t"`
	Position int       `json:"p,omitempty"` // which of the correlation's rules it is of
	Refs     [][]byte  `json:"r,omitempty"`
	Count    int       `json:"n,omitempty"` // events: more than 1 for a firing of an inner correlation
	Value    string    `json:"v,omitempty"` // what value_count counts
	Number   float64   `json:"x,omitempty"` // what the other value types compute with
}

// setValues takes the values that the condition asks for; false if the occurrence lacks one or it is no number, so
// that it takes no part.
func (it *item) setValues(rule *Correlation, fields []int, at func(int) (string, bool)) bool {
	switch rule.Type {
	case ValueCount:
		key, ok := groupKey(fields, at)
		it.Value = strings.ToLower(key)
		return ok
	case ValueSum, ValueAvg, ValuePercentile:
		if len(fields) == 0 {
			return false
		}
		text, ok := at(fields[0])
		if !ok {
			return false
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return false
		}
		it.Number = n
	}
	return true
}

// window is the state of one group of a correlation.
type window struct {
	Items  []item  `json:"items,omitempty"` // by time
	Firing *firing `json:"firing,omitempty"`
}

// firing is a Firing under way.
type firing struct {
	Time  time.Time `json:"time"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Refs  [][]byte  `json:"refs"`
	Count int       `json:"count"`
	Value float64   `json:"value,omitempty"`
}

// last returns the time of the newest occurrence.
func (w *window) last() time.Time {
	if w.Firing != nil {
		return w.Firing.Last
	}
	if len(w.Items) == 0 {
		return time.Time{}
	}
	return w.Items[len(w.Items)-1].Time
}

func (w *window) insert(it item, most int) {
	i := len(w.Items)
	for i > 0 && w.Items[i-1].Time.After(it.Time) {
		i--
	}
	w.Items = slices.Insert(w.Items, i, it)
	if len(w.Items) > most {
		w.Items = slices.Delete(w.Items, 0, len(w.Items)-most)
	}
}

// step moves a group on by one occurrence.
func (c *Correlator) step(m *machine, key string, w *window, it item, emit func(*Firing)) {
	span := m.rule.Timespan
	if f := w.Firing; f != nil {
		if !it.Time.After(f.Last.Add(span)) && it.Time.Sub(f.First) <= c.maxEpisode(span) {
			f.extend(it, c.options.MaxRefs)
			return
		}
		c.closeWindow(m, key, w, emit)
	}
	if !m.rising {
		// Decided when the window is over: it begins with its first occurrence and lasts for the timespan.
		if len(w.Items) > 0 && it.Time.After(w.Items[0].Time.Add(span)) {
			c.closeWindow(m, key, w, emit)
		}
		w.insert(it, c.options.MaxWindow)
		return
	}
	w.insert(it, c.options.MaxWindow)
	newest := w.Items[len(w.Items)-1].Time
	for len(w.Items) > 0 && newest.After(w.Items[0].Time.Add(span)) {
		w.Items = w.Items[1:]
	}
	if value, ok := m.holds(w.Items); ok {
		w.begin(it.Time, value, c.options.MaxRefs)
		c.chain(w.Firing.public(m.rule, key), emit)
	}
}

func (c *Correlator) maxEpisode(span time.Duration) time.Duration {
	if c.options.MaxEpisode > 0 {
		return c.options.MaxEpisode
	}
	return max(24*time.Hour, 10*span)
}

// begin starts a firing with all that the window holds, which is consumed.
func (w *window) begin(at time.Time, value float64, maxRefs int) {
	f := &firing{Time: at, First: w.Items[0].Time, Last: w.Items[0].Time, Value: value}
	for _, it := range w.Items {
		f.extend(it, maxRefs)
	}
	w.Firing, w.Items = f, nil
}

// extend adds an occurrence to a firing.
func (f *firing) extend(it item, maxRefs int) {
	f.Count += it.Count
	if it.Time.After(f.Last) {
		f.Last = it.Time
	}
	if it.Time.Before(f.First) {
		f.First = it.Time
	}
	if room := maxRefs - len(f.Refs); room > 0 {
		f.Refs = append(f.Refs, it.Refs[:min(room, len(it.Refs))]...)
	}
}

func (f *firing) public(rule *Correlation, key string) *Firing {
	return &Firing{
		Correlation: rule, Group: groupOf(rule, key), Time: f.Time, First: f.First, Last: f.Last, Refs: f.Refs, Count: f.Count, Value: f.Value,
	}
}

// closeWindow ends what is under way in a group: decides a condition that waits for the end, and hands out the firing.
func (c *Correlator) closeWindow(m *machine, key string, w *window, emit func(*Firing)) {
	if !m.rising && w.Firing == nil && len(w.Items) > 0 {
		if value, ok := m.holds(w.Items); ok {
			w.begin(w.Items[len(w.Items)-1].Time, value, c.options.MaxRefs)
			c.chain(w.Firing.public(m.rule, key), emit)
		}
	}
	if w.Firing != nil {
		emit(w.Firing.public(m.rule, key))
	}
	w.Firing, w.Items = nil, nil
}

// holds says whether the condition is true of a window, and the value that it compared.
func (m *machine) holds(items []item) (value float64, ok bool) {
	switch m.rule.Type {
	case Temporal, TemporalOrdered:
		return 0, m.holdsInTime(items)
	case EventCount:
		for _, it := range items {
			value += float64(it.Count)
		}
	case ValueCount:
		seen := make(map[string]struct{}, len(items))
		for _, it := range items {
			seen[it.Value] = struct{}{}
		}
		value = float64(len(seen))
	case ValueSum, ValueAvg:
		for _, it := range items {
			value += it.Number
		}
		if m.rule.Type == ValueAvg {
			value /= float64(len(items))
		}
	case ValuePercentile:
		value = percentile(items, m.rule.Condition.Percentile)
	}
	for _, c := range m.rule.Condition.Comparisons {
		if !c.holds(value) {
			return value, false
		}
	}
	return value, len(m.rule.Condition.Comparisons) > 0
}

func (c Comparison) holds(value float64) bool {
	switch c.Op {
	case "gt":
		return value > c.Value
	case "gte":
		return value >= c.Value
	case "lt":
		return value < c.Value
	case "lte":
		return value <= c.Value
	case "eq":
		return value == c.Value
	case "neq":
		return value != c.Value
	}
	return false
}

// percentile returns the nearest-rank percentile: the smallest value that at least p percent of the values don't exceed.
func percentile(items []item, p float64) float64 {
	numbers := make([]float64, len(items))
	for i, it := range items {
		numbers[i] = it.Number
	}
	slices.Sort(numbers)
	rank := int(math.Ceil(p / 100 * float64(len(numbers))))
	return numbers[min(max(rank, 1), len(numbers))-1]
}

// holdsInTime decides the temporal types.
func (m *machine) holdsInTime(items []item) bool {
	present := make([]bool, m.positions)
	for _, it := range items {
		present[it.Position] = true
	}
	if m.expr != nil && !m.expr.holds(func(ref int) bool { return present[m.order[ref]] }) {
		return false
	}
	if m.expr == nil && slices.Contains(present, false) {
		return false
	}
	if m.rule.Type == Temporal {
		return true
	}
	return m.inOrder(items, present)
}

// inOrder says whether the rules occur in the order listed. With a condition of its own, only the rules that occur count.
func (m *machine) inOrder(items []item, present []bool) bool {
	next := 0
	skip := func() {
		for m.expr != nil && next < len(m.order) && !present[m.order[next]] {
			next++
		}
	}
	skip()
	for _, it := range items {
		if next < len(m.order) && it.Position == m.order[next] {
			next++
			skip()
		}
	}
	return next == len(m.order)
}
