package sigma

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"
)

// memorySetups are correlations of each type with what a group of them costs at most, in bytes: with one event, and for each
// further one. docs/sigma-correlations.md has the figures that were measured.
var memorySetups = []struct {
	setup
	first, further int
}{
	{setup{EventCount, "a b c", "gte 1e6", false}, 155, 17},
	{setup{EventCount, "a b c", "neq 1e6", true}, 260, 17},
	{setup{EventCount, "a b c", "lt 1", true}, 260, 2},
	{setup{ValueCount, "a b c", "gte 1e6", false}, 160, 21},
	{setup{ValueCount, "a b c", "neq 1e6", true}, 265, 21},
	{setup{ValueSum, "a b c", "gt 1e9", false}, 180, 27},
	{setup{ValueAvg, "a b c", "gte 3", true}, 260, 17},
	{setup{ValuePercentile, "a b c", "gte 3", true}, 270, 25},
	{setup{Temporal, "a b c", "a and b and c", false}, 215, 21},
	{setup{TemporalOrdered, "c b a", "", false}, 215, 21},
}

// heldForEach adds occurrences to groups, all of which stay open, and returns what the correlator then holds of the heap for each.
func heldForEach(t testing.TB, p setup, groups, each int) float64 {
	s := p.stream()
	s.rule.Timespan = 30 * 24 * time.Hour
	c, err := NewCorrelator([]*Correlation{s.rule}, CorrelatorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	o := &Occurrence{Shared: []byte("file and host"), Values: make([]KeyValue, 2)}
	names := []*Rule{s.rules["a"], s.rules["b"]}
	for k := range each {
		for i := range groups {
			n := k*groups + i
			o.Rule, o.Time = names[k%2], epoch.Add(time.Duration(n)*time.Millisecond)
			o.Ref = binary.BigEndian.AppendUint64(o.Ref[:0], uint64(n)*200)
			o.Values[0] = KeyValue{fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), true}
			o.Values[1] = KeyValue{fmt.Sprint(n % 500), true}
			c.Add(o, func(f *Firing) { t.Errorf("fired: %+v", f) })
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held(c) != groups || c.Lost() > 0 || c.LetGo() > 0 {
		t.Errorf("%v: %d of %d groups are held", p, held(c), groups)
	}
	runtime.KeepAlive(c)
	return float64(after.HeapAlloc-before.HeapAlloc) / float64(groups)
}

// TestGroupMemory holds what a group costs.
func TestGroupMemory(t *testing.T) {
	const groups, each = 1 << 15, 8
	for _, p := range memorySetups {
		one := heldForEach(t, p.setup, groups, 1)
		further := (heldForEach(t, p.setup, groups, each) - one) / (each - 1)
		t.Logf("%-40v %4.0f bytes, %3.0f for each further event", p.setup, one, further)
		if one > float64(p.first) || further > float64(p.further) {
			t.Errorf("%v: %.0f bytes and %.0f for each further event, not %d and %d", p.setup, one, further, p.first, p.further)
		}
	}
}

// TestCorrelatorAllocatesNothing holds that an occurrence of a group that is there allocates nothing once windows have found their size.
func TestCorrelatorAllocatesNothing(t *testing.T) {
	for _, p := range memorySetups {
		s := p.stream()
		c, err := NewCorrelator([]*Correlation{s.rule}, CorrelatorOptions{})
		if err != nil {
			t.Fatal(err)
		}
		o := &Occurrence{Rule: s.rules["a"], Ref: []byte("12345678"), Shared: []byte("host"), Values: []KeyValue{{"user", true}, {"5", true}}}
		n := 0
		add := func() {
			n++
			o.Time = epoch.Add(time.Duration(n) * 100 * time.Millisecond)
			c.Add(o, func(f *Firing) {})
		}
		for range 5000 {
			add()
		}
		if got := testing.AllocsPerRun(3000, add); got > 0 {
			t.Errorf("%v: %v allocations", p.setup, got)
		}
	}
}
