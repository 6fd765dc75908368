package simd

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// TestEqualBut compares EqualBut with its plain twin.
func TestEqualBut(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	equal := 0
	for range 50000 {
		free := make([]uint32, rnd.IntN(6))
		a := make([]byte, 32*len(free))
		for i := range a {
			a[i] = byte(rnd.IntN(256))
			if rnd.IntN(8) == 0 {
				free[i/32] |= 1 << (i % 32)
			}
		}
		b := bytes.Clone(a)
		for i := range b {
			if free[i/32]>>(i%32)&1 != 0 || rnd.IntN(200) == 0 {
				b[i] = byte(rnd.IntN(256))
			}
		}
		if rnd.IntN(4) == 0 {
			b = b[:len(b)-min(rnd.IntN(40), len(b))]
			for i := len(b); i < len(a) && rnd.IntN(2) == 0; i++ {
				free[i/32] |= 1 << (i % 32)
			}
		} else {
			b = append(b, 1, 2, 3)
		}
		want := plainEqualBut(a, b, free)
		if got := EqualBut(a, b, free); got != want {
			t.Fatalf("seed %d: %v, plain %v\n%x\n%x\n%x", seed, got, want, a, b, free)
		}
		if want {
			equal++
		}
	}
	if equal < 10000 {
		t.Errorf("%d were equal", equal)
	}
}

// TestEqualButBits holds every bit to its byte.
func TestEqualButBits(t *testing.T) {
	for at := range 96 {
		a, b, free := make([]byte, 96), make([]byte, 96), make([]uint32, 3)
		b[at] = 1
		if EqualBut(a, b, free) {
			t.Errorf("byte %d is not seen to differ", at)
		}
		free[at/32] = 1 << (at % 32)
		if !EqualBut(a, b, free) {
			t.Errorf("byte %d is free, and looked at", at)
		}
	}
}

func BenchmarkEqualBut(b *testing.B) {
	const size = 640
	text, same, free := make([]byte, size), make([]byte, size), make([]uint32, size/32)
	for name, f := range map[string]func(_, _ []byte, _ []uint32) bool{"avx2": EqualBut, "plain": plainEqualBut} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				f(text, same, free)
			}
		})
	}
}
