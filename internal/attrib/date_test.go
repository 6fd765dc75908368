package attrib

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// TestCitedDate reads the dates of reports out of citations, and no date out of what is none.
func TestCitedDate(t *testing.T) {
	for citation, want := range map[string]string{
		"Some, O. (2017, April 3). Title (2011). Retrieved May 5, 2020.": "2017-04-03",
		"Unit 42 (team). (2019, sept 30). Title.":                        "2019-09-30",
		"A. (2018, May). Title.":                                         "2018-05",
		"A. (2016). Title.":                                              "2016",
		"A. (2021, February 31). Title.":                                 "2021-02",
		"A. (n.d.). Title. Retrieved May 5, 2020.":                       "",
		"(Citation: A 2017)":                                             "",
		"A. (0999, May 2). B (20177). C (1889).":                         "",
		"A. (2017, April":                                                "",
		"":                                                               "",
	} {
		if got := citedDate(citation); got != want {
			t.Errorf("%q: got %q, want %q", citation, got, want)
		}
	}
}

// TestParseDate takes the middle of what is not said.
func TestParseDate(t *testing.T) {
	for text, want := range map[string]string{"2020": "2020-07-02", "2020-08": "2020-08-15", "2020-08-17": "2020-08-17", "8/2020": "", "2020-13": "", "": ""} {
		got, err := ParseDate(text)
		if (err == nil) != (want != "") || (err == nil && got.Format(time.DateOnly) != want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// TestTimeTells holds that time speaks for those of whom reports were written then, that a case without time has no bits of it, and that
// a time that no report is near to changes nothing.
func TestTimeTells(t *testing.T) {
	r := embeddedRanker(t)
	ids := []string{"T1566.001", "T1204.002", "T1059.001"}
	bits := func(year int) (of map[string]float64, res *Result) {
		c := &Case{Techniques: Sure(ids)}
		if year > 0 {
			c.When = time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		}
		e := r.take(c, one(r.k.see(c)))
		of = map[string]float64{}
		for g := range e.parts {
			of[r.k.groups[g].Name] = e.parts[g][slotTime]
		}
		return of, r.Explain(c)
	}
	early, _ := bits(2013)
	late, _ := bits(2024)
	if early["APT1"] < late["APT1"] || early["Volt Typhoon"] > late["Volt Typhoon"] {
		t.Errorf("APT1 %.1f in 2013 and %.1f in 2024, Volt Typhoon %.1f and %.1f", early["APT1"], late["APT1"], early["Volt Typhoon"], late["Volt Typhoon"])
	}
	none, plain := bits(0)
	for name, x := range none {
		if x != 0 {
			t.Errorf("%s has %v bits of time in a case without", name, x)
		}
	}
	_, far := bits(1970)
	if diff := cmp.Diff(plain.Ranking, far.Ranking); diff != "" || len(far.Troubles) == 0 || far.Time != "" {
		t.Errorf("1970 is used: %q, %s", far.Troubles, diff)
	}
}

func one[A, B any](a A, _ B) A { return a }

// TestLearnedTime holds that a learned case with a date is a witness of time, and that one with anything else for a date is none.
func TestLearnedTime(t *testing.T) {
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	c := &Case{Techniques: Sure([]string{"T1566.001"}), When: time.Date(2021, 3, 1, 0, 0, 0, 0, time.UTC)}
	bits := map[string]float64{}
	for _, when := range []string{"2021-02", "2012", "soon", ""} {
		r, err := NewRanker(NewKnowledge(table, LocalCase{Name: "ours", Group: "own", When: when, Techniques: []string{"T1566.001", "T1204.002"}}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		e := r.take(c, one(r.k.see(c)))
		bits[when] = e.parts[r.k.groupAt["own"]][slotTime]
	}
	if bits["2021-02"] <= bits["2012"] || bits["soon"] != bits[""] {
		t.Errorf("bits of time: %v", bits)
	}
}

// TestIncidentTime holds that neither a rule that fires for ever nor one old record moves an incident.
func TestIncidentTime(t *testing.T) {
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	day := func(d int) time.Time { return time.Date(2022, 3, d, 0, 0, 0, 0, time.UTC) }
	rule := func(id, level string, at time.Time) finding.Finding {
		return finding.Finding{Level: level, Time: at, Rule: finding.Rule{ID: id}, Attack: []string{"T1001"}}
	}
	list := []finding.Finding{
		rule("old", "low", day(1).AddDate(-9, 0, 0)), rule("a", "high", day(3)), rule("b", "critical", day(4)), rule("c", "high", day(5)), rule("none", "high", time.Time{}),
	}
	for d := range 20 {
		list = append(list, rule("noise", "informational", day(d+10)))
	}
	for range 2 {
		c, err := FromFindings("x", table, sequence(list...))
		if err != nil || !c.When.Equal(day(4)) {
			t.Errorf("time %v, %v", c.When, err)
		}
		slices.Reverse(list)
	}
	if c, err := FromFindings("x", table, sequence(rule("a", "high", time.Time{}))); err != nil || !c.When.IsZero() {
		t.Errorf("without times: %v, %v", c.When, err)
	}
}
