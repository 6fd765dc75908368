// Package adaptive has locks that are waited for awake, for a while, before the waiting goroutine is put to sleep.
//
// Workers share what they learn, and what one of them is at the others mostly need in a moment. Package sync lets a goroutine sleep
// after a microsecond or so; its thread then goes to sleep, too, and has to be woken up: some 20 microseconds, 100 and more on a virtual machine,
// where the system may put it on the processor of another worker besides and notice only milliseconds later that its own one is idle. To
// stay awake costs less, as long as it has an end.
package adaptive

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// longest is for how long somebody waits awake.
const longest = 500 * time.Microsecond

// looks is how often somebody looks for what it waits for, a few nanoseconds each, before it looks at the clock.
const looks = 16

// Wait waits, for half a millisecond at most, until something is so, and says whether it is. It looks for that again and again, unless
// there is no other processor to bring it about.
func Wait(until func() bool) bool {
	if runtime.GOMAXPROCS(0) == 1 {
		return until()
	}
	for start := time.Now(); time.Since(start) < longest; {
		for range looks {
			if until() {
				return true
			}
		}
	}
	return false
}

// Mutex is a sync.Mutex that is waited for awake first.
type Mutex struct{ mu sync.Mutex }

// Lock waits until the lock is its own.
func (m *Mutex) Lock() {
	if m.mu.TryLock() || Wait(m.mu.TryLock) {
		return
	}
	m.mu.Lock()
}

// Unlock gives the lock back.
func (m *Mutex) Unlock() { m.mu.Unlock() }

// Once is a sync.Once whose first caller is waited for awake first.
type Once struct {
	done atomic.Bool
	mu   Mutex
}

// Do calls f if nobody has; it returns when f has returned, or has panicked.
func (o *Once) Do(f func()) {
	if !o.done.Load() { // apart, so that the compiler makes it part of the caller
		o.do(f)
	}
}

func (o *Once) do(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.done.Load() {
		defer o.done.Store(true)
		f()
	}
}
