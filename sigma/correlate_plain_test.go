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

// adder is what both correlators do.
type adder interface {
	Add(o *Occurrence, emit func(*Firing))
	Advance(t time.Time, emit func(*Firing))
	Close(emit func(*Firing))
	Lost() int64
	LetGo() int64
	Late() int64
}

func (c *plainCorrelator) Lost() int64  { return c.lost }
func (c *plainCorrelator) LetGo() int64 { return c.letGo }
func (c *plainCorrelator) Late() int64  { return c.late }

// randomRules makes correlations over rules a, b and c and over one another.
func randomRules(r *rand.Rand, s *stream) []*Correlation {
	rules := chained(s)
	if r.IntN(2) == 0 {
		// The groups of one are values that another doesn't group by: the firing of the inner brings each.
		top := rules[0]
		top.GroupBy = [][]string{{"n"}, {"user", "n"}, {"n", "host"}}[r.IntN(3)]
		if r.IntN(2) == 0 {
			top.Type, top.Condition.Comparisons = EventCount, []Comparison{{"gte", float64(1 + r.IntN(3))}}
		}
	}
	for i := range 3 {
		p := setups[r.IntN(len(setups))]
		rule := *p.stream().rule
		rule.ID, rule.Rules = fmt.Sprint("random", i), nil
		for _, ref := range rule.Refs {
			rule.Rules = append(rule.Rules, s.rules[ref])
		}
		rule.Timespan = time.Duration(1+r.IntN(80)) * time.Second
		rule.GroupBy = [][]string{{"user"}, {"n", "user"}, nil, {"host"}}[r.IntN(4)]
		rules = append(rules, &rule)
	}
	r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	return rules
}

// randomOccurrences makes a stream of few groups, with equal times, events of several rules, and late ones.
func randomOccurrences(r *rand.Rand, s *stream) (out []*Occurrence) {
	at, late := epoch.Add(time.Duration(r.IntN(1e9))), r.IntN(3) == 0
	for i := range 300 {
		switch r.IntN(6) {
		case 0:
		case 1:
			at = at.Add(time.Duration(r.IntN(150)) * time.Second)
		default:
			at = at.Add(time.Duration(r.IntN(12_000)) * time.Millisecond)
		}
		o := &Occurrence{Rule: s.rules[string(rune('a'+r.IntN(3)))], Time: at, Ref: fmt.Append(nil, "#", i)}
		if r.IntN(8) == 0 {
			o.Ref = fmt.Append(o.Ref, " with a long handle")
		}
		if r.IntN(2) == 0 {
			o.Shared = fmt.Append(nil, "@host", r.IntN(3))
		}
		if late && r.IntN(10) == 0 {
			o.Time = at.Add(-time.Duration(r.IntN(200)) * time.Second)
		}
		o.Values = []KeyValue{{string("xyzXYZ"[r.IntN(6)]), true}, {fmt.Sprint(r.IntN(70)), r.IntN(20) > 0}, {fmt.Sprint("h", r.IntN(40)), r.IntN(20) > 0}}
		if r.IntN(9) == 0 {
			o.Values[1].Text = "1" // the same values, in other letters, and the same numbers written otherwise
		}
		if n := len(out); n > 0 && r.IntN(4) == 0 { // the event before, or one shortly before it, matched by another rule
			before := *out[n-1-r.IntN(min(n, 2))]
			before.Rule = o.Rule
			o = &before
		}
		if r.IntN(50) == 0 {
			o.Ref, o.Shared = nil, nil
		}
		out = append(out, o)
	}
	return out
}

func full(f *Firing) string {
	return fmt.Sprintf("%s %q at %v, %v to %v, %d, %v: %q", f.Correlation.ID, f.Group, f.Time.Sub(epoch), f.First.Sub(epoch), f.Last.Sub(epoch), f.Count, f.Value, f.Refs)
}

// TestAgainstPlain holds that the compact correlator hands out the same firings, in the same order, as the plain one, and loses
// the same; that a state saved and restored on the way changes nothing; and that nothing is left at the end.
func TestAgainstPlain(t *testing.T) {
	base := rand.Uint64()
	for round := range uint64(400) {
		seed := base + round
		r := rand.New(rand.NewPCG(seed, 3))
		s := newStream(EventCount, "a", "gte 1")
		for _, rule := range s.rules {
			rule.Needs = []string{"user", "n", "host"}
		}
		rules, in := randomRules(r, s), randomOccurrences(r, s)
		o := []CorrelatorOptions{{}, {MaxEpisode: 100 * time.Second}, {MaxRefs: 3, MaxWindow: 5}, {MaxGroups: 2}, {MaxWindow: 40, MaxEpisode: 1 << 62}}[r.IntN(5)]
		plain, err := newPlain(rules, o)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := NewCorrelator(rules, o)
		if err != nil {
			t.Fatal(err)
		}
		cut := -1
		if r.IntN(2) == 0 {
			cut = r.IntN(len(in))
		}
		want := firings(plain, in, -1, nil)
		got := firings(compact, in, cut, func() {
			state := save(t, compact)
			restore(t, compact, state)
			if diff := cmp.Diff(string(state), string(save(t, compact))); diff != "" {
				t.Fatalf("seed %d: a restored state is saved otherwise: %s", seed, diff)
			}
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, saved at %d (-plain +compact): %s", seed, cut, diff)
		}
		if n := compact.log.blocks.live() + compact.log.many.live() + compact.log.coded.live() + compact.groups.live() + compact.runs.live() + compact.words.live() + compact.texts.bytes.live() + compact.texts.table.n + len(compact.counts); n != 0 {
			t.Fatalf("seed %d, saved at %d: %d events, %d groups, %d runs, %d blocks, %d texts, %d maps are left", seed, cut, compact.log.blocks.live()+compact.log.many.live()+compact.log.coded.live(), compact.groups.live(),
				compact.runs.live(), compact.words.live(), compact.texts.bytes.live(), len(compact.counts))
		}
	}
}

func firings(c adder, in []*Occurrence, cut int, save func()) (out []string) {
	times := map[string]time.Time{}
	for _, o := range in {
		times[string(o.Ref)+string(o.Shared)] = o.Time
	}
	emit := func(f *Firing) {
		for i, at := range f.Times {
			if len(f.Times) != len(f.Refs) || !at.Equal(times[string(f.Refs[i])]) {
				out = append(out, fmt.Sprintf("event %d has the time %v", i, at))
			}
		}
		out = append(out, full(f))
	}
	for i, o := range in {
		if i == cut {
			save()
		}
		c.Add(o, emit)
	}
	c.Close(emit)
	return append(out, fmt.Sprintf("lost %d, let go %d, late %d", c.Lost(), c.LetGo(), c.Late()))
}

// TestArena holds that blocks don't overlap and keep what they hold, and that memory is used again.
func TestArena(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	a := arena[uint32]{unit: 1}
	held := map[uint32]int{}
	var order []uint32
	total := 0
	for round := range 20_000 {
		if len(order) > 0 && (r.IntN(2) == 0 || total > 1<<20) {
			i := r.IntN(len(order))
			h := order[i]
			order = slices.Delete(order, i, i+1)
			for k, w := range a.at(h)[:held[h]] {
				if w != h+uint32(k) {
					t.Fatalf("block %d of %d words: word %d is %d", h, held[h], k, w)
				}
			}
			total -= held[h]
			delete(held, h)
			a.release(h)
			continue
		}
		n := 1 + r.IntN(1<<r.IntN(16))
		h := a.alloc(n)
		if _, double := held[h]; double || h == 0 || len(a.at(h)) < n || n > 2 && len(a.at(h)) > n+n/2 {
			t.Fatalf("round %d: a block of %d words for %d", round, len(a.at(h)), n)
		}
		for k := range a.at(h) {
			a.at(h)[k] = h + uint32(k)
		}
		held[h], total = n, total+n
		order = append(order, h)
	}
	words := 0
	for _, c := range a.chunks {
		words += len(c.data)
	}
	if words > 4<<20 {
		t.Errorf("%d words of memory for at most %d", words, 1<<20)
	}
	if a.live() != len(order) {
		t.Errorf("%d blocks live, %d held", a.live(), len(order))
	}
}

// TestTable holds that texts are found as long as they are held.
func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	s := newStore(0)
	held := map[string]int{}
	for range 50_000 {
		text := strings.Repeat("x", r.IntN(3)) + fmt.Sprint(r.IntN(300))
		h := s.texts.hold([]byte(text))
		if string(s.texts.text(h)) != text {
			t.Fatalf("%q is held as %q", text, s.texts.text(h))
		}
		held[text]++
		for held[text] > 0 && r.IntN(3) > 0 {
			s.texts.drop(h)
			held[text]--
		}
	}
	n := 0
	for _, count := range held {
		if count > 0 {
			n++
		}
	}
	if s.texts.table.n != n || s.texts.bytes.live() != n {
		t.Errorf("%d texts, %d blocks, %d held", s.texts.table.n, s.texts.bytes.live(), n)
	}
}

// TestEvents holds that events are read as they were written, whatever their times and references.
func TestEvents(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	s := newStore(0)
	type written struct {
		handle      uint32
		at          time.Time
		ref, shared []byte
	}
	var held []written
	at := epoch
	for range 20_000 {
		at = at.Add([]time.Duration{0, 1, time.Millisecond, 7 * time.Second, -time.Hour, 1e9 * time.Second, -1e9 * time.Second, 999_999_999}[r.IntN(8)])
		w := written{at: at}
		if r.IntN(4) > 0 {
			w.ref = []byte(strings.Repeat(fmt.Sprint(r.IntN(9)), r.IntN(2*maxShort)))
		}
		if r.IntN(4) > 0 {
			w.shared = fmt.Append(nil, "host", r.IntN(5))
		}
		w.handle = s.newEvent(w.at, w.ref, w.shared)
		held = append(held, w)
		for len(held) > 0 && r.IntN(2) == 0 {
			i := r.IntN(len(held))
			w = held[i]
			held = slices.Delete(held, i, i+1)
			e := s.event(w.handle)
			if !s.timeOf(w.handle).Equal(w.at) || string(s.ref(&e)) != string(w.ref) || string(s.texts.text(e.shared)) != string(w.shared) {
				t.Fatalf("an event at %v, %q, %q is read as %v, %q, %q", w.at, w.ref, w.shared, s.timeOf(w.handle), s.ref(&e), s.texts.text(e.shared))
			}
			for _, d := range []time.Duration{-1, 0, 1} {
				if got := s.isBefore(w.handle, stampOf(w.at.Add(d))); got != (d > 0) {
					t.Fatalf("an event is before itself and %v: %v", d, got)
				}
			}
			s.drop(w.handle)
		}
	}
	for _, w := range held {
		s.drop(w.handle)
	}
	if n := s.log.blocks.live() + s.log.coded.live() + s.texts.bytes.live(); n != 0 {
		t.Errorf("%d blocks and texts are left", n)
	}
}
