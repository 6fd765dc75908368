package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// plainFind finds literals one after the other.
func plainFind(lits []string, text string) (found []string) {
	for n, lit := range lits {
		for i := 0; i+len(lit) <= len(text); i++ {
			if text[i:i+len(lit)] == lit {
				found = append(found, fmt.Sprint(n, "@", i+len(lit)))
			}
		}
	}
	slices.Sort(found)
	return found
}

func all(int) bool { return true }

func checkFinder(t *testing.T, lits []string, text string) {
	t.Helper()
	var found []string
	f := newFinder(lits)
	f.find([]byte(text), f.choose(all), func(lit, _, end int) { found = append(found, fmt.Sprint(lit, "@", end)) })
	slices.Sort(found)
	if want := plainFind(lits, text); !slices.Equal(found, want) {
		t.Fatalf("literals %q in %q: found %v, plainly %v", lits, text, found, want)
	}
}

func TestFinder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	word := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte("abcd\\\x00"[rnd.IntN(6)])
		}
		return b.String()
	}
	for range 300 {
		known := map[string]bool{}
		for range 1 + rnd.IntN(60) {
			known[word(1+rnd.IntN(9))] = true
		}
		var lits []string
		for lit := range known {
			lits = append(lits, lit)
		}
		for range 5 {
			checkFinder(t, lits, word(rnd.IntN(60)))
		}
	}
}

// TestFinderLong looks for literals whose rarest grams lie beyond what an entry can say of its place.
func TestFinderLong(t *testing.T) {
	long := strings.Repeat("e", 1<<16) + "qzjx"
	checkFinder(t, []string{long, "eeeeqzjx", "xx"}, "ee"+long+"x")
}

// FuzzFinder looks for the words of one text in another.
func FuzzFinder(f *testing.F) {
	f.Add("ab abc abcd abcde b", "xabcdeab")
	f.Add("\\ .exe cmd.exe /c", `c:\cmd.exe /c .ex`)
	f.Fuzz(func(t *testing.T, words, text string) {
		lits := strings.Fields(words)
		slices.Sort(lits)
		if lits = slices.Compact(lits); len(lits) > 0 && len(lits) < 200 && len(text) < 1000 {
			checkFinder(t, lits, text)
		}
	})
}

func BenchmarkFinder(b *testing.B) {
	shared(b, "sigma/rules")
	c, _ := corpusRules()
	engine, _ := Compile(c, Options{})
	index := engine.fields["CommandLine"]
	text := pad(appendFold(nil, processCreation.values[10][0]))
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			newFinder(index.lits)
		}
	})
	b.Run("find", func(b *testing.B) {
		f, n := newFinder(index.lits), 0
		only := f.choose(all)
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			f.find(text, only, func(int, int, int) { n++ })
		}
	})
}
