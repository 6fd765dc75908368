package sigma

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"
)

// seeds returns the files of the archives that a pattern names; none fails the test.
func seeds(f *testing.F, pattern string) [][]byte {
	f.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds in %s: %v", pattern, err)
	}
	var out [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range txtar.Parse(data).Files {
			out = append(out, part.Data)
		}
		if filepath.Ext(file) == ".yml" {
			out = append(out, data)
		}
	}
	return out
}

// FuzzLoad holds the loader to: no crash; problems stand inside the file; the same answer twice; and what was loaded
// matches fast as it does plainly.
func FuzzLoad(f *testing.F) {
	for _, s := range seeds(f, "testdata/problems/*.txtar") {
		f.Add(s, "a b")
	}
	f.Fuzz(func(t *testing.T, data []byte, value string) {
		if len(data) > 1<<16 || !utf8.ValidString(value) {
			return
		}
		load := func() (*Collection, []*Problem) {
			c := NewCollection(LoadOptions{Placeholders: testPlaceholders})
			problems := append(c.Load("f.yml", data), c.Link()...)
			return c, problems
		}
		c, problems := load()
		_, again := load()
		if len(problems) != len(again) {
			t.Fatalf("%d problems, then %d", len(problems), len(again))
		}
		lines := 2
		for _, r := range string(data) {
			if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) { // what YAML takes for the end of a line
				lines++
			}
		}
		for i, p := range problems {
			if *p != *again[i] {
				t.Fatalf("%v, then %v", p, again[i])
			}
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Msg == "" {
				t.Fatalf("place %d:%d of %d lines: %q", p.Line, p.Column, lines, p.Msg)
			}
		}
		engine, _ := Compile(c, Options{})
		e := &testEvent{
			schema: Schema{Product: "windows", Channel: "Security", EventID: "4624", Fields: []string{"Image", "EventID", "A"}},
			values: [][]string{{value}, {"4624"}, {"1", value}},
		}
		if got, want := len(engine.matches(e)), len(engine.plainMatches(e)); got != want {
			t.Fatalf("%d matches, plainly %d", got, want)
		}
	})
}

// FuzzCondition parses any condition over three selections.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{"a and b", "1 of a*", "not (a or b) and all of them", "2 of them", "((a", "a | count()", "not not a", "of of of", "1 of"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		selections := []*selection{}
		for _, name := range []string{"a", "b", "_c"} {
			selections = append(selections, &selection{name: name, expr: atomExpr(&atom{field: name})})
		}
		p := &conditionParser{text: s, name: named(selections), group: grouped(selections)}
		x, err := p.parse()
		if e, ok := err.(*conditionError); ok && (e.at < 0 || e.at > len(s) || e.msg == "") {
			t.Fatalf("fault at %d of %d bytes: %q", e.at, len(s), e.msg)
		}
		if err == nil {
			x.eval(func(a *atom) bool { return a.field == "a" })
		}
	})
}

// FuzzKey parses any key of a selection, and any value.
func FuzzKey(f *testing.F) {
	for _, s := range modifierNames {
		f.Add("F|"+s, "1", "x1")
	}
	f.Add("F|wide|base64offset|contains", "cmd", "x")
	f.Add("F|contains|all|windash", ` -a\*?*`, "/a*xy")
	f.Add("|all", "%Users%", "alice")
	f.Add(" F |re|i|m|s", "(?<=a)b|[c", "ab")
	f.Fuzz(func(t *testing.T, key, value, text string) {
		if len(key)+len(value)+len(text) > 1<<12 {
			return
		}
		d := &document{path: "f", line: 1, placeholders: testPlaceholders}
		x, err := d.parseField(keyPair(key, value))
		if err != nil {
			if problemOf(err).Msg == "" {
				t.Fatal("an empty message")
			}
			return
		}
		e := &testEvent{schema: Schema{Product: "windows", Channel: "c", Fields: []string{"F", "G"}}, values: [][]string{{text}, {value}}}
		c := NewCollection(LoadOptions{})
		c.Rules = []*Rule{{LogSource: LogSource{Product: "windows"}, detection: &detection{root: x}}}
		engine, _ := Compile(c, Options{})
		if got, want := len(engine.matches(e)), len(engine.plainMatches(e)); got != want {
			t.Fatalf("key %q, value %q, text %q: %d matches, plainly %d", key, value, text, got, want)
		}
	})
}

// FuzzLogSources parses any mapping.
func FuzzLogSources(f *testing.F) {
	f.Add(defaultLogSources)
	f.Add([]byte("logsources:\n  a:\n    category: x\n    rewrite: {category: x}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		s, err := ParseLogSources("f", data)
		if err != nil {
			return
		}
		for _, a := range s.resolve(LogSource{Category: "process_creation", Product: "windows"}) {
			a.matches(&Schema{Product: "linux", File: "/var/log/auth.log"})
		}
	})
}

// keyPair makes one key of a selection with its value, as the YAML parser would.
func keyPair(key, value string) pair {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: value, Line: 1, Column: 1}
	return pair{key: key, keyNode: &yaml.Node{Kind: yaml.ScalarNode, Value: key, Line: 1, Column: 1}, value: n, valueHere: n}
}
