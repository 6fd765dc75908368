package detect

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// TestRulesWithoutID holds findings apart that only the title or the level of their rule tells apart.
func TestRulesWithoutID(t *testing.T) {
	ids := map[string]bool{}
	for _, rule := range []finding.Rule{{ID: "a", Title: "One"}, {Title: "One"}, {Title: "Two"}} {
		for _, level := range []string{"low", "high"} {
			f := &finding.Finding{Title: rule.Title, Level: level, Rule: rule, Evidence: []finding.Evidence{{Path: "x", Offset: 7}}}
			ids[newID(f)] = true
		}
	}
	if len(ids) != 5 {
		t.Errorf("%d ids for 5 rules: a rule with an id keeps it when its level changes, one without is told by title and level", len(ids))
	}
}

// TestFiringsWithTheSameRecords holds firings apart that list the same first records.
func TestFiringsWithTheSameRecords(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	base := finding.Finding{
		Rule: finding.Rule{ID: "c"}, Time: at, First: at, Last: at, Count: 20_000, Fields: []byte(`{"user":"a"}`),
		Evidence: []finding.Evidence{{Path: "x", Offset: 1}, {Path: "x", Offset: 2}},
	}
	ids := map[string]bool{newID(&base): true, newID(&base): true}
	for _, change := range []func(*finding.Finding){
		func(f *finding.Finding) { f.Count++ },
		func(f *finding.Finding) { f.Last = at.Add(time.Second) },
		func(f *finding.Finding) { f.Fields = []byte(`{"user":"b"}`) },
	} {
		other := base
		change(&other)
		ids[newID(&other)] = true
	}
	if len(ids) != 4 {
		t.Errorf("%d ids for 4 firings", len(ids))
	}
}

// TestShapesOfSources holds shapes apart that differ in what a null means, or the first to come would decide for all.
func TestShapesOfSources(t *testing.T) {
	key := func(source string) string {
		return string(appendShape(nil, sigmaSchema(&event.Schema{Source: source, Channel: "Security", Fields: []event.Field{{Name: "TargetUserName"}}})))
	}
	if key("evtx") == key("json") {
		t.Error("a shape of an event log and one of JSON share their bound rules")
	}
	if first, second := key("json"), key("json"); first != second {
		t.Error("the same shape has two keys")
	}
}

// TestTimesOutOfRange takes a time that RFC 3339 can't write for none.
func TestTimesOutOfRange(t *testing.T) {
	for _, c := range []struct {
		year int
		kept bool
	}{{0, false}, {-3, false}, {1, true}, {1601, true}, {9999, true}, {10000, false}, {30828, false}, {60056, false}} {
		var h Hit
		h.Reset(&event.Record{Schema: &event.Schema{}, Time: time.Date(c.year, 6, 1, 0, 0, 0, 0, time.UTC)})
		if h.Time.IsZero() == c.kept {
			t.Errorf("year %d: time is %v", c.year, h.Time)
		}
	}
}

// TestOneRuleFile loads the file that is named, whatever it is called, and nothing beside it.
func TestOneRuleFile(t *testing.T) {
	rule := &fstest.MapFile{Data: []byte("title: T\nlogsource: {product: windows}\ndetection:\n  s: {A: b}\n  condition: s\n")}
	files := fstest.MapFS{"a.rule": rule, "b.yml": rule, "c/d.yaml": rule, "e.txt": rule}
	for file, want := range map[string]int{"": 2, "a.rule": 1, "b.yml": 1} {
		_, report, err := LoadSigma(&Config{Rules: []RuleSource{{Name: "given", FS: files, File: file}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Sets[0]; got.Rules != want || got.Name != "given" || got.Refused != 0 {
			t.Errorf("file %q: %+v, want %d rules", file, got, want)
		}
	}
}
