package parser

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// TestMutation damages every input in many ways. Nothing may panic, hang, take much memory, or answer differently
// the second time.
func TestMutation(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 12
	}
	for _, s := range samples(t) {
		for seed := range seeds {
			readDamaged(t, s, seed)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.Sys > 1<<30 {
		t.Errorf("%d MiB of memory taken", m.Sys>>20)
	}
}

func readDamaged(t *testing.T, s sample, seed uint64) {
	done := false
	defer func() {
		if !done {
			t.Logf("%s, seed %d", s.path, seed)
		}
	}()
	bad := sample{s.parser, s.path, testkit.Mutate(s.data, seed)}
	start := time.Now()
	first := collect(t, bad.parser, bad.input())
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("%s, seed %d: %v for %d bytes", s.path, seed, d, len(bad.data))
	}
	if again := collect(t, bad.parser, bad.input()); !bytes.Equal(first.golden(), again.golden()) {
		t.Errorf("%s, seed %d: the second reading differs", s.path, seed)
	}
	done = true
}

// TestAnyParser gives every input to every parser: what a file is, its name may have lied about.
func TestAnyParser(t *testing.T) {
	for _, s := range samples(t) {
		for _, p := range All() {
			other := sample{p, s.path, s.data}
			collect(t, p, other.input())
		}
	}
}
