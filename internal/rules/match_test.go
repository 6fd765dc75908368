package rules

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/sigma"
)

// TestDetections holds each detection rule to its records: those that it must match and those that it must not. A miss has to
// be near, else it proves nothing.
func TestDetections(t *testing.T) {
	c, engine := load(t)
	m := sigma.NewMatcher()
	for _, rule := range c.Rules {
		base := path.Base(rule.Path)
		t.Run(strings.TrimSuffix(base, ".yml"), func(t *testing.T) {
			tests, err := readCases[record](base)
			if err != nil {
				t.Fatal(err)
			}
			for i := range tests.Match {
				if !matches(engine, m, rule, &tests.Match[i]) {
					t.Errorf("match %d is not matched: %v", i+1, tests.Match[i].Fields)
				}
			}
			for i := range tests.Miss {
				if matches(engine, m, rule, &tests.Miss[i]) {
					t.Errorf("miss %d is matched: %v", i+1, tests.Miss[i].Fields)
				}
			}
			checkNear(t, tests, func(r *record) bool { return matches(engine, m, rule, r) })
		})
	}
}

func matches(e *sigma.Engine, m *sigma.Matcher, rule *sigma.Rule, r *record) (found bool) {
	if b := e.Bind(r.schema()); b != nil {
		b.Match(m, r, func(hit *sigma.Match) { found = found || hit.Rule == rule })
	}
	return found
}

// checkNear wants every miss to have the channel and event id of a match. Where a rule asks for nothing but the event id, a
// neighbour in the same channel is as near as it gets.
func checkNear(t *testing.T, tests *cases[record], matches func(*record) bool) {
	t.Helper()
	for i := range tests.Miss {
		miss := &tests.Miss[i]
		ok := slices.ContainsFunc(tests.Match, func(r record) bool {
			bare := r
			bare.Fields = nil
			return r.near(miss) || r.EventID == miss.EventID || r.Channel == miss.Channel && matches(&bare)
		})
		if !ok {
			t.Errorf("miss %d is not near: no match has its channel and event id", i+1)
		}
	}
}

// TestEveryTestHasItsRule finds test files that a renamed rule left behind.
func TestEveryTestHasItsRule(t *testing.T) {
	var rules, tests []string
	for _, name := range ruleFiles(t) {
		rules = append(rules, path.Base(name))
	}
	for _, name := range testFiles(t) {
		tests = append(tests, path.Base(name))
	}
	slices.Sort(rules)
	slices.Sort(tests)
	if !slices.Equal(rules, tests) {
		for _, name := range tests {
			if !slices.Contains(rules, name) {
				t.Errorf("testdata/%s belongs to no rule", name)
			}
		}
		for _, name := range rules {
			if !slices.Contains(tests, name) {
				t.Errorf("%s has no tests: write testdata/%s", name, name)
			}
		}
	}
}
