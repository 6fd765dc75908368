// Package heap tells the garbage collector how far the heap may grow before it is looked through.
//
// A hunt holds tens of megabytes of rules and makes little garbage. A collector that waits for the heap to double by its own
// measure begins at four megabytes, and looks through all rules four times to find next to nothing: a twentieth of a hunt's
// processor time. So the heap may grow to Floor in any case.
package heap

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// Floor is up to how many bytes the heap grows unseen.
const Floor = 112 << 20

// runtimeMinimum is the least heap that the runtime looks through, in bytes at a growth of 100 per cent.
const runtimeMinimum = 4 << 20

var growth struct {
	sync.Mutex
	percent int    // beyond Floor; 0: nobody has asked yet
	live    uint64 // for which it was set
	sample  [1]metrics.Sample
}

// SetGrowth lets the heap grow to Floor, and beyond it by percent of what lives, and returns what percent was before. Where
// GOGC or GOMEMLIMIT is set, it changes nothing: whoever runs the program knows better.
func SetGrowth(percent int) (before int) {
	growth.Lock()
	defer growth.Unlock()
	if before = growth.percent; before == 0 {
		before = 100
	}
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		if growth.percent == 0 {
			go watch()
		}
		growth.percent = percent
		settle()
	}
	return before
}

// watch takes in what the collector has found, for good. A look costs a microsecond. (To be told by a cleanup or a finalizer would cost
// nothing, but these run when memory is swept, which may be much later.)
func watch() {
	for range time.Tick(10 * time.Millisecond) {
		growth.Lock()
		if live() != growth.live {
			settle()
		}
		growth.Unlock()
	}
}

func settle() {
	growth.live = live()
	debug.SetGCPercent(percentFor(growth.live, growth.percent))
}

// percentFor returns by how many per cent a heap of which so many bytes live may grow: to Floor, unless it is half full
// already; from there on to what is allowed beyond it, in a slope instead of a step, so that there is always room for some garbage.
func percentFor(live uint64, percent int) int {
	const half = Floor / 2
	switch {
	case live == 0: // nobody has looked yet
		return max(percent, Floor*100/runtimeMinimum)
	case live <= half:
		return int((Floor - live) * 100 / live)
	case live < Floor:
		room := half + (live-half)*uint64(percent)/50 - (live - half)
		return max(int(room*100/live), 1)
	}
	return percent
}

// live returns how many bytes lived when the collector last looked.
func live() uint64 {
	growth.sample[0].Name = "/gc/heap/live:bytes"
	metrics.Read(growth.sample[:])
	return growth.sample[0].Value.Uint64()
}
