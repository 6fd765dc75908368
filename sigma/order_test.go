package sigma

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestOrderingGrows orders numbers below limits at which one more word is needed, after smaller ones.
func TestOrderingGrows(t *testing.T) {
	for _, small := range []int{10, 4095, 4096, 4097} {
		for _, limit := range []int{4095, 4096, 4097, 8191, 8192, 8193, 12288} {
			var o ordering
			o.order([]int32{9, 3, 7, 1, 5, 2}, small)
			last := int32(limit - 1)
			if diff := cmp.Diff([]int32{1, 2, 3, 5, 7, last}, o.order([]int32{last, 3, 7, 1, 5, 2, last}, limit)); diff != "" {
				t.Errorf("below %d, after %d (-want +got)\n%s", limit, small, diff)
			}
		}
	}
}

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

// BenchmarkOrdering orders what three values of a record call for, of the rules about new processes: up to 48 of them. There are so many records that no guess is learnt; of few and short lists sorting is as quick.
func BenchmarkOrdering(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	called := make([][]int32, 1<<14)
	for i := range called {
		for range 3 {
			value := make([]int32, random.IntN(17))
			for k := range value {
				value[k] = random.Int32N(1417)
			}
			slices.Sort(value)
			called[i] = append(called[i], value...)
		}
	}
	list := make([]int32, 64)
	b.Run("bits", func(b *testing.B) {
		var o ordering
		for i := 0; b.Loop(); i++ {
			o.order(list[:copy(list, called[i%len(called)])], 1417)
		}
	})
	b.Run("sorted", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			own := list[:copy(list, called[i%len(called)])]
			slices.Sort(own)
			_ = slices.Compact(own)
		}
	})
}
