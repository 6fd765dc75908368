// Package heap tells the garbage collector how far the heap may grow before it is looked through.
//
// A hunt holds tens of megabytes of rules and makes little garbage. A collector that waits for the heap to double by its own
// measure begins at four megabytes, and looks through all rules four times to find next to nothing: a twentieth of a hunt's
// processor time. So the heap may grow to Floor in any case.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// Floor is up to how many bytes the heap grows unseen.
const Floor = 96 << 20

// runtimeMinimum is the least heap that the runtime looks through, in bytes at a growth of 100 per cent.
const runtimeMinimum = 4 << 20

var growth struct {
	sync.Mutex
	percent int // beyond Floor; 0: nobody has asked yet
}

// SetGrowth lets the heap grow to Floor, and beyond it by percent of what lives, and returns what percent was before. Where
// GOGC or GOMEMLIMIT is set, it changes nothing: whoever runs the program knows better.
func SetGrowth(percent int) (before int) {
	growth.Lock()
	defer growth.Unlock()
	before = growth.percent
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return max(before, 100)
	}
	growth.percent = percent
	debug.SetGCPercent(percentFor(live(), percent))
	if before == 0 {
		watch()
		return 100
	}
	return before
}

// percentFor returns by how many per cent a heap of which so many bytes live may grow.
func percentFor(live uint64, percent int) int {
	if live == 0 { // nobody has looked yet
		return max(percent, Floor*100/runtimeMinimum)
	}
	if live >= Floor {
		return percent
	}
	return max(percent, int((Floor-live)*100/live))
}

// live returns how many bytes lived when the collector last looked.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// watch sets the growth anew each time the collector has looked through the heap.
func watch() {
	type sentinel struct{ self *sentinel } // with a pointer, so that it is an object of its own
	runtime.AddCleanup(&sentinel{}, func(struct{}) {
		growth.Lock()
		debug.SetGCPercent(percentFor(live(), growth.percent))
		growth.Unlock()
		watch()
	}, struct{}{})
}
