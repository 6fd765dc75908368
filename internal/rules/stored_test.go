package rules

import (
	"path"
	"slices"
	"testing"

	"github.com/goshawk-ir/goshawk/sigma"
)

// TestStored stores the engine of all rules and holds what is read to the same matches.
func TestStored(t *testing.T) {
	c, engine := load(t)
	data, err := engine.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := sigma.ReadEngine(string(data))
	if err != nil {
		t.Fatal(err)
	}
	m, matched := sigma.NewMatcher(), 0
	for _, rule := range c.Rules {
		tests, err := readCases[record](path.Base(rule.Path))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range slices.Concat(tests.Match, tests.Miss) {
			want, got := matchedIDs(engine, m, &r), matchedIDs(stored, m, &r)
			if !slices.Equal(got, want) {
				t.Errorf("%s: stored and read, the engine matches %q, not %q", rule.Path, got, want)
			}
			matched += len(want)
		}
	}
	if matched == 0 {
		t.Error("nothing matched")
	}
}

// matchedIDs gives the ids of the rules that match a record.
func matchedIDs(e *sigma.Engine, m *sigma.Matcher, r *record) (ids []string) {
	if b := e.Bind(r.schema()); b != nil {
		b.Match(m, r, func(hit *sigma.Match) { ids = append(ids, hit.Rule.ID) })
	}
	return ids
}
