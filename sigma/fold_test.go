package sigma

import (
	"math/rand/v2"
	"testing"
	"time"
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

func BenchmarkFold(b *testing.B) {
	s := []byte(`C:\Windows\System32\WindowsPowerShell\v1.0\PowerShell.exe -NoProfile -File C:\ProgramData\Example\Run.ps1`)
	var dst []byte
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		dst = appendFold(dst[:0], s)
	}
}
