package simd

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestClasses(t *testing.T) {
	odd := func(c byte) bool { return c&0x7f == 2 || c&0x7f == 0x33 || c > 0xf0 }
	c, bits := MakeClasses(func(c byte) bool { return c == 0x21 }, odd)
	for i := range 256 {
		if got, want := c.Of(byte(i))&bits[1] != 0, odd(byte(i)); got != want {
			t.Errorf("%#x: %v", i, got)
		}
		if got, want := c.Of(byte(i))&bits[0] != 0, i == 0x21; got != want {
			t.Errorf("%#x: %v", i, got)
		}
	}
}

// TestSlots compares Slots with its plain twin.
func TestSlots(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	c, _ := MakeClasses(func(c byte) bool { return c == 0x21 }, func(c byte) bool { return c&0x7f == 2 || c > 0xf0 })
	for range 20000 {
		n := rnd.IntN(70)
		descriptors := make([]byte, 4*n, 4*n+rnd.IntN(64))
		for i := range descriptors[:cap(descriptors)] {
			descriptors[:cap(descriptors)][i] = byte(rnd.IntN(256))
		}
		for i := range n {
			if rnd.IntN(50) > 0 { // a sum within a chunk
				binary.LittleEndian.PutUint16(descriptors[4*i:], uint16(rnd.IntN(900)))
			}
			if rnd.IntN(5) > 0 {
				descriptors[4*i+2] = byte(rnd.IntN(0x16))
			}
		}
		pos := rnd.IntN(5000)
		slots := make([]uint64, n, n+rnd.IntN(10))
		end, classes, marked := Slots(slots, descriptors, pos, &c)
		want := make([]uint64, n)
		wantEnd, wantClasses, wantMarked := plainSlots(want, descriptors, pos, &c)
		if end != wantEnd || classes != wantClasses || n <= 64 && marked != wantMarked || end < 1<<16 && !slices.Equal(slots, want) {
			t.Fatalf("seed %d: %d descriptors at %d end at %d, plain %d; classes %#x, plain %#x, marked %#x, plain %#x\n%x\n%x", seed, n, pos, end, wantEnd, classes, wantClasses, marked, wantMarked, slots, want)
		}
	}
}

func BenchmarkSlots(b *testing.B) {
	var c Classes
	descriptors := make([]byte, 4*13, 4*16)
	slots := make([]uint64, 13, 16)
	b.Run("avx2", func(b *testing.B) {
		for b.Loop() {
			Slots(slots, descriptors, 0, &c)
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			plainSlots(slots, descriptors, 0, &c)
		}
	})
}
