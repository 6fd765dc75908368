package rules

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/sigma"
)

// TestCorrelations holds each correlation to its sequences of records: those that must make it fire and those that must not.
func TestCorrelations(t *testing.T) {
	c, engine := load(t)
	for _, rule := range c.Correlations {
		base := path.Base(rule.Path)
		t.Run(strings.TrimSuffix(base, ".yml"), func(t *testing.T) {
			tests, err := readCases[[]record](base)
			if err != nil {
				t.Fatal(err)
			}
			for i, sequence := range tests.Match {
				if n := firings(t, c, engine, rule, sequence); n != 1 {
					t.Errorf("match %d fires %d times, not once", i+1, n)
				}
			}
			for i, sequence := range tests.Miss {
				if n := firings(t, c, engine, rule, sequence); n != 0 {
					t.Errorf("miss %d fires", i+1)
				}
			}
		})
	}
}

// firings counts how often rule fires over the records of a sequence.
func firings(t *testing.T, c *sigma.Collection, e *sigma.Engine, rule *sigma.Correlation, sequence []record) (n int) {
	t.Helper()
	correlator, err := sigma.NewCorrelator(c.Correlations, sigma.CorrelatorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(sequence, func(a, b record) int { return a.Time.Compare(b.Time) })
	emit := func(f *sigma.Firing) {
		if f.Correlation == rule {
			n++
		}
	}
	m := sigma.NewMatcher()
	for i := range sequence {
		r := &sequence[i]
		if r.Time.IsZero() {
			t.Fatalf("record %d has no time", i+1)
		}
		b := e.Bind(r.schema())
		if b == nil {
			continue
		}
		b.Match(m, r, func(hit *sigma.Match) {
			if hit.Rule.Feeds {
				correlator.Add(occurrence(r, hit), emit)
			}
		})
	}
	correlator.Close(emit)
	return n
}

func occurrence(r *record, hit *sigma.Match) *sigma.Occurrence {
	o := &sigma.Occurrence{Rule: hit.Rule, Time: r.Time}
	for _, need := range hit.Needs {
		o.Values = append(o.Values, sigma.KeyValue{Text: string(need.Text), Present: need.Present})
	}
	return o
}

func testFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	return names
}
