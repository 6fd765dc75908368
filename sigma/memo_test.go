package sigma

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMemo keeps more values than there is room for, from several goroutines: what is found for a value is what one of them kept
// for it, and the bounds hold.
func TestMemo(t *testing.T) {
	const values = 2 * maxMemoEntries
	m := newMemo()
	var all sync.WaitGroup
	wrong := func(s *sight, n uint64) bool { return (s == nil) != (n%3 == 0) || s != nil && s.rules()[0] != int32(n) }
	found := make([]int, 3)
	for g := range found {
		all.Go(func() {
			last := &memoLast{}
			value := make([]byte, 300)
			for n := range uint64(3 * values) {
				n = n * (2*uint64(g) + 1) % values
				key, value := n%7<<8, value[:8+n%256]
				binary.LittleEndian.PutUint64(value, n)
				hash := m.hash(key, value)
				s, known := m.same(last, key, value)
				if !known {
					s, known = m.find(last, hash, key, value)
				}
				if !known {
					of := &studied{}
					if s = nil; n%3 > 0 {
						of.rules, of.atoms = []int32{int32(n)}, []int32{1}
						s = &sight{shown: []int32{int32(n)}, calls: 1}
					}
					if m.again(hash) {
						if kept, ok := m.keep(last, hash, key, value, of); ok {
							s = kept
						}
					}
				} else {
					found[g]++
				}
				if again, known := m.same(last, key, value); wrong(s, n) || known && wrong(again, n) {
					t.Errorf("%d came to %v, and then to %v", n, s, again)
					return
				}
			}
		})
	}
	all.Wait()
	table := m.table.Load()
	if m.count > maxMemoEntries || len(table.items) < 2*m.count || m.block >= len(table.text) {
		t.Errorf("%d values under %d items, %d blocks", m.count, len(table.items), m.block)
	}
	if m.door.Load() == nil {
		t.Error("values that come once are kept, however little room there is")
	}
	if slices.Max(found) == 0 {
		t.Error("nothing was found")
	}
}

// TestMatchersTogether lets several matchers look at the same random events, in different orders, and compares each with the plain
// evaluation. What one of them has seen in a value, or decided about it, the others make use of.
func TestMatchersTogether(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 3))
	for range 10 {
		g := &generator{rnd, rnd.IntN(2) == 0}
		var rules []string
		for i := range 20 {
			rules = append(rules, g.rule(i))
		}
		text := strings.Join(rules, "---\n")
		engine := compileTest(t, text)
		var events []*testEvent
		var want [][]string
		for range 60 {
			e := g.event()
			events, want = append(events, e), append(want, engine.plainMatches(e))
		}
		var all sync.WaitGroup
		for first := range 4 {
			all.Go(func() {
				m := NewMatcher()
				for i := range 4 * len(events) {
					k := (first*17 + i*(2*first+1)) % len(events)
					if got := engine.matchesWith(m, events[k]); !slices.Equal(got, want[k]) {
						t.Errorf("seed %d: event %s matches %v, plainly %v\n%s", seed, events[k], got, want[k], text)
						return
					}
				}
			})
		}
		all.Wait()
	}
}

// TestSightAdds notes decisions from several goroutines: what is known of an atom is what was noted.
func TestSightAdds(t *testing.T) {
	s := &sight{shown: []int32{int32(newSeenAtom(1000, markMaybe))}}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for a := range int32(2 * maxSeen) {
				if mark, known := s.of(a); known && mark != uint8(1+2*(a%2)) {
					t.Errorf("atom %d is marked %d", a, mark)
				}
				s.add(a, uint8(1+2*(a%2)))
			}
			s.set(1000, markHolds)
		})
	}
	all.Wait()
	if n := len(*s.more.Load()); n == 0 || n > maxSeen {
		t.Errorf("%d decisions are known", n)
	}
	if mark, known := s.of(1000); mark != markHolds || !known {
		t.Errorf("the one that was seen is marked %d", mark)
	}
}
