package evtx

import (
	"fmt"
	"sync"
	"testing"
)

// TestTable looks from several goroutines while one puts in and empties. What is found is what was put in; after a put and before
// the next emptying, it is found. Hashes collide on purpose.
func TestTable(t *testing.T) {
	type thing struct{ hash, name uint64 }
	var tab table[thing]
	find := func(n uint64) *thing { return tab.find(n%50*64, func(e *thing) bool { return e.name == n }) }
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for n := uint64(0); ; n++ {
				select {
				case <-done:
					return
				default:
				}
				if e := find(n % 2000); e != nil && (e.name != n%2000 || e.hash != e.name%50*64) {
					t.Errorf("found %v for %d", e, n%2000)
				}
			}
		})
	}
	for range 3 {
		for n := range uint64(2000) {
			if find(n) != nil {
				t.Fatalf("%d is there already", n)
			}
			e := &thing{n % 50 * 64, n}
			tab.put(e.hash, e)
			if find(n) != e || find(n/2) == nil || find(2000+n) != nil {
				t.Fatalf("%d: found %v", n, find(n))
			}
		}
		if tab.count != 2000 || len(*tab.slots.Load()) < 4000 || len(*tab.slots.Load()) > 8192 {
			t.Errorf("%d entries in %d slots", tab.count, len(*tab.slots.Load()))
		}
		tab.empty()
	}
	close(done)
	readers.Wait()
}

// TestLayoutsOfSeveralGoroutines asks for the same layouts from several: for each key all get one, and no two have a number.
func TestLayoutsOfSeveralGoroutines(t *testing.T) {
	var c Cache
	var got [4][300]*Layout
	var all sync.WaitGroup
	for g := range got {
		all.Go(func() {
			for i := range got[g] {
				got[g][i] = c.layout(fmt.Append(nil, i), func() *Layout { return &Layout{} })
			}
		})
	}
	all.Wait()
	numbers := map[uint64]bool{}
	for i, l := range got[0] {
		if numbers[l.Number] || l != got[1][i] || l != got[2][i] || l != got[3][i] {
			t.Errorf("layout %d differs, or its number %d is another's", i, l.Number)
		}
		numbers[l.Number] = true
	}
}
