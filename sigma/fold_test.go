package sigma

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// plainFold folds rune by rune.
func plainFold(s string) (out []byte) {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			out = append(out, s[0])
		} else {
			out = utf8.AppendRune(out, foldSlow(r))
		}
		s = s[n:]
	}
	return out
}

func TestAppendFold(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	for c := range 256 { // each byte at each place of eight
		for at := range 8 {
			s := []byte("@AZ[`az{")
			s[at] = byte(c)
			if got, want := string(appendFold(nil, s)), string(plainFold(string(s))); got != want {
				t.Fatalf("%q is folded to %q, plainly to %q", s, got, want)
			}
		}
	}
	pieces := []string{"A", "z", "0", "É", "ſ", "\u212a", "\xff", "\x80", "語", "ABCDEFGHIJ"}
	for range 2000 {
		s := ""
		for range rnd.IntN(20) {
			s += pieces[rnd.IntN(len(pieces))]
		}
		if got, want := foldString(s), string(plainFold(s)); got != want {
			t.Fatalf("seed %d: %q is folded to %q, plainly to %q", seed, s, got, want)
		}
	}
}

// TestEqual16 compares equal16 with what the texts are in UTF-8.
func TestEqual16(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 2))
	units := []uint16{'a', 'A', 'k', 'K', 's', 0x212a, 0x17f, 'z', '[', '{', 0xe9, 0xc9, 0xd800, 0xdc00, 0}
	random := func(n int) (raw []byte) {
		for range n {
			u := units[rnd.IntN(len(units)-1)]
			if rnd.IntN(30) == 0 {
				u = 0
			}
			raw = binary.LittleEndian.AppendUint16(raw, u)
		}
		return raw
	}
	text := func(raw []byte, cased bool) string {
		var u []uint16
		for ; len(raw) >= 2 && raw[0]|raw[1] != 0; raw = raw[2:] {
			u = append(u, binary.LittleEndian.Uint16(raw))
		}
		s := string(utf16.Decode(u))
		if cased {
			return s
		}
		return foldString(s)
	}
	said := map[[2]bool]int{}
	for range 100_000 {
		a := random(rnd.IntN(20))
		b := append(bytes.Clone(a), random(rnd.IntN(3))...)
		for range rnd.IntN(3) {
			if len(b) > 1 {
				binary.LittleEndian.PutUint16(b[rnd.IntN(len(b)/2)*2:], units[rnd.IntN(len(units))])
			}
		}
		if rnd.IntN(4) == 0 {
			a, b = append(a, 'x')[:len(a)+rnd.IntN(2)], append(b, 0)[:len(b)+rnd.IntN(2)]
		}
		if rnd.IntN(2) == 0 {
			a, b = b, a
		}
		cased := rnd.IntN(2) == 0
		got, ok := equal16(a, b, cased)
		if want := text(a, cased) == text(b, cased); ok && got != want {
			t.Fatalf("seed %d: %x and %x, cased %v: %v, plainly %v", seed, a, b, cased, got, want)
		}
		said[[2]bool{got, ok}]++
	}
	if said[[2]bool{true, true}] < 1000 || said[[2]bool{false, true}] < 1000 || said[[2]bool{false, false}] < 1000 {
		t.Errorf("seed %d: answers %v", seed, said)
	}
}

func BenchmarkFold(b *testing.B) {
	s := []byte(`C:\Windows\System32\WindowsPowerShell\v1.0\PowerShell.exe -NoProfile -File C:\ProgramData\Example\Run.ps1`)
	var dst []byte
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		dst = appendFold(dst[:0], s)
	}
}
