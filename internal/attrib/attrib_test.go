package attrib

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// bundleText makes a small bundle: two groups with two reports each, one campaign, software, and what must be left out.
func bundleText() []byte {
	ref := func(names ...string) string {
		var out []string
		for _, n := range names {
			out = append(out, fmt.Sprintf(`{"source_name":%q,"description":"Some, O. (2017, April 3). A \"quoted\" { brace of %s. Retrieved May 5, 2020."}`, n, n))
		}
		return "[" + strings.Join(out, ",") + "]"
	}
	entry := func(kind, uuid, id, more string) string {
		return fmt.Sprintf(`{"type":%q,"id":"%s--%s","name":"name of %s","external_references":[{"source_name":"mitre-attack","external_id":%q}]%s}`,
			kind, kind, uuid, id, id, more)
	}
	use := func(from, to, refs, more string) string {
		return fmt.Sprintf(`{"type":"relationship","id":"relationship--%s%s","relationship_type":"uses","source_ref":%q,"target_ref":%q,"external_references":%s%s}`,
			from, to, from, to, refs, more)
	}
	objects := []string{
		entry("intrusion-set", "1", "G0001", `,"aliases":["First","The \u0046irst"],"description":"[A](https://b) is a Russian group that \"targeted\" banks in Japan."`), entry("intrusion-set", "2", "G0002", ""),
		entry("intrusion-set", "3", "G0003", `,"revoked":true`), entry("campaign", "1", "C0001", ""),
		entry("attack-pattern", "1", "T1001", `,"kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"execution"}]`),
		entry("attack-pattern", "2", "T1002", ""), entry("attack-pattern", "3", "T1002.001", ""), entry("attack-pattern", "4", "T1003", ""),
		entry("attack-pattern", "5", "T1004", `,"x_mitre_deprecated":true`), entry("malware", "1", "S0001", ""), entry("tool", "2", "S0002", ""),
		use("intrusion-set--1", "attack-pattern--1", ref("one"), ""), use("intrusion-set--1", "attack-pattern--2", ref("one", "two"), ""),
		use("intrusion-set--2", "attack-pattern--4", ref("three"), ""), use("intrusion-set--2", "attack-pattern--5", ref("three"), ""),
		use("intrusion-set--2", "attack-pattern--3", ref("three"), `,"revoked":true`), use("campaign--1", "malware--1", ref("four"), ""),
		use("malware--1", "attack-pattern--3", ref("one"), ""), use("intrusion-set--3", "attack-pattern--3", ref("five"), ""),
		use("intrusion-set--9", "attack-pattern--3", ref("five"), ""),
		`{"type":"relationship","relationship_type":"attributed-to","source_ref":"campaign--1","target_ref":"intrusion-set--2"}`,
		`{"type":"x-mitre-collection","id":"c","x_mitre_version":"18.1"}`,
	}
	return []byte(`{"type":"bundle", "objects": [` + strings.Join(objects, ",\n ") + "]}\n")
}

func TestBundle(t *testing.T) {
	got, err := ReadBundle(bundleText())
	if err != nil {
		t.Fatal(err)
	}
	want := []Use{
		{By: "G0001", What: "T1001", Reports: []string{"one"}}, {By: "G0001", What: "T1002", Reports: []string{"one", "two"}},
		{By: "G0002", What: "S0001", Reports: []string{"four"}}, {By: "G0002", What: "T1003", Reports: []string{"three"}},
		{By: "S0001", What: "T1002.001", Reports: []string{"one"}},
	}
	if diff := cmp.Diff(want, got.Uses); diff != "" {
		t.Errorf("uses (-want +got): %s", diff)
	}
	if got.Version != "18.1" || len(got.Groups) != 2 || got.Groups[0].Aliases[1] != "The First" {
		t.Errorf("got version %q and groups %+v", got.Version, got.Groups)
	}
	if diff := cmp.Diff(Victims{[]string{"finance"}, []string{"JP"}}, got.Groups[0].Victims); diff != "" {
		t.Errorf("victims (-want +got): %s", diff)
	}
	if g, ok := got.Group("the first"); !ok || g.ID != "G0001" {
		t.Errorf("by alias: got %+v", g)
	}
	var b bytes.Buffer
	if err := got.Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := readTable(b.String())
	if err != nil {
		t.Fatal(err)
	}
	if got, again := got.Dates["three"], again.Dates["three"]; got != "2017-04-03" || again != got {
		t.Errorf("date of a report: %q, written and read again %q", got, again)
	}
	got.Dates = again.Dates // of reports that nothing rests on no date is written
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("written and read again: %s", diff)
	}
}

// TestDamagedBundle cuts and breaks a bundle: an error or a table, never a panic.
func TestDamagedBundle(t *testing.T) {
	text := bundleText()
	for n := range text {
		ReadBundle(text[:n])
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		bad := slices.Clone(text)
		for range 1 + rng.IntN(4) {
			bad[rng.IntN(len(bad))] = `{}[]",:\x`[rng.IntN(9)]
		}
		if table, err := ReadBundle(bad); err == nil {
			NewKnowledge(table)
		}
	}
	for _, bad := range []string{"", "[]", "{}", `{"objects":[]}`, `{"objects":{}}`, "\x00", `{"objects":[1,2]}`} {
		if _, err := ReadBundle([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// TestReportLeftOut holds that a report left out leaves no trace: the counts are those of a table without it.
func TestReportLeftOut(t *testing.T) {
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	k := NewKnowledge(table)
	for _, report := range []string{"Kaspersky ThreatNeedle Feb 2021", "FireEye FIN6 Apr 2019", "CrowdStrike Ryuk January 2019"} {
		if len(k.byReport[report]) == 0 {
			t.Fatalf("the embedded table has no report %q", report)
		}
		less := *table
		strip := func(reports []string) []string {
			return slices.DeleteFunc(slices.Clone(reports), func(r string) bool { return r == report })
		}
		less.Dates = maps.Clone(table.Dates)
		delete(less.Dates, report)
		less.Groups, less.Software, less.Uses = slices.Clone(table.Groups), slices.Clone(table.Software), nil
		for i := range less.Groups {
			less.Groups[i].Reports = strip(less.Groups[i].Reports)
		}
		for i := range less.Software {
			less.Software[i].Reports = strip(less.Software[i].Reports)
		}
		for _, u := range table.Uses {
			stay := strip(u.Reports)
			if len(stay) > 0 || len(u.Reports) == 0 {
				less.Uses = append(less.Uses, Use{u.By, u.What, stay})
			}
		}
		plain := NewKnowledge(&less)
		s := certain(k, k.witnesses[k.byReport[report][0]].techs, k.witnesses[k.byReport[report][0]].soft)
		if s.when = k.whenOf(&Case{LeaveOut: report}); s.when == 0 {
			t.Fatalf("%s has no date", report)
		}
		got, want := k.features(k.view(report), s), plain.features(plain.view(""), s)
		for g := range want {
			for f := range want[g] {
				if math.Abs(got[g][f]-want[g][f]) > 1e-6 {
					t.Fatalf("%s: %s of %s is %v, without the report %v", report, FeatureNames()[f], k.groups[g].ID, got[g][f], want[g][f])
				}
			}
		}
	}
}

func embeddedRanker(t *testing.T, local ...LocalCase) *Ranker {
	t.Helper()
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRanker(NewKnowledge(table, local...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNoNumberIsNone ranks cases of every kind, sensible or not: probabilities are numbers from 0 to 1 that sum to 1.
func TestNoNumberIsNone(t *testing.T) {
	r := embeddedRanker(t)
	var every []string
	for _, e := range slices.Concat(r.k.techniques, r.k.software) {
		every = append(every, e.ID)
	}
	cases := []Case{
		{}, {Techniques: Sure(every)}, {Techniques: Sure([]string{"T9999", "", "x", "S0154", "\x00"})}, {Software: Sure(every[len(r.k.techniques):])},
		{Techniques: []Seen{{ID: "T1059", Strength: math.NaN()}, {ID: "T1003", Strength: math.Inf(1)}, {ID: "T1105", Strength: -1}}},
		{Techniques: []Seen{{ID: "T1059.001", Strength: 1e-300}}, LeaveOut: "no such report"}, {Techniques: Sure(every[:1]), LeaveOut: "Kaspersky ThreatNeedle Feb 2021"},
	}
	for _, when := range []time.Time{time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC)} {
		cases = append(cases, Case{Techniques: Sure(every[:20]), When: when})
	}
	for i := range cases {
		res := r.Explain(&cases[i])
		text, err := json.Marshal(res) // which refuses what is no number
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		rank := r.Rank(&cases[i])
		sum := rank.Unknown
		for _, g := range rank.Groups {
			if !(g.Probability >= 0 && g.Probability <= 1) {
				t.Errorf("case %d: %s has probability %v", i, g.Group, g.Probability)
			}
			sum += g.Probability
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("case %d: probabilities sum to %v", i, sum)
		}
		if again, _ := json.Marshal(r.Explain(&cases[i])); !bytes.Equal(text, again) {
			t.Errorf("case %d: two answers", i)
		}
	}
	for _, i := range []int{0, 1} {
		if res := r.Explain(&cases[i]); res.Unknown.Probability < 0.9 || len(res.Troubles) == 0 {
			t.Errorf("case %d: unknown is %v, troubles %q", i, res.Unknown.Probability, res.Troubles)
		}
	}
}

// TestBits holds what a result says of its bits: the parts sum to the whole, and n bits are 2ⁿ times the probability.
func TestBits(t *testing.T) {
	r := embeddedRanker(t)
	res := r.Explain(&Case{Techniques: Sure([]string{"T1566.001", "T1204.002", "T1059.001", "T1486", "T1021.002"}), Software: Sure([]string{"S0446", "S0154"}),
		When: time.Date(2020, 10, 1, 0, 0, 0, 0, time.UTC)})
	if res.Ranking[0].Name != "Wizard Spider" {
		t.Errorf("Ryuk: first is %q", res.Ranking[0].Name)
	}
	a, b := res.Ranking[0], res.Ranking[1]
	if got, want := math.Log2(a.Probability/b.Probability), a.Bits-b.Bits; math.Abs(got-want) > 1e-6 {
		t.Errorf("odds of %v bits, said are %v", got, want)
	}
	if a.Time <= 0 || len(a.Dated) == 0 || !strings.HasPrefix(a.Dated[0].Date, "2020-10") || res.Time != "2020-10-01" {
		t.Errorf("time %q of 2020-10 is %v bits by %v", res.Time, a.Time, a.Dated)
	}
	sum := a.Knowledge + a.Habits + a.Time
	for _, c := range a.Contributions {
		sum += c.Bits
		if c.Basis == BySame && len(c.Reports) == 0 {
			t.Errorf("%s rests on no report", c.ID)
		}
	}
	if math.Abs(sum-a.Bits) > leastBits*7 {
		t.Errorf("parts sum to %v, the whole is %v", sum, a.Bits)
	}
	if a.Low > a.Probability || a.High < a.Probability || a.Words != Words(a.Probability) {
		t.Errorf("estimate %+v", a.Estimate)
	}
}

// TestVersions holds that identifiers of version 19 find what 18.1 calls otherwise, and the other way round.
func TestVersions(t *testing.T) {
	k := embeddedRanker(t).k
	for id, want := range map[string]string{"T1685": "T1562.001", "t1070.001": "T1070.001", "attack.t1685.005": "T1070.001", "T1686": "T1562.004", "T1000000": "T1000000"} {
		if got := k.Canonical(id); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}

// TestLearned holds that a case of one's own is a witness, that its copy counts once, and that a new group can be learned.
func TestLearned(t *testing.T) {
	lesson := LocalCase{Name: "spring", Group: "local: neighbours", GroupName: "neighbours",
		Techniques: []string{"T1014", "T1030", "T1123", "T1200", "T1205.001", "T1542.003"}, Software: []string{"S0002"}}
	seen := &Case{Techniques: Sure(lesson.Techniques)}
	res := embeddedRanker(t, lesson).Explain(seen)
	if res.Ranking[0].Name != "neighbours" {
		t.Errorf("learned: first is %q", res.Ranking[0].Name)
	}
	copied := lesson
	copied.Name = "summer"
	all, said := Learn([]LocalCase{lesson}, copied)
	if len(all) != 2 || !strings.Contains(said, "count as one") {
		t.Errorf("a copy: %d cases, said %q", len(all), said)
	}
	if diff := cmp.Diff(res.Ranking, embeddedRanker(t, all...).Explain(seen).Ranking); diff != "" {
		t.Errorf("a copy changes the ranking: %s", diff)
	}
	if all, said = Learn(all, copied); len(all) != 2 || !strings.Contains(said, "replaces") {
		t.Errorf("the same name again: %d cases, said %q", len(all), said)
	}
}

// TestLocalFile refuses what is no list of cases.
func TestLocalFile(t *testing.T) {
	for text, good := range map[string]bool{
		"": true, `{"name":"a","group":"G0001","techniques":["T1059"]}` + "\n\n": true, "{": false, `{"name":"a"}`: false, `{"group":"G0001"}`: false,
	} {
		if _, err := ReadLocal(strings.NewReader(text)); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestSharedCases holds the accuracy on reports left out to no less than it was, where the shared data is there.
func TestSharedCases(t *testing.T) {
	dir := filepath.Join(testkit.Root(t), ".shared", "attack")
	data, err := os.ReadFile(filepath.Join(dir, "enterprise-attack.json"))
	if err != nil {
		t.Skip("the shared data is absent: .shared/attack")
	}
	var cases []struct {
		Report, Group        string
		Techniques, Software []string
	}
	text, err := os.ReadFile(filepath.Join(dir, "attribution-cases.json"))
	if err == nil {
		err = json.Unmarshal(text, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	table, err := ReadBundle(data)
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table.Uses, embedded.Uses); diff != "" {
		t.Errorf("the embedded table is not the bundle's (-bundle +embedded): %.300s", diff)
	}
	for i, g := range table.Groups {
		if diff := cmp.Diff(g.Victims, embedded.Groups[i].Victims); diff != "" {
			t.Errorf("victims of %s: the embedded table is not the bundle's (-bundle +embedded): %s", g.ID, diff)
		}
	}
	for report, date := range embedded.Dates {
		if table.Dates[report] != date {
			t.Errorf("the embedded table dates %q %s, the bundle %q", report, date, table.Dates[report])
		}
	}
	r, err := NewRanker(NewKnowledge(table), Options{Prior: CasesPrior})
	if err != nil {
		t.Fatal(err)
	}
	for timeless, least := range map[bool]float64{false: 0.72, true: 0.70} {
		first, third := 0, 0
		for _, c := range cases {
			rank := r.Rank(&Case{LeaveOut: c.Report, Techniques: Sure(c.Techniques), Software: Sure(c.Software), Timeless: timeless}).Groups
			at := slices.IndexFunc(rank, func(g Ranked) bool { return g.Group == c.Group })
			if at == 0 {
				first++
			}
			if at < 3 {
				third++
			}
		}
		if n := float64(len(cases)); float64(first) < least*n || float64(third) < 0.82*n {
			t.Errorf("without time %v: of %d cases %d right at first, %d among three", timeless, len(cases), first, third)
		}
	}
}
