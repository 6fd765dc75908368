package parser

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// testModified is when the files under testdata were changed, as far as parsers are told.
var testModified = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// sample is a file under testdata/<parser>.
type sample struct {
	parser *Parser
	path   string // from the package's folder
	data   []byte
}

func (s *sample) input() *evidence.Input {
	in := inputOf(filepath.Base(s.path), s.data)
	in.Modified = testModified
	return in
}

// samples reads the inputs under testdata of all parsers. A parser without any fails the test.
func samples(t testing.TB) []sample {
	t.Helper()
	var out []sample
	for _, p := range All() {
		paths, err := filepath.Glob(filepath.Join("testdata", p.Name, "*"))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, path := range paths {
			if strings.HasSuffix(path, ".golden") {
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, sample{p, filepath.ToSlash(path), data})
			found++
		}
		if found == 0 {
			t.Errorf("parser %s has no input under testdata/%s", p.Name, p.Name)
		}
	}
	return out
}

// TestSamples reads the inputs of every parser and compares with what was read of them before.
func TestSamples(t *testing.T) {
	damaged := map[string]bool{}
	for _, s := range samples(t) {
		t.Run(strings.TrimPrefix(s.path, "testdata/"), func(t *testing.T) {
			head := s.data[:min(len(s.data), HeadSize)]
			if got := For(s.path, head, nil); got != s.parser {
				t.Errorf("the registry gives the file to %v", nameOf(got))
			}
			for _, p := range All() {
				if p != s.parser && !p.Carve && p.Match(s.path, head) {
					t.Errorf("parser %s takes the file for its own, too", p.Name)
				}
			}
			got := collect(t, s.parser, s.input())
			if len(got.problems) > 0 {
				damaged[s.parser.Name] = true
			}
			testkit.Golden(t, s.path+".golden", got.golden())
		})
	}
	for _, p := range All() {
		if !damaged[p.Name] && !p.Carve { // what a carver is shown is damaged all of it
			t.Errorf("parser %s has no damaged input under testdata/%s: none gives a problem", p.Name, p.Name)
		}
	}
}

func nameOf(p *Parser) string {
	if p == nil {
		return "nobody"
	}
	return p.Name
}

// TestRegistry holds what parsers say of themselves to the conventions.
func TestRegistry(t *testing.T) {
	for _, p := range All() {
		if p.Name != strings.ToLower(p.Name) || strings.ContainsAny(p.Name, " _/") {
			t.Errorf("name %q is not lower case with dashes", p.Name)
		}
		if p.Doc == "" || strings.ContainsAny(p.Doc, "\n|") || len(p.Doc) > 160 {
			t.Errorf("parser %s needs one line that says what it reads, not %q", p.Name, p.Doc)
		}
		if ByName(p.Name) != p {
			t.Errorf("parser %s is not found by its name", p.Name)
		}
		if p.Match("empty", nil) && !p.Carve {
			t.Errorf("parser %s takes an empty file", p.Name)
		}
	}
}

// TestRepeat holds every parser to the same answer for the same file, and to bounds that do not depend on what the file
// says: no more records and problems than bytes.
func TestRepeat(t *testing.T) {
	for _, s := range samples(t) {
		first := collect(t, s.parser, s.input())
		if again := collect(t, s.parser, s.input()); !bytes.Equal(first.golden(), again.golden()) {
			t.Errorf("%s: the second reading differs", s.path)
		}
		if n := len(first.records) + len(first.problems); n > len(s.data) {
			t.Errorf("%s: %d records and problems of %d bytes", s.path, n, len(s.data))
		}
	}
}

// TestStop holds every parser to stopping when the caller does.
func TestStop(t *testing.T) {
	for _, s := range samples(t) {
		for range s.parser.Parse(s.input()) {
			break // a parser that goes on panics here
		}
	}
}

// TestSplit holds parsers that cut files into parts to the same answer whole and in parts.
func TestSplit(t *testing.T) {
	for _, s := range samples(t) {
		if s.parser.Split == nil {
			continue
		}
		inputs := [][]byte{s.data}
		if bytes.IndexByte(s.data, 0) < 0 { // text can be made long
			inputs = append(inputs, bytes.Repeat(append(bytes.TrimRight(s.data, "\r\n"), '\n'), 1+(3<<20)/(len(s.data)+1)))
		}
		for _, data := range inputs {
			whole := sample{s.parser, s.path, data}
			in := whole.input()
			cuts := s.parser.Split(in)
			if len(cuts) < 2 {
				continue
			}
			if cuts[0] != 0 {
				t.Errorf("%s: the first part begins at %d", s.path, cuts[0])
			}
			var parts result
			for i, from := range cuts {
				part := whole.input()
				if part.From = from; i+1 < len(cuts) {
					part.To = cuts[i+1]
				}
				parts.add(collect(t, s.parser, part))
			}
			if all := collect(t, s.parser, in); !bytes.Equal(all.golden(), parts.golden()) {
				t.Errorf("%s of %d bytes in %d parts: %d records and %d problems, whole: %d and %d", s.path, len(data), len(cuts),
					len(parts.records), len(parts.problems), len(all.records), len(all.problems))
			}
		}
	}
}

// TestPage holds docs/parsers.md to the registry.
func TestPage(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Parsers\n\nMade from the registry by `go test ./internal/parser -update`; not edited by hand.\n")
	b.WriteString("[Adding a parser](adding-a-parser.md) says how one comes in.\n\n")
	b.WriteString("| name (`source` of its records) | reads | in parts |\n|---|---|---|\n")
	for _, p := range All() {
		parts := "no"
		switch {
		case p.Carve:
			parts = "no; is shown what nobody else reads"
		case p.Split != nil:
			parts = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.Doc, parts)
	}
	testkit.Golden(t, filepath.Join(testkit.Root(t), "docs", "parsers.md"), b.Bytes())
}
