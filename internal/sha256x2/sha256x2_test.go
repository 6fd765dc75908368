package sha256x2

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"math/rand/v2"
	"testing"
)

// paths are the ways that Write can go on this machine.
func paths() []bool {
	if available {
		return []bool{false, true}
	}
	return []bool{false}
}

func bytesOf(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func check(t *testing.T, h hash.Hash, data []byte) {
	t.Helper()
	if want := sha256.Sum256(data); !bytes.Equal(h.Sum(nil), want[:]) {
		t.Fatalf("hash of %d bytes: %x, crypto/sha256 says %x", len(data), h.Sum(nil), want)
	}
}

// TestForm fails when the binary form of crypto/sha256's hashes is no longer the one that is known here: then Write would still be
// right, but slow.
func TestForm(t *testing.T) {
	h := sha256.New()
	h.Write(make([]byte, 70))
	var f form
	rest, ok := f.begin(h, make([]byte, 64))
	if !ok || len(rest) != 6 || f.length() != 128 {
		t.Fatalf("the binary form of a hash is not known: %v, %d bytes left, length %d", ok, len(rest), f.length())
	}
	if rest = f.end(h, make([]byte, 64), 0); len(rest) != 64 {
		t.Fatalf("%d bytes left", len(rest))
	}
	check(t, h, make([]byte, 128))
}

// TestLengths hashes all pairs of short lengths.
func TestLengths(t *testing.T) {
	data := bytesOf(rand.New(rand.NewPCG(1, 1)), 600)
	for _, both := range paths() {
		for n := range 301 {
			for m := range 301 {
				a, b := sha256.New(), sha256.New()
				new(Pair).write(a, b, data[:n], data[299:299+m], both)
				check(t, a, data[:n])
				check(t, b, data[299:299+m])
			}
		}
	}
}

// TestSums hashes all pairs of short messages.
func TestSums(t *testing.T) {
	data := bytesOf(rand.New(rand.NewPCG(2, 1)), 600)
	m := new(Pair)
	for _, both := range paths() {
		for n := range 301 {
			for k := range 301 {
				p, q := data[:n], data[299:299+k]
				if a, b := m.sums(p, q, both); a != sha256.Sum256(p) || b != sha256.Sum256(q) {
					t.Fatalf("hashes of %d and %d bytes: %x, %x", n, k, a, b)
				}
			}
		}
	}
}

// TestOddWrites writes two streams in pieces that fit neither blocks nor each other.
func TestOddWrites(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	for _, both := range paths() {
		for range 300 {
			p, q := bytesOf(r, r.IntN(5000)), bytesOf(r, r.IntN(5000))
			a, b := sha256.New(), sha256.New()
			most := 1 + r.IntN(2000)
			for i, j := 0, 0; i < len(p) || j < len(q); {
				n, m := min(r.IntN(most+1), len(p)-i), min(r.IntN(most+1), len(q)-j)
				new(Pair).write(a, b, p[i:i+n], q[j:j+m], both)
				i, j = i+n, j+m
			}
			if want := sha256.Sum256(p); !bytes.Equal(a.Sum(nil), want[:]) {
				t.Fatalf("seed %d: the first stream of %d and %d bytes", seed, len(p), len(q))
			}
			if want := sha256.Sum256(q); !bytes.Equal(b.Sum(nil), want[:]) {
				t.Fatalf("seed %d: the second stream of %d and %d bytes", seed, len(p), len(q))
			}
		}
	}
}

// TestLong hashes buffers of megabytes, and the end of one stream after the other.
func TestLong(t *testing.T) {
	data := bytesOf(rand.New(rand.NewPCG(3, 3)), 3<<20+7)
	for _, both := range paths() {
		for _, lengths := range [][2]int{{3 << 20, 3 << 20}, {3<<20 + 7, 1<<20 + 1}, {64, 3<<20 + 6}, {0, 1 << 20}} {
			a, b := sha256.New(), sha256.New()
			p, q := data[:lengths[0]], data[len(data)-lengths[1]:]
			new(Pair).write(a, b, p, q, both)
			check(t, a, p)
			check(t, b, q)
		}
	}
}

// stranger is a hash that says nothing of its state, or says it and doesn't take it back.
type stranger struct {
	hash.Hash
	says bool
}

// AppendBinary is part of encoding.BinaryAppender.
func (s stranger) AppendBinary(b []byte) ([]byte, error) {
	if !s.says {
		return nil, fmt.Errorf("it doesn't")
	}
	return s.Hash.(interface{ AppendBinary([]byte) ([]byte, error) }).AppendBinary(b)
}

// TestStrangers gives the right hash where a state can't be taken out or put back.
func TestStrangers(t *testing.T) {
	data := bytesOf(rand.New(rand.NewPCG(4, 4)), 1000)
	for _, both := range paths() {
		for _, says := range []bool{false, true} {
			a, b := hash.Hash(stranger{sha256.New(), says}), sha256.New()
			for range 3 {
				a, b = b, a
				a.Reset()
				b.Reset()
				new(Pair).write(a, b, data[:100], data[:333], both)
				new(Pair).write(a, b, data[100:], data[333:], both)
				check(t, a, data)
				check(t, b, data)
			}
		}
	}
}

// FuzzWrite cuts a text into two streams and each of these into two writes.
func FuzzWrite(f *testing.F) {
	long := bytesOf(rand.New(rand.NewPCG(5, 5)), 1000)
	f.Add([]byte("abc"), uint16(1), uint16(1), uint16(0))
	f.Add(long, uint16(500), uint16(64), uint16(192))
	f.Add(long, uint16(499), uint16(63), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, at, first, second uint16) {
		p, q := data[:min(int(at), len(data))], data[min(int(at), len(data)):]
		i, j := min(int(first), len(p)), min(int(second), len(q))
		for _, both := range paths() {
			a, b := sha256.New(), sha256.New()
			new(Pair).write(a, b, p[:i], q[:j], both)
			new(Pair).write(a, b, p[i:], q[j:], both)
			check(t, a, p)
			check(t, b, q)
		}
	})
}

// BenchmarkWrite hashes two streams one after the other and both at once, in the steps in which evidence is read.
func BenchmarkWrite(b *testing.B) {
	p, q := make([]byte, 128<<10), make([]byte, 128<<10)
	for _, both := range paths() {
		b.Run(map[bool]string{false: "one_stream", true: "two_streams"}[both], func(b *testing.B) {
			var m Pair
			x, y := sha256.New(), sha256.New()
			b.SetBytes(int64(len(p) + len(q)))
			b.ReportAllocs()
			for b.Loop() {
				m.write(x, y, p, q, both)
			}
		})
	}
}
