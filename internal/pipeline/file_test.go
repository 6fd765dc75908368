package pipeline

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

// TestTally compares what is counted of records in any order with what comparing each with each gives.
func TestTally(t *testing.T) {
	const seed = 3
	r := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		file := newFile(&evidence.File{}, 0)
		want := map[string]HostTally{}
		var first, last time.Time
		for range 1 + r.IntN(3) {
			var part tally
			at := time.Unix(r.Int64N(1<<31), 0)
			for range r.IntN(30) {
				at = at.Add(time.Duration(r.Int64N(5e9) - 1e9))
				record := &event.Record{Host: fmt.Sprint(r.IntN(1 + r.IntN(3))), Time: at, Recovered: r.IntN(4) == 0}
				switch r.IntN(10) {
				case 0:
					record.Time = time.Time{}
				case 1:
					record.Time = time.Date(r.IntN(3), 1, 1, 0, 0, r.IntN(3), r.IntN(3), time.UTC)
				}
				part.record(record)
				h := want[record.Host]
				h.Records++
				h.First, h.Last = span(h.First, h.Last, record.Time, record.Time)
				want[record.Host] = h
				first, last = span(first, last, record.Time, record.Time)
			}
			file.add(&part)
		}
		got := map[string]HostTally{}
		for name, h := range file.Hosts {
			got[name] = *h
		}
		if !maps.Equal(got, want) || file.First != first || file.Last != last {
			t.Fatalf("seed %d: %v to %v, %v\nwant %v to %v, %v", seed, file.First, file.Last, got, first, last, want)
		}
	}
}
