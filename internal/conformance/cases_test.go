package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
	"github.com/goshawk-ir/goshawk/sigma"
)

// caseFile is a case file, unpacked: what it expects, and where its rules and events are.
type caseFile struct {
	rules, events string
	placeholders  map[string][]string
	known         string            // reason of a known difference
	matches       map[string]string // title: record ids
	refusals      []string          // "file:line:column: words"
}

// TestCases runs every case file.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no case files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c := unpack(t, file)
			findings, problems := c.hunt(t)
			faults := append(c.wrongMatches(findings), c.wrongRefusals(problems)...)
			if c.known != "" {
				if len(faults) == 0 {
					t.Errorf("the difference is gone: take out the mark %q", c.known)
				}
				return
			}
			for _, fault := range faults {
				t.Error(fault)
			}
		})
	}
}

func unpack(t *testing.T, file string) *caseFile {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &caseFile{rules: t.TempDir(), events: t.TempDir(), matches: map[string]string{}}
	if first, _, _ := strings.Cut(string(archive.Comment), "\n"); strings.HasPrefix(first, "known difference:") {
		c.known = strings.TrimSpace(strings.TrimPrefix(first, "known difference:"))
	}
	for _, f := range archive.Files {
		switch {
		case f.Name == "expect":
			c.expect(t, string(f.Data))
		case f.Name == "placeholders.txt":
			var bad []*sigma.Problem
			if c.placeholders, bad = sigma.LoadPlaceholders(f.Name, f.Data); len(bad) > 0 {
				t.Fatal(bad[0])
			}
		case strings.HasSuffix(f.Name, ".jsonl"):
			write(t, filepath.Join(c.events, f.Name), f.Data)
		case strings.HasSuffix(f.Name, ".yml"):
			write(t, filepath.Join(c.rules, f.Name), f.Data)
		default:
			t.Fatalf("%s: file %s is of no use", file, f.Name)
		}
	}
	return c
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *caseFile) expect(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if place, words, ok := strings.Cut(line, ": refused"); ok {
			c.refusals = append(c.refusals, place+":"+words)
			continue
		}
		at := strings.LastIndex(line, ":")
		if at < 0 {
			t.Fatalf("expect: %q has no colon", line)
		}
		c.matches[line[:at]] = strings.Join(strings.Fields(line[at+1:]), " ")
	}
}

// hunt runs the rules over the events as the program does.
func (c *caseFile) hunt(t *testing.T) (map[string]string, []detect.Problem) {
	t.Helper()
	config := &detect.Config{Rules: []detect.RuleSource{{Name: "rules", FS: os.DirFS(c.rules)}}, Placeholders: c.placeholders}
	var engines []detect.Engine
	var problems []detect.Problem
	for _, d := range detect.All() {
		engine, err := d.Open(config)
		if err != nil {
			t.Fatal(err)
		}
		if engine != nil {
			engines = append(engines, engine)
			problems = append(problems, engine.Report().Problems...)
		}
	}
	lists := map[string][]string{}
	sink := pipeline.HuntSink[[][2]string]{
		Worker: func() pipeline.FindingWorker[[][2]string] { return &recordLister{} },
		Findings: func(found [][2]string) error {
			for _, f := range found {
				lists[f[0]] = append(lists[f[0]], f[1])
			}
			return nil
		},
	}
	if err := pipeline.Hunt(context.Background(), pipeline.Options{Args: []string{c.events}, Workers: 2}, engines, sink); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for title, list := range lists {
		between := " "
		if slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, " ") }) || strings.Contains(c.matches[title], "|") {
			between = " | "
		}
		got[title] = strings.Join(list, between)
	}
	return got, problems
}

// recordLister gathers the title and the records of each finding.
type recordLister struct{ found [][2]string }

// Findings adds some.
func (l *recordLister) Findings(batch []*finding.Finding, _ func([][2]string)) {
	for _, f := range batch {
		l.found = append(l.found, [2]string{f.Title, records(f)})
	}
}

// Rest hands them on.
func (l *recordLister) Rest() ([][2]string, bool) {
	found := l.found
	l.found = nil
	return found, len(found) > 0
}

func records(f *finding.Finding) string {
	var ids []string
	for _, e := range f.Evidence {
		if e.RecordID == nil {
			return "no record id"
		}
		ids = append(ids, fmt.Sprint(*e.RecordID))
	}
	return strings.Join(ids, " ")
}

// wrongMatches says which rules did not match as expected, in order of their titles.
func (c *caseFile) wrongMatches(got map[string]string) (faults []string) {
	for title, want := range c.matches {
		if diff := cmp.Diff(want, got[title]); diff != "" {
			faults = append(faults, fmt.Sprintf("%s: expected records %q, got %q", title, want, got[title]))
		}
	}
	for title, ids := range got {
		if _, ok := c.matches[title]; !ok {
			faults = append(faults, fmt.Sprintf("%s: got records %q of a rule that is not expected", title, ids))
		}
	}
	slices.Sort(faults)
	return faults
}

// wrongRefusals asks that every refusal is expected, at its place and with a hint, and the other way round.
func (c *caseFile) wrongRefusals(problems []detect.Problem) (faults []string) {
	seen := make([]bool, len(c.refusals))
	for _, p := range problems {
		if p.Warning {
			continue
		}
		place := fmt.Sprintf("%s:%d:%d:", strings.TrimPrefix(p.Path, "rules/"), p.Line, p.Column)
		n := slices.IndexFunc(c.refusals, func(want string) bool {
			words, ok := strings.CutPrefix(want, place)
			return ok && strings.Contains(p.Msg, strings.TrimSpace(words))
		})
		if n < 0 {
			faults = append(faults, fmt.Sprintf("refused, which was not expected: %s %s (hint: %s)", place, p.Msg, p.Hint))
			continue
		}
		seen[n] = true
		if p.Hint == "" {
			faults = append(faults, fmt.Sprintf("no hint: %s %s", place, p.Msg))
		}
	}
	for n, ok := range seen {
		if !ok {
			faults = append(faults, "not refused: "+c.refusals[n])
		}
	}
	return faults
}
