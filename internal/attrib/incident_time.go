package attrib

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// clock finds the time of an incident. Each rule has one vote, the time that it fired last, by how much it shows; the median of them
// is taken, so that neither a rule that fires every day nor one old record moves it.
type clock map[string]*tick

type tick struct {
	last   time.Time
	weight float64
}

// note hears a finding that shows something of the actor.
func (c clock) note(rule string, f *finding.Finding) {
	last := f.Time
	if f.Last.After(last) {
		last = f.Last
	}
	if last.IsZero() {
		return
	}
	t := c[rule]
	if t == nil {
		t = &tick{}
		c[rule] = t
	}
	t.weight = math.Max(t.weight, sureness[finding.LevelRank(f.Level)])
	if last.After(t.last) {
		t.last = last
	}
}

// time returns the median, the time that is none if no finding has one.
func (c clock) time() time.Time {
	rules := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		return cmp.Or(c[a].last.Compare(c[b].last), strings.Compare(a, b))
	})
	whole, sum := 0.0, 0.0
	for _, rule := range rules {
		whole += c[rule].weight
	}
	for _, rule := range rules {
		if sum += c[rule].weight; sum >= whole/2 {
			return c[rule].last
		}
	}
	return time.Time{}
}
