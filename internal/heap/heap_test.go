package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		live    uint64
		percent int
		want    int
	}{
		{0, 100, Floor * 100 / runtimeMinimum},
		{Floor / 4, 100, 300},
		{Floor / 2, 100, 100},
		{Floor / 2, 20, 100},
		{Floor / 4 * 3, 100, 100},
		{Floor / 4 * 3, 20, 46},
		{Floor / 8 * 7, 100, 100},
		{Floor / 8 * 7, 20, 31},
		{Floor, 20, 20},
		{4 * Floor, 100, 100},
	} {
		if got := percentFor(c.live, c.percent); got != c.want {
			t.Errorf("%d bytes live, at %d %%: %d, want %d", c.live, c.percent, got, c.want)
		}
	}
}

func TestSetGrowth(t *testing.T) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		t.Skip("the environment says how far the heap may grow")
	}
	defer debug.SetGCPercent(100)
	if before := SetGrowth(50); before != 100 {
		t.Errorf("before the first call: %d", before)
	}
	if before := SetGrowth(100); before != 50 {
		t.Errorf("before the second: %d", before)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range Floor / 4 / 1024 {
		kept = make([]byte, 1024)
	}
	runtime.ReadMemStats(&after)
	if after.NumGC != before.NumGC {
		t.Errorf("%d collections below the floor", after.NumGC-before.NumGC)
	}
	runtime.GC()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		growth.Lock()
		settled := growth.live == live()
		growth.Unlock()
		if settled {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("what the collector found is not taken in")
		}
	}
	t.Setenv("GOGC", "77")
	if before := SetGrowth(10); before != 100 || growth.percent != 100 {
		t.Errorf("GOGC is not left alone: %d, %d", before, growth.percent)
	}
}

var kept []byte
