package simd

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// plainJSON16 is JSON16, one by one.
func plainJSON16(dst, units []byte) (written, read int) {
	for ; len(units) >= 2; units = units[2:] {
		u := binary.LittleEndian.Uint16(units)
		switch {
		case u == '"' || u == '\\':
			dst[written] = '\\'
			written++
		case u < 0x20 || u >= 0x7f || u == '<' || u == '>' || u == '&':
			return written, read
		}
		dst[written] = byte(u)
		written++
		read++
	}
	return written, read
}

// TestJSON16 compares JSON16 with its plain twin.
func TestJSON16(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	compared := 0
	for range 50000 {
		n := rnd.IntN(80)
		units := make([]byte, 2*n+rnd.IntN(2), 2*n+rnd.IntN(64)+1)
		for i := range units[:cap(units)] {
			if i%2 == 0 || rnd.IntN(300) == 0 {
				units[:cap(units)][i] = byte(rnd.IntN(256))
			}
			if i%2 == 0 && rnd.IntN(10) > 0 {
				units[:cap(units)][i] = `C:\Windows "x" y`[rnd.IntN(16)]
			}
		}
		dst, want := make([]byte, 2*n+16), make([]byte, 2*n+16)
		written, read := JSON16(dst, units)
		wantWritten, wantRead := plainJSON16(want, units)
		if read == 0 && (!Available || cap(units) < 2*n+32) {
			continue
		}
		compared++
		if written != wantWritten || read != wantRead || !bytes.Equal(dst[:written], want[:written]) {
			t.Fatalf("seed %d: %d bytes of %d units, plain %d of %d\n%q\n%q\n%q", seed, written, read, wantWritten, wantRead, units, dst[:written], want[:wantWritten])
		}
	}
	if Available && compared < 10000 {
		t.Errorf("%d compared", compared)
	}
}

// TestJSON16Bytes holds every unit below 0x180, and some above, to what is said of it.
func TestJSON16Bytes(t *testing.T) {
	for u := range 0x10000 {
		units := make([]byte, 2*20, 2*20+32)
		for i := range 20 {
			units[2*i] = 'a'
		}
		at := u % 20
		units[2*at], units[2*at+1] = byte(u), byte(u>>8)
		dst, want := make([]byte, 56), make([]byte, 56)
		written, read := JSON16(dst, units)
		wantWritten, wantRead := plainJSON16(want, units)
		if Available && (written != wantWritten || read != wantRead || !bytes.Equal(dst[:written], want[:written])) {
			t.Fatalf("%#x: %q, plain %q", u, dst[:written], want[:wantWritten])
		}
	}
}

func TestPlainRun(t *testing.T) {
	for c := range 256 {
		for at := range 100 {
			b := bytes.Repeat([]byte("~"), 100)
			b[at] = byte(c)
			want := slices.IndexFunc(b, func(c byte) bool { return c >= 0x7f })
			if want < 0 {
				want = len(b)
			}
			if got := PlainRun(b); got > want || Available && got < want-31 {
				t.Fatalf("%#x at %d: %d", c, at, got)
			}
		}
	}
}

func BenchmarkJSON16(b *testing.B) {
	const path = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -NoProfile`
	units := make([]byte, 2*len(path), 2*len(path)+32)
	for i := range len(path) {
		units[2*i] = path[i]
	}
	dst := make([]byte, 2*len(path)+16)
	for name, f := range map[string]func(_, _ []byte) (int, int){"avx2": JSON16, "plain": plainJSON16} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(units)))
			for b.Loop() {
				f(dst, units)
			}
		})
	}
}
