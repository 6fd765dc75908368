package sigma

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// stream is a made-up correlation over rules a, b and c, each with the needs user and n, and its occurrences: "a@10 x 5" is
// rule a at 10 seconds with user x and n 5.
type stream struct {
	rule  *Correlation
	rules map[string]*Rule
}

func newStream(kind CorrelationType, refs, condition string) *stream {
	s := &stream{rules: map[string]*Rule{}}
	for _, name := range []string{"a", "b", "c"} {
		s.rules[name] = &Rule{Meta: Meta{Name: name, ID: name}, Needs: []string{"user", "n"}, Feeds: true}
	}
	s.rule = &Correlation{Meta: Meta{ID: "test", Title: "test"}, Type: kind, GroupBy: []string{"user"}, Timespan: time.Minute}
	for _, name := range strings.Fields(refs) {
		s.rule.Refs = append(s.rule.Refs, name)
		s.rule.Rules = append(s.rule.Rules, s.rules[name])
	}
	s.rule.Correlations = make([]*Correlation, len(s.rule.Refs))
	var c Comparison
	if n, _ := fmt.Sscan(condition, &c.Op, &c.Value); n == 2 {
		s.rule.Condition.Comparisons = []Comparison{c}
	} else {
		s.rule.Condition.Expression = condition
	}
	s.rule.Condition.Fields = []string{"n"}
	return s
}

func (s *stream) correlator(t *testing.T, o CorrelatorOptions) *Correlator {
	t.Helper()
	c, err := NewCorrelator([]*Correlation{s.rule}, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *stream) occurrence(t *testing.T, text string) *Occurrence {
	t.Helper()
	name, rest, _ := strings.Cut(text, "@")
	f := strings.Fields(rest)
	var seconds float64
	if _, err := fmt.Sscan(f[0], &seconds); err != nil {
		t.Fatal(err)
	}
	o := &Occurrence{Rule: s.rules[name], Time: epoch.Add(time.Duration(seconds * float64(time.Second))), Ref: []byte(text), Values: make([]KeyValue, 2)}
	for i, v := range f[1:min(len(f), 3)] { // what follows only tells occurrences apart
		if v != "-" {
			o.Values[i] = KeyValue{v, true}
		}
	}
	return o
}

// show writes a firing as "user: refs".
func show(f *Firing) string {
	var refs []string
	for _, r := range f.Refs {
		refs = append(refs, string(r))
	}
	text := ""
	for _, g := range f.Group {
		text += g.Value
	}
	if f.Count != len(f.Refs) {
		text += fmt.Sprintf(" (%d)", f.Count)
	}
	return text + ": " + strings.Join(refs, ", ")
}

func (s *stream) run(t *testing.T, c *Correlator, occurrences []string) (out []string) {
	t.Helper()
	emit := func(f *Firing) { out = append(out, show(f)) }
	for _, text := range occurrences {
		c.Add(s.occurrence(t, text), emit)
	}
	c.Close(emit)
	return out
}

func TestCorrelations(t *testing.T) {
	for _, tt := range []struct {
		name            string
		kind            CorrelationType
		refs, condition string
		in, want        string // separated by ";"
	}{
		{"count_reached", EventCount, "a", "gte 3", "a@0 x;a@10 x;a@20 x", "x: a@0 x, a@10 x, a@20 x"},
		{"count_not_reached", EventCount, "a", "gt 3", "a@0 x;a@10 x;a@20 x", ""},
		{"count_in_one_window_only", EventCount, "a", "gte 3", "a@0 x;a@50 x;a@61 x", ""},
		{"edge_is_inside", EventCount, "a", "gte 3", "a@0 x;a@50 x;a@60 x", "x: a@0 x, a@50 x, a@60 x"},
		{"groups_apart", EventCount, "a", "gte 2", "a@0 x;a@1 y;a@2 x", "x: a@0 x, a@2 x"},
		{"no_group_no_part", EventCount, "a", "gte 2", "a@0 -;a@1 -;a@2 -", ""},
		{"one_episode_one_firing", EventCount, "a", "gte 2", "a@0 x;a@1 x;a@2 x;a@3 x;a@60 x", "x: a@0 x, a@1 x, a@2 x, a@3 x, a@60 x"},
		{"after_an_episode_empty", EventCount, "a", "gte 2", "a@0 x;a@1 x;a@70 x;a@75 x", "x: a@0 x, a@1 x;x: a@70 x, a@75 x"},
		{"several_rules", EventCount, "a b", "gte 2", "a@0 x;b@1 x;c@2 x", "x: a@0 x, b@1 x"},
		{"at_most", EventCount, "a", "lte 2", "a@0 x;a@1 x;a@200 x;a@201 x;a@202 x", "x: a@0 x, a@1 x"},
		{"exactly", EventCount, "a", "eq 2", "a@0 x;a@1 x;a@2 x;a@200 x;a@201 x", "x: a@200 x, a@201 x"},
		{"values", ValueCount, "a", "gte 2", "a@0 x 1;a@1 x 1;a@2 x 2", "x: a@0 x 1, a@1 x 1, a@2 x 2"},
		{"values_ignore_case", ValueCount, "a", "gte 2", "a@0 x P;a@1 x p", ""},
		{"value_missing", ValueCount, "a", "gte 2", "a@0 x 1;a@1 x -", ""},
		{"sum", ValueSum, "a", "gte 10", "a@0 x 4;a@1 x 5;a@2 x 1.5", "x: a@0 x 4, a@1 x 5, a@2 x 1.5"},
		{"sum_of_no_number", ValueSum, "a", "gte 1", "a@0 x many", ""},
		{"average", ValueAvg, "a", "gte 10", "a@0 x 100;a@1 x 1;a@2 x 1;a@100 x 9;a@101 x 11", "x: a@0 x 100, a@1 x 1, a@2 x 1;x: a@100 x 9, a@101 x 11"},
		{"average_low", ValueAvg, "a", "gte 10", "a@0 x 20;a@1 x 1;a@2 x 1", ""},
		{"both", Temporal, "a b", "", "b@0 x;a@30 x", "x: b@0 x, a@30 x"},
		{"both_too_far", Temporal, "a b", "", "b@0 x;a@61 x", ""},
		{"in_order", TemporalOrdered, "a b", "", "a@0 x;b@30 x", "x: a@0 x, b@30 x"},
		{"out_of_order", TemporalOrdered, "a b", "", "b@0 x;a@30 x", ""},
		{"in_order_at_last", TemporalOrdered, "a b", "", "b@0 x;a@30 x;b@40 x", "x: b@0 x, a@30 x, b@40 x"},
		{"in_order_twice_the_same", TemporalOrdered, "a b a", "", "a@0 x;b@1 x;a@2 x", "x: a@0 x, b@1 x, a@2 x"},
		{"either", Temporal, "a b c", "a and (b or c)", "a@0 x;c@1 x", "x: a@0 x, c@1 x"},
		{"without", Temporal, "a b", "a and not b", "a@0 x;b@1 x;a@100 x", "x: a@100 x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStream(tt.kind, tt.refs, tt.condition)
			got := s.run(t, s.correlator(t, CorrelatorOptions{}), strings.Split(tt.in, ";"))
			if diff := cmp.Diff(tt.want, strings.Join(got, ";")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPercentile(t *testing.T) {
	s := newStream(ValuePercentile, "a", "gte 90")
	s.rule.Condition.Percentile = 95
	var in []string
	for i := range 100 {
		in = append(in, fmt.Sprintf("a@%d x %d", i/2, i))
	}
	if got := s.run(t, s.correlator(t, CorrelatorOptions{}), in); len(got) != 1 {
		t.Errorf("%d firings", len(got))
	}
	s.rule.Condition.Comparisons[0].Value = 95
	if got := s.run(t, s.correlator(t, CorrelatorOptions{}), in); len(got) != 0 {
		t.Errorf("the 95th of 0 to 99 is 94, yet: %q", got)
	}
}

func TestBounds(t *testing.T) {
	s := newStream(EventCount, "a", "gte 2")
	var in []string
	for i := range 50 {
		in = append(in, fmt.Sprintf("a@%d x", i))
	}
	got := s.run(t, s.correlator(t, CorrelatorOptions{MaxRefs: 2}), in)
	if diff := cmp.Diff([]string{"x (50): a@0 x, a@1 x"}, got); diff != "" {
		t.Error(diff)
	}
	got = s.run(t, s.correlator(t, CorrelatorOptions{MaxEpisode: 9 * time.Second}), in)
	if len(got) != 5 {
		t.Errorf("%d episodes of 10 occurrences: %q", len(got), got)
	}
}
