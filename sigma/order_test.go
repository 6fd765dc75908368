package sigma

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestOrdering compares an ordering with sorting, for lists of all kinds, one after the other.
func TestOrdering(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var o ordering
	for range 20000 {
		list := make([]int32, random.IntN(40))
		most := 1 + random.Int32N(1<<random.IntN(14))
		for i := range list {
			list[i] = random.Int32N(most)
		}
		if random.IntN(4) == 0 {
			slices.Sort(list)
		}
		want := slices.Clone(list)
		slices.Sort(want)
		want = slices.Compact(want)
		was := slices.Clone(list)
		if diff := cmp.Diff(want, o.order(list, int(most)+random.IntN(2)*random.IntN(1<<14)), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%v (-want +got)\n%s", was, diff)
		}
	}
}
