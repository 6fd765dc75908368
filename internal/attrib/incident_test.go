package attrib

import (
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

func sequence(list ...finding.Finding) iter.Seq2[*finding.Finding, error] {
	return func(yield func(*finding.Finding, error) bool) {
		for i := range list {
			if !yield(&list[i], nil) {
				return
			}
		}
	}
}

// TestStrength holds that rules that agree weigh more than one that fires often, and that software is found by its name.
func TestStrength(t *testing.T) {
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	rule := func(id, level, title, tech string) finding.Finding {
		return finding.Finding{Level: level, Title: title, Rule: finding.Rule{ID: id, Title: title}, Attack: []string{tech}}
	}
	once, often := rule("a", "low", "A thing", "T1001"), rule("b", "low", "Another", "T1002")
	often.Count = 1000
	c, err := FromFindings("x", table, sequence(once, often, rule("c", "low", "One", "T1003"), rule("d", "low", "Two", "T1003"),
		rule("e", "low", "Three", "T1003"), rule("f", "critical", "HackTool - Mimikatz Execution", "T1004")))
	if err != nil {
		t.Fatal(err)
	}
	s := map[string]float64{}
	for _, seen := range append(c.Techniques, c.Software...) {
		s[seen.ID] = seen.Strength
	}
	if !(s["T1001"] < s["T1002"] && s["T1002"] < s["T1003"] && s["T1003"] < s["T1004"] && s["T1004"] < 1) {
		t.Errorf("strengths %v", s)
	}
	if s["S0002"] == 0 {
		t.Errorf("Mimikatz is not seen: %v", c.Software)
	}
	want := []string{"S0002"}
	if diff := cmp.Diff(want, newNames(table).in("mimikatz by any other name")); diff != "" {
		t.Error(diff)
	}
}
