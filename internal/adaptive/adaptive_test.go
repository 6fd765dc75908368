package adaptive

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestMutex lets several goroutines count under a lock that is held for longer than anybody waits awake now and then.
func TestMutex(t *testing.T) {
	const workers, rounds = 4, 300
	var m Mutex
	var all sync.WaitGroup
	n := 0
	for range workers {
		all.Go(func() {
			for i := range rounds {
				m.Lock()
				n++
				if i%100 == 0 {
					time.Sleep(2 * longest)
				}
				m.Unlock()
			}
		})
	}
	all.Wait()
	if n != workers*rounds {
		t.Errorf("%d of %d", n, workers*rounds)
	}
}

// TestOnce lets all come at once: what is done is done once, and when anybody goes on.
func TestOnce(t *testing.T) {
	for _, takes := range []time.Duration{0, longest / 2, 3 * longest} {
		var o Once
		var calls, done atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				o.Do(func() {
					calls.Add(1)
					time.Sleep(takes)
					done.Store(1)
				})
				if done.Load() != 1 {
					t.Error("went on too soon")
				}
			})
		}
		all.Wait()
		if calls.Load() != 1 {
			t.Errorf("%d calls", calls.Load())
		}
	}
}

// TestOncePanics is done with what panicked, as sync.Once is.
func TestOncePanics(t *testing.T) {
	var o Once
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		o.Do(func() { panic("broken") })
	}()
	o.Do(func() { t.Error("called again") })
}

func TestWait(t *testing.T) {
	if Wait(func() bool { return false }) {
		t.Error("waited for what never comes, and it came")
	}
	n := 0
	if !Wait(func() bool { n++; return n == 3 }) && runtime.GOMAXPROCS(0) > 1 {
		t.Error("didn't wait")
	}
}
