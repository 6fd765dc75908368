package sigma

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var dfaTexts = []string{
	"", "a", "ab", "b a\nab\n", "xxabab.exe", "\xff\xfe", "é É ſ K \u212a", "_ab ab_", strings.Repeat("ab", 200) + "c", "\n", "a\r\nb", "ab1ab2ab3 ab1ab2ab.", "abefg acg", "éééééé ééé", "\xc3\xc3\xa9aaaaaaaa\naaaaaaaa", "Kſ", "日本 a-b",
}

// checkDFA holds a dfa to what the expression itself says of texts.
func checkDFA(t *testing.T, text string, texts []string) {
	t.Helper()
	plain, err := regexp.Compile(text)
	if err != nil {
		return
	}
	d := newDFA(text, &dfaRoom{maxDFABytes})
	if d == nil {
		return
	}
	lits := required(text)
	for _, s := range texts {
		found := lits == nil
		for _, lit := range lits {
			found = found || strings.Contains(foldString(s), string(lit))
		}
		if d.run.all && d.run.holds([]byte(s)) != plain.MatchString(s) {
			t.Fatalf("expression %q, text %q: runs are miscounted", text, s)
		}
		if plain.MatchString(s) && !(found && d.run.possible([]byte(s))) {
			t.Fatalf("expression %q, text %q: none of %q, or no run of %d", text, s, lits, d.run.length)
		}
		if got, ok := d.match([]byte(s)); ok && got != plain.MatchString(s) {
			t.Fatalf("expression %q, text %q: %v", text, s, got)
		}
	}
}

func TestDFA(t *testing.T) {
	for _, text := range []string{
		"", "a", "^a", "a$", "^$", `\bab\b`, `\Bab`, `(?m)^ab$`, `(?i)k`, `(?i)S`, `(?s)a.b`, "a.b", "(ab){1,3}c", "(ab)*", `[^\x00-\x7f]`, `\x{ff}`, `�`,
		`(a|ab)(c|bcd)`, `\A\z`, "a*b*c*$", `(a?){20}a{20}`, `[[:word:]]+\.exe`, `(a|b|c|d|e|f).{8}z`, `(?:a|b)*a(?:a|b){12}`, `x?[ab]{9,}`, `.{9,}`, `(?s).{12}`, `([^x]{8,20})`, `[^\\n]{8}`, `(.{8})+`, `([0-9a-b]{8})+\\.`, `a[bc](d|ef)?g`, `(?i)[k-l]s`, `a{0}b`, `(a|)b`, `[ab]\bc`,
	} {
		checkDFA(t, text, dfaTexts)
	}
}

// TestDFAStartsAnew matches an expression with more states than there is room for.
func TestDFAStartsAnew(t *testing.T) {
	text := `(?:a|b)*a(?:a|b){14}c`
	plain, d := regexp.MustCompile(text), newDFA(text, &dfaRoom{maxDFABytes})
	seed := uint32(1)
	for range 200 {
		var s []byte
		for range 400 {
			seed = seed*1664525 + 1013904223
			s = append(s, "ab"[seed>>16&1])
		}
		s = append(s, 'c')
		got, ok := d.match(s)
		if ok && got != plain.Match(s) {
			t.Fatalf("text %q: %v", s, got)
		}
		if len(d.states) > maxDFAStates {
			t.Fatalf("%d states", len(d.states))
		}
	}
	if d.used > maxDFABytes || d.room.left+d.used != maxDFABytes {
		t.Errorf("%d bytes are used, %d left", d.used, d.room.left)
	}
	if d.starts <= maxDFAStarts {
		t.Errorf("it started %d times", d.starts)
	}
}

// TestDFACorpus tries every expression of the shared rules.
func TestDFACorpus(t *testing.T) {
	shared(t, "sigma/rules")
	c, _ := corpusRules()
	n := 0
	for _, r := range c.Rules {
		r.detection.root.eachAtom(func(a *atom) {
			if a.op == opRegexp {
				n++
				checkDFA(t, a.text, append(dfaTexts, r.Title, a.text, processCreation.values[10][0], `cmd.exe /c "powershell -k 0x12345678 net config"`))
			}
		})
	}
	if n < 100 {
		t.Errorf("only %d expressions", n)
	}
}

// FuzzDFA compares with the expression.
func FuzzDFA(f *testing.F) {
	files, err := filepath.Glob("testdata/cases/*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal("no case files")
	}
	for _, s := range []string{`\bab\b`, "(?im)^a.*$", "(a?){3}b", `[^a]\w`, `\x{212a}(?i)k`} {
		f.Add(s, "ab K\nk")
	}
	if data, err := os.ReadFile(files[0]); err == nil {
		f.Add("a", string(data))
	}
	f.Fuzz(func(t *testing.T, text, s string) {
		if len(text) < 100 && len(s) < 1000 {
			checkDFA(t, text, []string{s, s + "\n", ""})
		}
	})
}
