package testkit

import (
	"os"
	"strings"
	"testing"
)

// Case is one case of a case file.
type Case struct {
	Name  string            // usable as the name of a subtest
	Note  string            // text before the first part
	Parts map[string]string // by name, in the form "-- name --"
	Order []string          // names of the parts as they stand in the file
}

// Cases reads a case file: cases grouped by theme, each begun by a line "=== name" and made of parts in the manner of
// txtar, each begun by a line "-- name --". Text before the first case is a comment on the file.
//
//	=== no_spaces
//	why the case is there
//	-- rule.yml --
//	title: ...
//	-- events.jsonl --
//	{"EventID":1}
func Cases(t testing.TB, path string) []Case {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases := parseCases(string(text))
	if len(cases) == 0 {
		t.Fatalf("%s holds no case", path)
	}
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.Name] || strings.ContainsAny(c.Name, " \t") || c.Name == "" {
			t.Fatalf("%s: case name %q is empty, has blanks, or is there twice", path, c.Name)
		}
		seen[c.Name] = true
	}
	return cases
}

func parseCases(text string) []Case {
	var cases []Case
	var c *Case
	part := ""
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		if name, ok := strings.CutPrefix(bare, "=== "); ok {
			cases = append(cases, Case{Name: strings.TrimSpace(name), Parts: map[string]string{}})
			c, part = &cases[len(cases)-1], ""
			continue
		}
		if c == nil {
			continue
		}
		if name, ok := strings.CutPrefix(bare, "-- "); ok && strings.HasSuffix(name, " --") {
			part = strings.TrimSuffix(name, " --")
			c.Parts[part] = ""
			c.Order = append(c.Order, part)
			continue
		}
		if part == "" {
			c.Note += line
		} else {
			c.Parts[part] += line
		}
	}
	return cases
}
