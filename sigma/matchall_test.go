package sigma

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMatchAll matches random events of two engines in batches of any length and order, as texts and as they lie in evidence, and
// compares each with the plain evaluation.
func TestMatchAll(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 5))
	matched := 0
	for range 20 {
		var engines []*Engine
		var texts []string
		var g *generator
		for range 2 {
			g = &generator{rnd, rnd.IntN(2) == 0}
			var rules []string
			for i := range 20 {
				rules = append(rules, g.rule(i))
			}
			texts = append(texts, strings.Join(rules, "---\n"))
			engines = append(engines, compileTest(t, texts[len(texts)-1]))
		}
		m := NewMatcher()
		for range 30 {
			var batch []Bound
			var events []*testEvent
			var got, want [][]string
			for range rnd.IntN(40) {
				engine, e := engines[rnd.IntN(2)], g.event()
				b := engine.Bind(&e.schema)
				if b == nil {
					continue
				}
				r := Record(e)
				if rnd.IntN(3) > 0 {
					r = rawEvent{e}
				}
				batch, events, got, want = append(batch, Bound{b, r}), append(events, e), append(got, nil), append(want, engine.plainMatches(e))
			}
			last := 0
			m.MatchAll(batch, func(i int, match *Match) {
				if i < last {
					t.Errorf("seed %d: record %d after %d", seed, i, last)
				}
				last = i
				got[i] = append(got[i], match.Rule.Title)
			})
			for i := range batch {
				if !slices.Equal(got[i], want[i]) {
					t.Fatalf("seed %d: event %s matches %v, plainly %v\n%s", seed, events[i], got[i], want[i], strings.Join(texts, "\n\n"))
				}
				matched += len(want[i])
			}
		}
	}
	if matched == 0 {
		t.Errorf("seed %d: nothing matches", seed)
	}
}
