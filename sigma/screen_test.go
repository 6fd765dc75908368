package sigma

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

func utf16LE(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// TestScreen holds that no text with a literal in it passes, wherever it stands and however it is written.
func TestScreen(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	lits := []string{"sekurlsa::", "privilege::debug", "kiwikiss", "größe::x", "ü", "né"}
	s := newScreen(lits)
	if newScreen([]string{"short"}) != nil {
		t.Error("a literal that is too short is accepted")
	}
	pieces := []string{"a", "K", "\u212a", "ſ", "é", "s", "::", " ", "x"}
	passed := 0
	for range 20000 {
		var b strings.Builder
		for range rnd.IntN(12) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		at := b.Len()
		lit := lits[rnd.IntN(len(lits))]
		if rnd.IntN(2) == 0 {
			lit = strings.ToUpper(lit)
		}
		if rnd.IntN(4) == 0 {
			lit = strings.NewReplacer("k", "\u212a", "s", "ſ").Replace(lit)
		}
		for range rnd.IntN(12) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		text := b.String()
		with := text[:at] + lit + text[at:]
		if !s.suspects(utf16LE(with)) || !s.suspectsUTF8([]byte(with)) {
			t.Fatalf("seed %d: %q passes", seed, with)
		}
		if !s.suspects(utf16LE(strings.Repeat("abc ", 5) + strings.ToValidUTF8(strings.ReplaceAll(strings.ReplaceAll(text, "ſ", ""), "\u212a", ""), ""))) {
			passed++
		}
	}
	if passed == 0 {
		t.Errorf("seed %d: nothing passes", seed)
	}
}
