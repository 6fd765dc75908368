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
			part := tallies.Get().(*tally)
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
			file.add(part)
			part.release()
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

// TestHostsBeyond reads records of more hosts than there is room for: the first of them are kept, and none of the others.
func TestHostsBeyond(t *testing.T) {
	file := newFile(&evidence.File{}, 0)
	for from := range 2 {
		part := tallies.Get().(*tally)
		for i := range maxHosts {
			part.record(&event.Record{Host: fmt.Sprint(i + from*10), Time: time.Unix(1, 0)})
			part.record(&event.Record{Host: fmt.Sprint(i + from*10 + maxHosts), Time: time.Unix(1, 0)})
		}
		if len(part.hosts) != maxHosts {
			t.Errorf("a part counts %d hosts", len(part.hosts))
		}
		file.add(part)
		part.release()
	}
	for i := range maxHosts / 2 {
		if a, b := file.Hosts[fmt.Sprint(i)], file.Hosts[fmt.Sprint(i+maxHosts)]; a == nil || b == nil {
			t.Fatalf("host %d was dropped for one that came later", i)
		}
	}
	if len(file.Hosts) != maxHosts || file.Records != 4*maxHosts {
		t.Errorf("%d hosts, %d records", len(file.Hosts), file.Records)
	}
}
