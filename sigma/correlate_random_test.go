package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// setup is a correlation for random streams.
type setup struct {
	kind            CorrelationType
	refs, condition string
	// decides says whether the condition waits for the end of a window.
	waits bool
}

var setups = []setup{
	{EventCount, "a b", "gte 4", false}, {EventCount, "a", "gt 1", false}, {EventCount, "a", "eq 2", true}, {EventCount, "a b", "lte 3", true},
	{ValueCount, "a b c", "gte 4", false}, {ValueCount, "a b", "neq 2", true}, {ValueSum, "a b", "gt 9", false}, {ValueSum, "a b", "lt 5", true},
	{ValueAvg, "a", "lt 2", true}, {ValueAvg, "a c", "gte 3", true}, {ValuePercentile, "a b", "gte 4", true},
	{Temporal, "a b c", "", false}, {Temporal, "a b c", "gte 2", false}, {Temporal, "a b c", "a and (b or c)", false}, {Temporal, "a b c", "a and not b", true}, {Temporal, "a b c", "eq 2", true},
	{TemporalOrdered, "a b c", "", false}, {TemporalOrdered, "a b a", "", false}, {TemporalOrdered, "c b a", "gte 2", false},
	{TemporalOrdered, "a b c", "a and (b or c)", false}, {TemporalOrdered, "a b c", "(a and b) and not c", true},
}

func (p setup) String() string { return fmt.Sprintf("%s(%s) %s", p.kind, p.refs, p.condition) }

func (p setup) stream() *stream {
	s := newStream(p.kind, p.refs, p.condition)
	s.rule.Condition.Percentile = 50
	return s
}

// random makes occurrences of three rules in three groups, in order of time.
func random(r *rand.Rand) []string {
	var in []string
	at := 0.0
	for range 150 {
		if r.IntN(4) > 0 {
			at += float64(r.IntN(24))
		}
		in = append(in, fmt.Sprintf("%c@%.0f %c %d #%d", 'a'+r.IntN(3), at, 'x'+r.IntN(3), r.IntN(6), len(in)))
	}
	return in
}

// endless keeps the length of episodes out of comparisons.
var endless = CorrelatorOptions{MaxEpisode: 1 << 62}

// TestAgainstNaive compares with an implementation that looks at each window as a whole, as the documentation
// describes it.
func TestAgainstNaive(t *testing.T) {
	base := rand.Uint64()
	for round := range uint64(40) {
		for n, p := range setups {
			seed := base + round
			in := random(rand.New(rand.NewPCG(seed, uint64(n))))
			s := p.stream()
			got := s.run(t, s.correlator(t, endless), in)
			want := naive(t, p, s, in)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, %v (-naive +correlator): %s\n%s", seed, p, diff, strings.Join(in, "\n"))
			}
		}
	}
}

func naive(t *testing.T, p setup, s *stream, in []string) (out []string) {
	for _, group := range []string{"x", "y", "z"} {
		var all []*Occurrence
		for _, text := range in {
			if o := s.occurrence(t, text); o.Values[0].Text == group && slices.Contains(s.rule.Rules, o.Rule) {
				all = append(all, o)
			}
		}
		if p.waits {
			out = append(out, naiveWaiting(p, s, all)...)
		} else {
			out = append(out, naiveSliding(p, s, all)...)
		}
	}
	return out
}

// naiveSliding: an episode is made of windows for which the condition holds, each ending with an occurrence that comes
// within the timespan of the episode's last.
func naiveSliding(p setup, s *stream, all []*Occurrence) (out []string) {
	var episode []*Occurrence
	for i, o := range all {
		if len(episode) > 0 && o.Time.After(episode[len(episode)-1].Time.Add(s.rule.Timespan)) {
			out, episode = append(out, naiveShow(episode)), nil
		}
		var window []*Occurrence
		for _, earlier := range all[:i+1] {
			if !earlier.Time.Before(o.Time.Add(-s.rule.Timespan)) {
				window = append(window, earlier)
			}
		}
		if !naiveHolds(p, s, window) {
			continue
		}
		for _, w := range window {
			if !slices.Contains(episode, w) {
				episode = append(episode, w)
			}
		}
	}
	if len(episode) > 0 {
		out = append(out, naiveShow(episode))
	}
	return out
}

func naiveWaiting(p setup, s *stream, all []*Occurrence) (out []string) {
	var episode []*Occurrence
	for len(all) > 0 {
		n := 0
		for n < len(all) && !all[n].Time.After(all[0].Time.Add(s.rule.Timespan)) {
			n++
		}
		holds := naiveHolds(p, s, all[:n])
		near := len(episode) > 0 && !all[0].Time.After(episode[len(episode)-1].Time.Add(s.rule.Timespan))
		if len(episode) > 0 && (!holds || !near) {
			out, episode = append(out, naiveShow(episode)), nil
		}
		if holds {
			episode = append(episode, all[:n]...)
		}
		all = all[n:]
	}
	if len(episode) > 0 {
		out = append(out, naiveShow(episode))
	}
	return out
}

func naiveShow(episode []*Occurrence) string {
	f := &Firing{Group: []GroupValue{{"user", episode[0].Values[0].Text}}, Count: len(episode)}
	for _, o := range episode {
		f.Refs = append(f.Refs, o.Ref)
	}
	return show(f)
}

func naiveHolds(p setup, s *stream, window []*Occurrence) bool {
	compares := func(value float64) bool {
		c := s.rule.Condition.Comparisons[0]
		return map[string]bool{"gt": value > c.Value, "gte": value >= c.Value, "lt": value < c.Value, "lte": value <= c.Value, "eq": value == c.Value, "neq": value != c.Value}[c.Op]
	}
	names, values, numbers, sum := "", map[string]bool{}, []float64{}, 0.0
	for _, o := range window {
		var n float64
		fmt.Sscan(o.Values[1].Text, &n)
		names += o.Rule.Name
		values[o.Values[1].Text] = true
		numbers = append(numbers, n)
		sum += n
	}
	slices.Sort(numbers)
	has := func(name string) bool { return strings.Contains(names, name) }
	switch p.kind {
	case EventCount:
		return compares(float64(len(window)))
	case ValueCount:
		return compares(float64(len(values)))
	case ValueSum:
		return compares(sum)
	case ValueAvg:
		return compares(sum / float64(len(window)))
	case ValuePercentile:
		return compares(numbers[(len(numbers)-1)/2]) // the 50th by nearest rank
	}
	count := 0
	for _, name := range []string{"a", "b", "c"} {
		if has(name) {
			count++
		}
	}
	switch p.String() {
	case "temporal(a b c) ":
		return count == 3
	case "temporal(a b c) gte 2", "temporal(a b c) eq 2":
		return compares(float64(count))
	case "temporal(a b c) a and (b or c)":
		return has("a") && (has("b") || has("c"))
	case "temporal(a b c) a and not b":
		return has("a") && !has("b")
	case "temporal_ordered(a b c) ":
		return follow(names, "abc")
	case "temporal_ordered(a b a) ":
		return follow(names, "aba")
	case "temporal_ordered(c b a) gte 2":
		return follow(names, "cb") || follow(names, "ca") || follow(names, "ba")
	case "temporal_ordered(a b c) a and (b or c)":
		return follow(names, "ab") || follow(names, "ac")
	case "temporal_ordered(a b c) (a and b) and not c":
		return follow(names, "ab") && !has("c")
	}
	panic(p.String())
}

// follow says whether the letters of want stand in names in this order.
func follow(names, want string) bool {
	for _, letter := range want {
		_, after, found := strings.Cut(names, string(letter))
		if !found {
			return false
		}
		names = after
	}
	return true
}

// chained returns three levels of correlations: two over rules, one that waits, and one over both of these.
func chained(s *stream) []*Correlation {
	corr := func(id string, kind CorrelationType, refs []string, c Condition) *Correlation {
		r := &Correlation{Meta: Meta{ID: id, Title: id}, Type: kind, Refs: refs, GroupBy: []string{"user"}, Condition: c}
		r.Timespan = 40 * time.Second
		r.Rules, r.Correlations = make([]*Rule, len(refs)), make([]*Correlation, len(refs))
		for i, ref := range refs {
			r.Rules[i] = s.rules[ref]
		}
		return r
	}
	many := corr("many", EventCount, []string{"a"}, Condition{Comparisons: []Comparison{{"gte", 2}}})
	low := corr("low", ValueAvg, []string{"b", "c"}, Condition{Fields: []string{"n"}, Comparisons: []Comparison{{"lt", 3}}})
	low.Timespan = 15 * time.Second
	top := corr("top", TemporalOrdered, []string{"many", "low", "c"}, Condition{})
	top.Correlations[0], top.Correlations[1] = many, low
	return []*Correlation{top, many, low}
}

// sharing is a stream that is cut somewhere, for tests of what goes on behind the cut.
type sharing struct {
	s     *stream
	seed  uint64
	rules []*Correlation
	in    []string
	cut   int
	want  []string // firings of one correlator that takes it all
}

func (h *sharing) correlator(t *testing.T) *Correlator {
	t.Helper()
	c, err := NewCorrelator(h.rules, CorrelatorOptions{MaxEpisode: 100 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (h *sharing) check(t *testing.T, how string, got []string) {
	t.Helper()
	slices.Sort(got)
	if diff := cmp.Diff(h.want, got); diff != "" {
		t.Fatalf("seed %d, %s after %d: %s", h.seed, how, h.cut, diff)
	}
}

// before runs the part of in before the cut, of one group or of all ("").
func (h *sharing) before(t *testing.T, group string) (c *Correlator, got []string) {
	c = h.correlator(t)
	for _, text := range inGroup(h.in[:h.cut], group) {
		c.Add(h.s.occurrence(t, text), func(f *Firing) { got = append(got, tag(f)) })
	}
	return c, got
}

// eachSharing runs a test over random streams and cuts.
func eachSharing(t *testing.T, test func(t *testing.T, h *sharing)) {
	base := rand.Uint64()
	for round := range uint64(200) {
		h := &sharing{s: setups[int(round)%len(setups)].stream(), seed: base + round}
		r := rand.New(rand.NewPCG(h.seed, 2))
		h.rules = append(chained(h.s), h.s.rule)
		h.in = random(r)
		h.cut = r.IntN(len(h.in) + 1)
		h.want = tagged(t, h.s, h.correlator(t), h.in)
		slices.Sort(h.want)
		test(t, h)
	}
}

// TestSaveRestore holds: a state saved and restored anywhere goes on as if nothing had been.
func TestSaveRestore(t *testing.T) {
	eachSharing(t, func(t *testing.T, h *sharing) {
		first, got := h.before(t, "")
		state := save(t, first)
		second := h.correlator(t)
		restore(t, second, state)
		if diff := cmp.Diff(string(state), string(save(t, second))); diff != "" {
			t.Fatalf("seed %d: a restored state is saved otherwise: %s", h.seed, diff)
		}
		h.check(t, "saved", append(got, tagged(t, h.s, second, h.in[h.cut:])...))
	})
}

// TestSplitState holds: correlators that go on with a part of the groups each find what one finds.
func TestSplitState(t *testing.T) {
	eachSharing(t, func(t *testing.T, h *sharing) {
		first, got := h.before(t, "")
		state := save(t, first)
		for _, group := range []string{"x", "y", "z"} {
			part := h.correlator(t)
			restore(t, part, linesOf(t, state, group))
			got = append(got, tagged(t, h.s, part, inGroup(h.in[h.cut:], group))...)
		}
		h.check(t, "split", got)
	})
}

// TestJoinStates holds: correlators begin with a part of the groups each, and one goes on with all their states.
func TestJoinStates(t *testing.T) {
	eachSharing(t, func(t *testing.T, h *sharing) {
		var got []string
		var state []byte
		for _, group := range []string{"x", "y", "z"} {
			part, fired := h.before(t, group)
			got = append(got, fired...)
			state = append(state, save(t, part)...)
		}
		last := h.correlator(t)
		restore(t, last, state)
		h.check(t, "joined", append(got, tagged(t, h.s, last, h.in[h.cut:])...))
	})
}

func tag(f *Firing) string { return f.Correlation.ID + " " + show(f) }

func tagged(t *testing.T, s *stream, c *Correlator, in []string) (out []string) {
	emit := func(f *Firing) { out = append(out, tag(f)) }
	for _, text := range in {
		c.Add(s.occurrence(t, text), emit)
	}
	c.Close(emit)
	return out
}

func inGroup(in []string, group string) []string {
	return slices.DeleteFunc(slices.Clone(in), func(o string) bool { return group != "" && strings.Fields(o)[1] != group })
}

// TestUnsorted holds that occurrences out of order do no harm: nothing is invented, and what lies near is still found.
func TestUnsorted(t *testing.T) {
	base := rand.Uint64()
	for round := range uint64(100) {
		seed := base + round
		for n, p := range setups {
			r := rand.New(rand.NewPCG(seed, uint64(n)))
			s := p.stream()
			in := random(r)
			r.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
			c := s.correlator(t, endless)
			seen := map[string]bool{}
			emit := func(f *Firing) {
				if f.Count != len(f.Refs) || f.Last.Before(f.First) {
					t.Fatalf("seed %d, %v: %+v", seed, p, f)
				}
				for _, ref := range f.Refs {
					if seen[string(ref)] {
						t.Fatalf("seed %d, %v: %s is evidence twice", seed, p, ref)
					}
					seen[string(ref)] = true
				}
			}
			for _, text := range in {
				c.Add(s.occurrence(t, text), emit)
			}
			c.Close(emit)
			if held(c) != 0 || waiting(c) != 0 {
				t.Fatalf("seed %d, %v: %d groups and %d timers are left", seed, p, held(c), waiting(c))
			}
		}
	}
}
