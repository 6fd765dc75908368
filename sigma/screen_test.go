package sigma

import (
	"fmt"
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
	if newScreen([]string{"long enough", "short"}) != nil {
		t.Error("a literal that is too short is accepted")
	}
	passed, strides := 0, map[int]bool{}
	for _, lits := range [][]string{
		{"sekurlsa::", "privilege::debug", "kiwikiss", "größe::x", "ü", "né"},
		{"kissk::"},
		{"sekurlsa::"},
		{"privilege::debug", "kiwi kiss kiwi"},
		{"kkkkkkkkkk", "skskskskskss"},
	} {
		s := newScreen(lits)
		strides[s.stride] = true
		for range 5000 {
			text := randomText(rnd)
			lit := lits[rnd.IntN(len(lits))]
			if rnd.IntN(2) == 0 {
				lit = strings.ToUpper(lit)
			}
			if rnd.IntN(4) == 0 {
				lit = strings.NewReplacer("k", "\u212a", "s", "ſ").Replace(lit)
			} else if at := rnd.IntN(len(lit)); lit[at]|0x20 == 'k' {
				lit = lit[:at] + "\u212a" + lit[at+1:] // one of several
			}
			with := text + lit + randomText(rnd)
			if !s.suspects(utf16LE(with)) || !s.suspectsUTF8([]byte(with)) {
				t.Fatalf("seed %d: %q passes", seed, with)
			}
			plain := strings.Repeat("abc ", 5) + strings.NewReplacer("ſ", "", "\u212a", "").Replace(text)
			if !s.suspects(utf16LE(plain)) && !s.suspectsUTF8([]byte(plain)) {
				passed++
			}
		}
	}
	if passed == 0 || len(strides) < 4 {
		t.Errorf("seed %d: %d pass, strides %v", seed, passed, strides)
	}
}

// TestSweep holds that no piece of evidence with a literal in it passes, wherever it begins and however it is written, and that others do.
func TestSweep(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 2))
	if newSweep([]string{"größe::x"}) != nil || newSweep([]string{"ab"}) != nil || newSweep([]string{"::mimi", "eee"}) != nil {
		t.Error("literals are accepted that can't be swept for, or that are everywhere")
	}
	lits := []string{"sekurlsa::", "privilege::debug", "kiwi legit printer", "kkk::", "sks:sk"}
	s := newSweep(lits)
	passed := 0
	for range 20000 {
		noise := func(n int) (b []byte) {
			for range rnd.IntN(n) {
				b = append(b, byte(rnd.IntN(256)))
			}
			return b
		}
		lit := lits[rnd.IntN(len(lits))]
		for range rnd.IntN(4) {
			if at := rnd.IntN(len(lit)); lit[at] == 'k' || lit[at] == 's' {
				lit = lit[:at] + map[byte]string{'k': "\u212a", 's': "ſ"}[lit[at]] + lit[at+1:]
			} else if lit[at] < 0x80 {
				lit = lit[:at] + strings.ToUpper(lit[at:at+1]) + lit[at+1:]
			}
		}
		piece := append(noise(100), utf16LE(randomText(rnd)+lit)...)
		if piece = append(piece, noise(100)...); !s.In(piece) {
			t.Fatalf("seed %d: %q in %x passes", seed, lit, piece)
		}
		if !s.In(utf16LE(strings.Repeat(`C:\Windows\System32\svchost.exe -k`, 1+rnd.IntN(9)))) {
			passed++
		}
	}
	if passed < 20000 {
		t.Errorf("seed %d: %d pass", seed, passed)
	}
}

func randomText(rnd *rand.Rand) string {
	var b strings.Builder
	for range rnd.IntN(12) {
		b.WriteString([]string{"a", "K", "\u212a", "ſ", "é", "s", "::", " ", "x", "k", "ki"}[rnd.IntN(11)])
	}
	return b.String()
}

// TestScreenOfMany holds that the stride is smaller where there are many literals, and none is missed then.
func TestScreenOfMany(t *testing.T) {
	var lits []string
	for i := range 200 {
		lits = append(lits, fmt.Sprintf("keyword number %03d", i))
	}
	s := newScreen(lits)
	if s.stride >= mostStride || s.stride < leastStride {
		t.Errorf("a stride of %d for %d literals", s.stride, len(lits))
	}
	for _, lit := range lits {
		for at := range 9 {
			text := strings.Repeat("-", at) + strings.ToUpper(lit)
			if !s.suspects(utf16LE(text)) || !s.suspectsUTF8([]byte(text)) {
				t.Errorf("%q passes", text)
			}
		}
	}
}

// TestScreenOfAlike holds that literals which have one window cost a suspected text no more than one of them does.
func TestScreenOfAlike(t *testing.T) {
	var lits []string
	for i := range 5000 {
		lits = append(lits, fmt.Sprintf("::::::::%04x", i))
	}
	s := newScreen(lits)
	if len(s.windows) != 1 || s.suspects(utf16LE(strings.Repeat("::::abcd", 100))) || !s.suspects(utf16LE("x"+lits[7])) {
		t.Errorf("%d windows", len(s.windows))
	}
}
