package report

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// whoFindings has one finding for each technique and title.
func whoFindings(level string, techniques []string, titles ...string) []*finding.Finding {
	var all []*finding.Finding
	for i := range max(len(techniques), len(titles)) {
		f := &finding.Finding{Time: sampleStart.Add(time.Duration(i) * time.Minute), Host: "h", Level: level, Title: fmt.Sprintf("Rule %d", i), Rule: finding.Rule{Kind: "sigma", ID: fmt.Sprint(i)}, Evidence: []finding.Evidence{{Path: "p", Offset: int64(i)}}}
		if i < len(techniques) {
			f.Attack = techniques[i : i+1]
		}
		if i < len(titles) {
			f.Title = titles[i]
		}
		f.ID = finding.NewID(f)
		all = append(all, f)
	}
	return all
}

func whoOf(t *testing.T, findings []*finding.Finding) (*Model, *whoView, string) {
	t.Helper()
	dir := writeSample(t, t.TempDir(), findings, sampleInfo())
	checkPage(t, dir)
	r, err := casefile.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Build(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	v, err := newWho(m)
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, dir, "report.html")
	_, section, ok := strings.Cut(page, `<section id="who"`)
	if !ok {
		t.Fatal("the page has no section on who did it")
	}
	section, _, _ = strings.Cut(section, `<section id="indicators"`)
	return m, v, section
}

func textOf(frags []frag) (s string) {
	for _, f := range frags {
		s += f.Text
	}
	return s
}

// TestWhoAdds holds that the ranking makes 1 with what it sums up, that it is in order, and that each waterfall ends where its steps lead.
func TestWhoAdds(t *testing.T) {
	_, v, section := whoOf(t, sampleFindings(t))
	sum, last, nobody := 0.0, 2.0, 0
	for _, r := range v.Ranks {
		if r.Probability > last {
			t.Errorf("%v comes after %v", r.Probability, last)
		}
		if r.Candidate == nil {
			nobody++
		}
		if r.Low > r.Probability || r.Probability > r.High {
			t.Errorf("%v is not between %v and %v", r.Probability, r.Estimate.Low, r.High)
		}
		sum, last = sum+r.Probability, r.Probability
	}
	if nobody != 1 || len(v.Ranks) != 11 || sum > 1.001 {
		t.Errorf("%d rows, %d of them for none of the groups, of %.3f together", len(v.Ranks), nobody, sum)
	}
	if len(v.Falls) != 3 {
		t.Fatalf("%d waterfalls", len(v.Falls))
	}
	for _, f := range v.Falls {
		n := len(f.Steps) - 1
		if total := f.Steps[n]; !total.Total || math.Abs(total.to-f.Bits) > 1e-9 || math.Abs(f.Steps[n-1].to-f.Bits) > 1e-3 {
			t.Errorf("%s: the steps end at %v, the sum at %v, the bits are %v", f.Name, f.Steps[n-1].to, total.to, f.Bits)
		}
		for _, s := range f.Steps {
			if s.X < 0 || s.X+s.W > fallWidth+1 {
				t.Errorf("%s: the bar of %q goes from %v to %v", f.Name, s.Name, s.X, s.X+s.W)
			}
		}
		if len(f.Steps) > maxFallSteps+5 {
			t.Errorf("%s: %d steps", f.Name, len(f.Steps))
		}
	}
	for _, want := range []string{"None of the known groups", "ICD 203", "The MITRE Corporation", "ATT&amp;CK " + attrib.EmbeddedVersion, v.Ranks[0].Words} {
		if !strings.Contains(section, want) {
			t.Errorf("the section doesn't say %q", want)
		}
	}
}

// TestWhoKnown holds that a case made of what a group is known for names that group, and that software named in titles counts.
func TestWhoKnown(t *testing.T) {
	table, err := attrib.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	const group = "G0034" // Sandworm Team
	var techniques, titles []string
	for _, u := range table.Uses {
		if u.By == group && strings.HasPrefix(u.What, "T") {
			techniques = append(techniques, u.What)
		}
	}
	for _, name := range []string{"Industroyer", "BlackEnergy", "Exaramel for Windows"} {
		titles = append(titles, "HackTool - "+name+" Execution")
	}
	m, v, _ := whoOf(t, whoFindings("critical", techniques[:min(len(techniques), 40)], titles...))
	if got := v.R.Ranking[0].Group; got != group {
		t.Errorf("the first is %s, want %s", got, group)
	}
	if len(v.R.Software) < 2 {
		t.Errorf("software of the titles: %v", v.R.Software)
	}
	for _, p := range v.Matrix.Parts {
		for _, r := range p.Rows {
			if r.Strength != "" && strings.HasPrefix(r.ID, "T") && r.Anchor == "" {
				t.Errorf("%s of the case has no link", r.ID)
			}
		}
	}
	if a, err := m.whoDidIt(); err != nil || a.result.Ranking[0].Group != group {
		t.Errorf("kept: %v, %v", a, err)
	}
}

// TestWhoLittle holds that a case that shows nothing, or next to nothing, is told as that.
func TestWhoLittle(t *testing.T) {
	for name, findings := range map[string][]*finding.Finding{
		"none": nil, "no technique": whoFindings("high", nil, "A", "B"), "unknown ones": whoFindings("critical", []string{"T9999", "T0000.000", hostileText}),
	} {
		_, v, section := whoOf(t, findings)
		if got := textOf(v.Sentence); !strings.HasPrefix(got, "Who did it can't be said") || len(v.Ranks) > 0 {
			t.Errorf("%s: %q, %d rows", name, got, len(v.Ranks))
		}
		if strings.Contains(section, "<table") {
			t.Errorf("%s: the section has a table of nothing", name)
		}
	}
	_, v, _ := whoOf(t, whoFindings("low", []string{"T1059.001"}))
	if got := textOf(v.Sentence); !strings.Contains(got, "no more than 1 thing.") || v.R.Ranking[0].Probability > standsOut {
		t.Errorf("one weak technique: %q", got)
	}
}

// TestWhoParents holds that a technique beside its own sub-technique is no evidence of its own.
func TestWhoParents(t *testing.T) {
	with := whoFindings("high", []string{"T1021", "T1021.002", "T1059", "T1059.001", "T1087"})
	_, a, _ := whoOf(t, with)
	_, b, _ := whoOf(t, whoFindings("high", []string{"T1021.002", "T1059.001", "T1087"}))
	var ids []string
	for _, i := range a.R.Techniques {
		ids = append(ids, i.ID)
	}
	if got := strings.Join(ids, " "); got != "T1021.002 T1059.001 T1087" {
		t.Errorf("compared: %s", got)
	}
	if a.R.Ranking[0].Probability != b.R.Ranking[0].Probability || a.R.Ranking[0].Group != b.R.Ranking[0].Group {
		t.Errorf("%v with parents, %v without", a.R.Ranking[0].Estimate, b.R.Ranking[0].Estimate)
	}
}

// TestWhoHostile holds the section in bounds and free of what evidence and rules of others could bring into it.
func TestWhoHostile(t *testing.T) {
	table, err := attrib.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var ids, titles []string
	for i := range 3000 {
		ids = append(ids, fmt.Sprintf("%s%d", strings.Repeat(hostileText, 1+i%9), i))
	}
	for _, e := range table.Techniques {
		ids = append(ids, e.ID)
	}
	for _, e := range table.Software {
		titles = append(titles, e.Name+" "+hostileText)
	}
	_, v, section := whoOf(t, append(whoFindings("critical", ids, titles...), hostileFindings()...))
	if len(section) > 150_000 {
		t.Errorf("the section has %d bytes", len(section))
	}
	if n := len(v.R.Techniques); n > maxActorItems {
		t.Errorf("%d techniques are compared", n)
	}
	if strings.Contains(section, "<script") || strings.Contains(section, "onerror=alert(2)>") {
		t.Error("the section holds what the findings say unescaped")
	}
	if len(v.Notes) < 2 {
		t.Errorf("what is left out is not said: %q", v.Notes)
	}
}

// TestWhoSentence holds the first page's sentence to the numbers.
func TestWhoSentence(t *testing.T) {
	result := func(p, low, unknown float64, items int) *attrib.Result {
		r := &attrib.Result{Version: "18.1", Known: 172, Techniques: make([]attrib.Item, items)}
		r.Ranking = []attrib.Candidate{{Name: "X", Estimate: attrib.Estimate{Probability: p, Low: low, High: 0.9, Words: attrib.Words(p)}}}
		r.Unknown = attrib.Estimate{Probability: unknown, Words: attrib.Words(unknown)}
		return r
	}
	for _, tt := range []struct {
		r           *attrib.Result
		alike, want string
	}{
		{result(0.06, 0.01, 0.25, 30), "", "Who did it can't be told from what was found: of the 172 groups that ATT&CK 18.1 knows none stands out. The likeliest is X (very unlikely, 6 %); that it is none of these is unlikely (25 %)."},
		{result(0.51, 0.03, 0.2, 30), "Y and Z", "Who did it can't be told firmly: of the 172 groups that ATT&CK 18.1 knows, X is the likeliest (roughly even chance, 51 %), but somewhat less evidence could leave it at 3 %; this evidence doesn't tell it from Y and Z; that it is none of these is unlikely (20 %)."},
		{result(0.2, 0.1, 0.5, 30), "", "Who did it: that it is none of the 172 groups that ATT&CK 18.1 knows has a roughly even chance (50 %). The likeliest of them is X (unlikely, 20 %)."},
		{result(0.7, 0.5, 0.1, 30), "", "Who did it: of the 172 groups that ATT&CK 18.1 knows, X is the likeliest (likely, 70 %, between 50 and 90 %); that it is none of these is very unlikely (10 %)."},
		{result(0.1, 0.0, 0.996, 2), "", "Who did it: that it is none of the 172 groups that ATT&CK 18.1 knows is almost certain (over 99 %). The likeliest of them is X (very unlikely, 10 %). It rests on no more than 2 things."},
	} {
		want := tt.want + " A lead to check, no verdict."
		if got := strings.ReplaceAll(textOf(whoSentence(tt.r, tt.alike)), "\u00a0", " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestAttribution holds that attribution.json is the result that the page shows, and nothing in it is no number.
func TestAttribution(t *testing.T) {
	dir := writeSample(t, t.TempDir(), sampleFindings(t), sampleInfo())
	var got attrib.Result
	if err := json.Unmarshal([]byte(read(t, dir, "attribution.json")), &got); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(read(t, dir, "report.html")))
	if err != nil {
		t.Fatal(err)
	}
	shown := ""
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			shown += n.Data
		}
	}
	for _, c := range got.Ranking {
		if !strings.Contains(shown, c.Name) || !strings.Contains(shown, percent(c.Probability)) {
			t.Errorf("the page doesn't show %s with %s", c.Name, percent(c.Probability))
		}
	}
}
