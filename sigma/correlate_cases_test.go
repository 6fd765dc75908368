package sigma

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCorrelationCases runs testdata/correlations. A case is a line "=== name", perhaps a note, a part rules.yml, to which
// detection rules a, b and c are added, and a part stream: lines of time, rule and fields, and behind ---- the firings. A
// line's number is its reference; "again" as the time makes it the event of the line before.
func TestCorrelationCases(t *testing.T) {
	files, err := filepath.Glob("testdata/correlations/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no case files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases := strings.Split(string(text), "\n=== ")[1:]
		if len(cases) == 0 {
			t.Fatalf("%s holds no case", file)
		}
		for _, c := range cases {
			name, rest, _ := strings.Cut(c, "\n")
			_, rest, _ = strings.Cut("\n"+rest, "\n-- rules.yml --\n")
			rules, stream, _ := strings.Cut(rest, "\n-- stream --\n")
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+name, func(t *testing.T) {
				in, want, ok := strings.Cut(stream, "----\n")
				if !ok {
					in, ok = strings.CutSuffix(stream, "----")
				}
				if !ok {
					t.Fatal("no ---- in the stream")
				}
				collection := caseRules(t, rules+"\n")
				engine, _ := Compile(collection, Options{})
				for _, c := range []*Collection{collection, sameStored(t, engine).collection} {
					got := runCase(t, c, in)
					if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(got)); diff != "" {
						t.Errorf("(-want +got)\n%s\ngot:\n%s", diff, got)
					}
				}
			})
		}
	}
}

const caseRule = `
---
title: %[1]s
name: %[1]s
id: rule-%[1]s
logsource: {product: windows, service: security}
detection: {s: {EventID: 1}, condition: s}
`

// caseRules loads the rules of a case.
func caseRules(t testing.TB, rules string) *Collection {
	t.Helper()
	for _, name := range []string{"a", "b", "c"} {
		rules += fmt.Sprintf(caseRule, name)
	}
	collection := NewCollection(LoadOptions{})
	for _, p := range append(collection.Load("rules.yml", []byte(rules)), collection.Link()...) {
		if !p.Warning {
			t.Fatal(p)
		}
	}
	return collection
}

func runCase(t *testing.T, collection *Collection, in string) string {
	t.Helper()
	correlator, err := NewCorrelator(collection.Correlations, CorrelatorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	emit := func(f *Firing) {
		if !f.Correlation.Silent {
			out.WriteString(showCase(f))
		}
	}
	var last time.Time
	number := 0
	for line := range strings.Lines(in) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] != "again" {
			after, err := time.ParseDuration(words[0])
			if err != nil {
				t.Fatal(err)
			}
			last = epoch.Add(after)
			number++
		}
		i := slices.IndexFunc(collection.Rules, func(r *Rule) bool { return r.Name == words[1] })
		o := &Occurrence{Rule: collection.Rules[i], Time: last, Ref: fmt.Append(nil, number)}
		for _, need := range o.Rule.Needs {
			v := KeyValue{}
			for _, w := range words[2:] {
				if name, text, _ := strings.Cut(w, "="); name == need {
					v = KeyValue{text, true}
				}
			}
			o.Values = append(o.Values, v)
		}
		correlator.Add(o, emit)
	}
	correlator.Close(emit)
	return out.String()
}

// showCase writes "TITLE user=x at 20s, 0s to 20s, value 3: 1 2 3".
func showCase(f *Firing) string {
	s := f.Correlation.Title
	for _, g := range f.Group {
		s += " " + g.Name + "=" + g.Value
	}
	s += fmt.Sprintf(" at %v, %v to %v, value %v:", f.Time.Sub(epoch), f.First.Sub(epoch), f.Last.Sub(epoch), f.Value)
	for _, ref := range f.Refs {
		s += " " + string(ref)
	}
	if f.Count != len(f.Refs) {
		s += fmt.Sprintf(" (of %d)", f.Count)
	}
	return s + "\n"
}
