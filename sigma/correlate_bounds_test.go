package sigma

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// held counts the groups under way.
func held(c *Correlator) (n int) {
	for i := range c.tables {
		n += c.tables[i].n
	}
	return n
}

// waiting counts the timers.
func waiting(c *Correlator) (n int) {
	n = len(c.timers.heap)
	for _, q := range c.timers.queues {
		n += len(q.waiting) - q.head
	}
	return n
}

func TestGroupBound(t *testing.T) {
	s := newStream(EventCount, "a", "gte 2")
	c := s.correlator(t, CorrelatorOptions{MaxGroups: 2})
	got := s.run(t, c, []string{"a@0 x", "a@1 y", "a@2 z", "a@3 z", "a@4 x", "a@100 z", "a@101 z"})
	if diff := cmp.Diff([]string{"x: a@0 x, a@4 x", "z: a@100 z, a@101 z"}, got); diff != "" {
		t.Error(diff)
	}
	if c.Lost() != 2 {
		t.Errorf("%d occurrences lost, not 2", c.Lost())
	}
}

func TestLate(t *testing.T) {
	for _, condition := range []string{"gte 2", "eq 2"} {
		s := newStream(EventCount, "a", condition)
		c := s.correlator(t, CorrelatorOptions{})
		got := s.run(t, c, []string{"a@1000 x", "a@1001 x", "a@1 x"})
		if diff := cmp.Diff([]string{"x: a@1000 x, a@1001 x"}, got); diff != "" || c.Late() != 1 {
			t.Errorf("%s: %d late: %s", condition, c.Late(), diff)
		}
	}
}

func TestIdleGroupsAreDropped(t *testing.T) {
	s := newStream(EventCount, "a", "gte 5")
	c := s.correlator(t, CorrelatorOptions{})
	for i := range 1000 {
		c.Add(s.occurrence(t, fmt.Sprintf("a@%d user%d", i, i)), func(*Firing) {})
	}
	if held(c) > 61 || waiting(c) > 61 {
		t.Errorf("%d groups, %d timers are held of a minute with one group a second", held(c), waiting(c))
	}
	c.Advance(epoch.Add(time.Hour), func(*Firing) {})
	if held(c) != 0 {
		t.Errorf("%d groups are left", held(c))
	}
}

func TestMaxWindow(t *testing.T) {
	s := newStream(ValueSum, "a", "gte 50")
	c := s.correlator(t, CorrelatorOptions{MaxWindow: 10})
	for i := range 40 {
		c.Add(s.occurrence(t, fmt.Sprintf("a@%d x 2", i)), func(f *Firing) { t.Errorf("ten occurrences of 2 are 50: %+v", f) })
	}
	if c.LetGo() != 30 {
		t.Errorf("%d occurrences were let go", c.LetGo())
	}
}

// TestThresholdOverMaxWindow holds that a window is long enough for what the condition asks.
func TestThresholdOverMaxWindow(t *testing.T) {
	s := newStream(EventCount, "a", "gte 20")
	c := s.correlator(t, CorrelatorOptions{MaxWindow: 10})
	n := 0
	for i := range 20 {
		c.Add(s.occurrence(t, fmt.Sprintf("a@%d x", i)), func(*Firing) {})
	}
	c.Close(func(f *Firing) { n = f.Count })
	if n != 20 {
		t.Errorf("%d occurrences", n)
	}
}

// TestDistinctBound holds that a window that waits keeps a bounded number of distinct values.
func TestDistinctBound(t *testing.T) {
	s := newStream(ValueCount, "a", "neq 0")
	c := s.correlator(t, CorrelatorOptions{MaxWindow: 10})
	for i := range 50 {
		c.Add(s.occurrence(t, fmt.Sprintf("a@%d x v%d", i, i)), func(*Firing) {})
	}
	c.Close(func(f *Firing) {
		if f.Value > 11 || f.Count != 50 {
			t.Errorf("%v values of %d occurrences", f.Value, f.Count)
		}
	})
}

func TestPercentileOfASample(t *testing.T) {
	s := newStream(ValuePercentile, "a", "gte 0")
	s.rule.Condition.Percentile = 50
	c := s.correlator(t, CorrelatorOptions{MaxWindow: 100})
	for i := range 10_001 {
		c.Add(s.occurrence(t, fmt.Sprintf("a@%g x %d", float64(i)/1000, i)), func(*Firing) {})
	}
	if kept := c.groups.at(c.inOrder(c.machines[0])[0]).n; kept > 100 || kept < 50 {
		t.Errorf("%d values are kept", kept)
	}
	c.Close(func(f *Firing) {
		if f.Count != 10_001 || f.Value < 4900 || f.Value > 5100 {
			t.Errorf("the median of 0 to 10,000 is %v, of %d", f.Value, f.Count)
		}
	})
}

func TestLongValues(t *testing.T) {
	s := newStream(EventCount, "a", "gte 2")
	c := s.correlator(t, CorrelatorOptions{})
	long := strings.Repeat("x", 1<<20)
	firings := 0
	emit := func(f *Firing) {
		if firings++; len(f.Group[0].Value) > 2*maxKeyText {
			t.Errorf("a group value of %d bytes", len(f.Group[0].Value))
		}
	}
	for _, user := range []string{long + "1", long + "2", strings.ToUpper(long) + "1"} {
		c.Add(s.occurrence(t, "a@0 "+user), emit)
	}
	c.Close(emit)
	if firings != 1 {
		t.Errorf("%d firings of two users", firings)
	}
}

func TestNoTimeNoPart(t *testing.T) {
	s := newStream(EventCount, "a", "gte 1")
	o := s.occurrence(t, "a@0 x")
	o.Time = time.Time{}
	c := s.correlator(t, CorrelatorOptions{})
	c.Add(o, func(*Firing) { t.Error("fired") })
	c.Close(func(*Firing) { t.Error("fired") })
}

func TestNewCorrelatorRefuses(t *testing.T) {
	s := newStream(EventCount, "a", "gte 1")
	circle := chained(s)
	circle[1].Rules[0], circle[1].Correlations[0] = nil, circle[0]
	unlinked := *s.rule
	unlinked.Rules = nil
	for name, rules := range map[string][]*Correlation{"circle": circle, "unlinked": {&unlinked}} {
		if _, err := NewCorrelator(rules, CorrelatorOptions{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestManyPaths holds that correlations over correlations, each by many ways, are walked once.
func TestManyPaths(t *testing.T) {
	s := newStream(EventCount, "a", "gte 1")
	level := []*Correlation{s.rule}
	all := slices.Clone(level)
	for i := range 40 {
		var next []*Correlation
		for k := range 3 {
			r := &Correlation{Meta: Meta{ID: fmt.Sprint(i, k), Title: "t"}, Type: Temporal, Timespan: time.Minute}
			for n, inner := range level {
				r.Refs, r.Rules, r.Correlations = append(r.Refs, fmt.Sprint(n)), append(r.Rules, nil), append(r.Correlations, inner)
			}
			next = append(next, r)
		}
		level, all = next, append(all, next...)
	}
	if _, err := NewCorrelator(all, CorrelatorOptions{}); err != nil {
		t.Error(err)
	}
}

// BenchmarkAdd measures an occurrence in a window that holds thousands.
func BenchmarkAdd(b *testing.B) {
	for _, p := range []setup{
		{EventCount, "a", "gte 1e9", false}, {ValueCount, "a", "gte 1e9", false}, {ValueSum, "a", "gte 1e9", false}, {ValueAvg, "a", "gte 1e9", true},
		{Temporal, "a b c", "", false}, {TemporalOrdered, "a b c", "", false}, {EventCount, "a", "gte 5", false},
	} {
		b.Run(strings.ReplaceAll(p.String(), " ", "_"), func(b *testing.B) {
			s := p.stream()
			c, err := NewCorrelator([]*Correlation{s.rule}, CorrelatorOptions{})
			if err != nil {
				b.Fatal(err)
			}
			o := &Occurrence{Rule: s.rules["a"], Ref: []byte("0123456789"), Values: []KeyValue{{"user", true}, {}}}
			b.ReportAllocs()
			for i := range b.N {
				o.Time = epoch.Add(time.Duration(i) * 5 * time.Millisecond) // 12,000 in a window
				o.Values[1] = KeyValue{fmt.Sprint(i), true}
				c.Add(o, func(*Firing) {})
			}
		})
	}
}

// BenchmarkManyGroups measures an occurrence of one of many groups, most of which are over before they see another: so nearly each
// begins one, and another is dropped.
func BenchmarkManyGroups(b *testing.B) {
	for _, p := range memorySetups {
		b.Run(strings.ReplaceAll(p.String(), " ", "_"), func(b *testing.B) {
			s := p.stream()
			c, err := NewCorrelator([]*Correlation{s.rule}, CorrelatorOptions{})
			if err != nil {
				b.Fatal(err)
			}
			users := make([]string, 1<<17)
			for i := range users {
				users[i] = fmt.Sprint("user", i*7919%len(users))
			}
			o := &Occurrence{Rule: s.rules["a"], Ref: []byte("123456789"), Shared: []byte("host"), Values: make([]KeyValue, 2)}
			b.ReportAllocs()
			for i := range b.N {
				o.Time = epoch.Add(time.Duration(i) * time.Millisecond) // 60,000 in a window
				o.Ref[i%9]++
				o.Values[0], o.Values[1] = KeyValue{users[i%len(users)], true}, KeyValue{users[i%100][4:], true}
				c.Add(o, func(*Firing) {})
			}
		})
	}
}
