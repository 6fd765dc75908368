package simd

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestTriples compares In with its plain twin, on bytes of which some are as the triples have them, and with what was added.
func TestTriples(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	if !Available {
		t.Log("the processor has no AVX2: the twin is compared with itself")
	}
	if !Wide {
		t.Log("the processor has no AVX-512 with VBMI: that is not compared")
	}
	found := 0
	for range 20000 {
		var tr Triples
		words := make([][3]byte, 1+rnd.IntN(12))
		for i := range words {
			for k := range words[i] {
				words[i][k] = byte(rnd.IntN(0x80))
				tr.Add(i%Sets, k, words[i][k])
			}
		}
		b := make([]byte, LeastTriples+rnd.IntN(200))
		for i := range b {
			if b[i] = byte(rnd.IntN(256)); rnd.IntN(3) == 0 {
				b[i] = words[rnd.IntN(len(words))][rnd.IntN(3)]
			}
		}
		if rnd.IntN(2) == 0 {
			tr.Ready()
		}
		got, want := tr.In(b), tr.plainIn(b)
		if got != want {
			t.Fatalf("seed %d: %v, plain %v, words %x in %x", seed, got, want, words, b)
		}
		if got {
			found++
		}
		clear(b)
		w, at := words[rnd.IntN(len(words))], rnd.IntN(len(b)-TripleSize+1)
		b[at], b[at+2], b[at+4] = w[0], w[1], w[2]
		if !tr.In(b) {
			t.Fatalf("seed %d: %x at %d of %d is not found", seed, w, at, len(b))
		}
	}
	if found == 0 || found == 20000 {
		t.Errorf("seed %d: found in %d", seed, found)
	}
}

func BenchmarkTriples(b *testing.B) {
	var tr Triples
	tr.Add(0, 0, 'k')
	tr.Add(0, 1, 'i')
	tr.Add(0, 2, 'w')
	text := make([]byte, 64<<10)
	for i := 0; i < len(text); i += 2 {
		text[i] = "C:\\Windows\\System32\\svchost.exe "[i/2%32]
	}
	b.Run("avx2", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tr.In(text)
		}
	})
	tr.Ready()
	b.Run("avx512", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tr.In(text)
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tr.plainIn(text)
		}
	})
}
