package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/goshawk-ir/goshawk/internal/detect"
)

// head begins a detection rule of which line 5 is the first of its own.
const head = "title: t\nlogsource:\n    product: windows\ndetection:\n"

const sound = "title: sound\nlogsource:\n    product: windows\ndetection:\n    s:\n        A: x\n    condition: s\n"

// TestHostileFiles loads rule files that no person writes. Each ends soon, in bounded memory, and says what is wrong at a place inside
// the file; where says on which line, 0 for any. A sound file beside it loads all the same.
func TestHostileFiles(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(600 << 20))
	for _, c := range []struct {
		name, text string
		where      int
		refused    bool
	}{
		{"nothing", "", 0, false},
		{"blank", "\n \n\n", 0, false},
		{"only separators", "---\n---\n", 0, false},
		{"binary", strings.Repeat("\x00\x01\xff\xfeMZ", 500), 1, true},
		{"not UTF-8", head + "    s:\n        A: caf\xe9\n    condition: s\n", 6, true},
		{"a zero byte", head + "    s:\n        A: a\x00b\n    condition: s\n", 6, true},
		{"UTF-16", wide("\ufeff" + sound), 0, false},
		{"deep brackets", head + "    s: " + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "\n    condition: s\n", 5, true},
		{"deep maps", head + "    s: " + strings.Repeat("{a: ", 5000) + "x" + strings.Repeat("}", 5000) + "\n    condition: s\n", 5, true},
		{"deep condition", head + "    s:\n        A: x\n    condition: " + strings.Repeat("(", 50_000) + "s" + strings.Repeat(")", 50_000) + "\n", 7, true},
		{"long condition", head + "    s:\n        A: x\n    condition: s" + strings.Repeat(" or s", 100_000) + "\n", 7, true},
		{"aliases of aliases", aliases() + head + "    s:\n        A: *j\n    condition: s\n", 0, true},
		{"alias of itself", head + "    s: &s\n        A: *s\n    condition: s\n", 0, true},
		{"huge", head + "    s:\n        A: '" + strings.Repeat("x", 80<<20) + "'\n    condition: s\n", 0, true},
		{"many of many", manyOf(), 0, true},
		{"nested repetition", head + "    s:\n        A|re: '((a{1,1000}){1,1000}){1,1000}'\n    condition: s\n", 0, false},
		{"dashes", head + "    s:\n        A|windash|contains: '" + strings.Repeat(" -a", 200) + "'\n    condition: s\n", 0, false},
		{"30 of 60", thirtyOf(), 0, false},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "a.yml"), []byte(c.text))
			write(t, filepath.Join(dir, "b.yml"), []byte(sound))
			start := time.Now()
			engine, report, err := detect.LoadSigma(&detect.Config{Rules: []detect.RuleSource{{Name: "rules", FS: os.DirFS(dir)}}})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("loading took %v", took)
			}
			if rules := engine.Collection().Rules; len(rules) == 0 || rules[len(rules)-1].Title != "sound" {
				t.Error("the sound file beside it did not load")
			}
			checkPlace(t, report, c.text, c.where, c.refused)
		})
	}
}

func checkPlace(t *testing.T, report *detect.Report, text string, where int, refused bool) {
	t.Helper()
	n := 0
	for _, p := range report.Problems {
		if p.Warning {
			continue
		}
		n++
		if lines := strings.Count(text, "\n") + 1; p.Path != "rules/a.yml" || p.Line < 1 || p.Line > lines || p.Column < 1 || where > 0 && p.Line != where {
			t.Errorf("%s:%d:%d: line %d of %d expected: %.200s", p.Path, p.Line, p.Column, where, lines, p.Msg)
		}
		if p.Msg == "" || p.Hint == "" {
			t.Errorf("no reason or no hint: %.200s (%.200s)", p.Msg, p.Hint)
		}
	}
	if refused != (n > 0) {
		t.Errorf("%d refusals, expected some: %v", n, refused)
	}
}

func wide(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// aliases are ten lists, each of ten of the one before.
func aliases() string {
	text := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		text += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	return text
}

func manyOf() string {
	text := head
	for i := range 5000 {
		text += fmt.Sprintf("    s%d:\n        A: x%d\n", i, i)
	}
	return text + "    condition: 1 of s*" + strings.Repeat(" and 1 of s*", 500) + "\n"
}

func thirtyOf() string {
	text := head
	for i := range 60 {
		text += fmt.Sprintf("    s%d:\n        A: x%d\n", i, i)
	}
	return text + "    condition: 30 of s*\n"
}

// TestSigmaHQLoads asks that no rule of SigmaHQ's main folders is refused.
func TestSigmaHQLoads(t *testing.T) {
	for _, folder := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		dir := filepath.Join("..", "..", ".shared", "sigma", folder)
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("the shared data is absent: %s", dir)
		}
		engine, report, err := detect.LoadSigma(&detect.Config{Rules: []detect.RuleSource{{Name: folder, FS: os.DirFS(dir)}}})
		if err != nil {
			t.Fatal(err)
		}
		if len(engine.Collection().Rules) < 100 {
			t.Errorf("%s: only %d rules", folder, len(engine.Collection().Rules))
		}
		for _, p := range report.Problems {
			if !p.Warning {
				t.Errorf("refused: %s", p.String())
			}
		}
	}
}
