package attrib

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// seen is a case that fits several groups about as well.
func seen(more func(*Case)) *Case {
	c := &Case{Techniques: Sure([]string{"T1566.001", "T1204.002", "T1059.001", "T1105", "T1547.001"})}
	if more != nil {
		more(c)
	}
	return c
}

func find(t *testing.T, r *Ranking, group string) Ranked {
	t.Helper()
	i := slices.IndexFunc(r.Groups, func(g Ranked) bool { return g.Group == group })
	if i < 0 {
		t.Fatalf("no group %s", group)
	}
	return r.Groups[i]
}

// sideOf returns the bits of one kind for a group.
func sideOf(r *Ranker, c *Case, group, kind string) float64 {
	s, _ := r.k.see(c)
	if s.aside == nil {
		return 0
	}
	return s.aside.by(kind)[r.k.groupAt[group]]
}

// TestNothingBeside holds that a case without other evidence, or with some that says nothing, is ranked as ever.
func TestNothingBeside(t *testing.T) {
	r := embeddedRanker(t, LocalCase{Name: "old", Group: "G0032", Techniques: []string{"T1059"}, Indicators: Indicators{"domain": {"bad.example"}}, Order: [][]string{{"T1059"}, {"T1105"}}})
	plain := r.Rank(seen(nil))
	for name, c := range map[string]*Case{
		"indicators that nobody has": seen(func(c *Case) { c.Indicators = Indicators{"domain": {"other.example"}, "nonsense": {"bad.example"}} }),
		"an order of one":            seen(func(c *Case) { c.Order = [][]string{{"T1059", "T1105"}} }),
		"unknown techniques":         seen(func(c *Case) { c.Order = [][]string{{"T9999"}, {""}, nil} }),
	} {
		if diff := cmp.Diff(plain, r.Rank(c)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if res := r.Explain(c); res.Ranking[0].Beside != 0 || len(res.Ranking[0].Sides) > 0 {
			t.Errorf("%s: side evidence %+v", name, res.Ranking[0].Sides)
		}
	}
}

// TestIndicators holds that a file in common says more than a name, that more than an address, that several say more but never above the
// bound, and that what cases of several groups have says little.
func TestIndicators(t *testing.T) {
	bits := func(shared Indicators, others ...LocalCase) float64 {
		lessons := append(others, LocalCase{Name: "old", Group: "G0032", Techniques: []string{"T1059"}, Indicators: shared})
		return sideOf(embeddedRanker(t, lessons...), seen(func(c *Case) { c.Indicators = shared }), "G0032", SideIndicators)
	}
	address, name, file := bits(Indicators{"ipv4": {"8.8.4.1"}}), bits(Indicators{"domain": {"a.b"}}), bits(Indicators{"sha256": {"aa"}})
	if !(0 < address && address < name && name < file && file < mostIndicators) {
		t.Errorf("address %v, name %v, file %v", address, name, file)
	}
	if got := bits(Indicators{"sha256": {"aa"}, "md5": {"bb"}}); got != file {
		t.Errorf("two hashes that may be of one file: %v, one: %v", got, file)
	}
	if got := bits(Indicators{"ipv4": {"1", "2", "3", "4", "5", "6", "7", "8"}}); got <= address || got >= 2*address {
		t.Errorf("eight addresses: %v, one: %v", got, address)
	}
	many := Indicators{"sha256": {"a", "b", "c"}, "domain": {"d", "e", "f"}, "ipv6": {"g", "h"}}
	if got := bits(many); got != mostIndicators {
		t.Errorf("many: %v", got)
	}
	other := LocalCase{Name: "new", Group: "G0007", Techniques: []string{"T1059"}, Indicators: Indicators{"sha256": {"aa"}}}
	if got := bits(Indicators{"sha256": {"aa"}}, other); got <= 0 || got > file/3 {
		t.Errorf("shared by two groups: %v, by one: %v", got, file)
	}
}

// TestIndicatorsAgainstUnknown holds that strong evidence for one group makes an unknown actor less likely, even where nothing else was seen,
// and that victims of nobody make it likelier.
func TestIndicatorsAgainstUnknown(t *testing.T) {
	lesson := LocalCase{Name: "old", Group: "G0007", Techniques: []string{"T1190"}, Indicators: Indicators{"sha256": {"aa", "bb"}}}
	r := embeddedRanker(t, lesson)
	for name, techniques := range map[string][]Seen{"techniques": seen(nil).Techniques, "nothing": nil} {
		plain, with := &Case{Techniques: techniques}, &Case{Techniques: techniques, Indicators: Indicators{"sha256": {"bb", "aa", "cc"}}}
		before, after := r.Rank(plain), r.Rank(with)
		if after.Groups[0].Group != "G0007" || after.Groups[0].Probability < 0.5 || after.Unknown > before.Unknown/2 {
			t.Errorf("%s: %v, unknown %.3f (was %.3f)", name, after.Groups[0], after.Unknown, before.Unknown)
		}
		sum := after.Unknown
		for _, g := range after.Groups {
			sum += g.Probability
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: probabilities sum to %v", name, sum)
		}
		if low := r.Explain(with).Ranking[0].Low; low < 0.3 {
			t.Errorf("%s: the span begins at %v, as if the indicators were not in every draw", name, low)
		}
	}
	strange := r.Rank(seen(func(c *Case) { c.Victims.Sectors = []string{"agriculture"}; c.Victims.Countries = []string{"AQ"} }))
	if strange.Unknown <= 0 || strange.Unknown >= 1 {
		t.Errorf("unknown %v", strange.Unknown)
	}
}

// TestOrder holds that the same order speaks for, the other way round against, and that ties and pairs of different tactics say nothing.
func TestOrder(t *testing.T) {
	ids := []string{"T1082", "T1083", "T1057", "T1016", "T1049", "T1033", "T1087.001", "T1018"} // discovery
	order := func(reverse bool) (out [][]string) {
		for _, id := range ids {
			out = append(out, []string{id})
		}
		if reverse {
			slices.Reverse(out)
		}
		return out
	}
	lesson := LocalCase{Name: "old", Group: "G0032", Techniques: ids, Order: append(order(false), []string{"T1486"})}
	r := embeddedRanker(t, lesson)
	bits := func(order [][]string, group string) float64 {
		return sideOf(r, seen(func(c *Case) { c.Order = order }), group, SideOrder)
	}
	same, back := bits(order(false), "G0032"), bits(order(true), "G0032")
	if !(same > 0.5 && same < mostOrder && back == -same) {
		t.Errorf("same %v, backwards %v", same, back)
	}
	if got := bits(order(false)[:3], "G0032"); got <= 0 || got >= same {
		t.Errorf("three of them: %v, all: %v", got, same)
	}
	if got := bits([][]string{ids}, "G0032"); got != 0 {
		t.Errorf("all at one time: %v", got)
	}
	if got := bits([][]string{{"T1082"}, {"T1486"}}, "G0032"); got != 0 {
		t.Errorf("of other tactics: %v", got)
	}
	if got := bits(order(false), "G0007"); got != 0 {
		t.Errorf("a group without learned cases: %v", got)
	}
}

// TestFirstTimes holds the order that findings give: by the first of each technique from medium on, those of one time together.
func TestFirstTimes(t *testing.T) {
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	at := func(minute int, level string, ids ...string) finding.Finding {
		f := finding.Finding{Level: level, Title: "x", Attack: ids}
		if minute >= 0 {
			f.Time = time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC)
		}
		return f
	}
	c, err := FromFindings("x", table, sequence(at(9, "high", "T1003"), at(1, "low", "T1003"), at(2, "medium", "T1059", "T1105"), at(5, "medium", "T1003"), at(-1, "high", "T1018")))
	if diff := cmp.Diff([][]string{{"T1059", "T1105"}, {"T1003"}}, c.Order); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// TestVisible holds that a habit that could not have been seen speaks against nobody, that one that could does as ever, and that the
// text says how many there were.
func TestVisible(t *testing.T) {
	r := embeddedRanker(t)
	c := seen(nil)
	plain := r.Explain(c)
	every := seen(func(c *Case) {
		for _, e := range r.k.techniques {
			c.Visible = append(c.Visible, e.ID)
		}
	})
	all := r.Explain(every)
	if diff := cmp.Diff(plain.Ranking[0].Contributions, all.Ranking[0].Contributions); diff != "" || plain.Unknown != all.Unknown {
		t.Errorf("all could be seen, and it differs: %s", diff)
	}
	if all.Visible != len(r.k.techniques) || all.Ranking[0].Usual != all.Ranking[0].UsualVisible || plain.Visible != 0 || plain.Ranking[0].Usual != 0 {
		t.Errorf("%d visible, %d of %d usual; without a word %d", all.Visible, all.Ranking[0].UsualVisible, all.Ranking[0].Usual, plain.Visible)
	}
	for i := range plain.Ranking {
		if len(plain.Ranking[i].Missing) == 0 {
			continue
		}
		gone := plain.Ranking[i].Missing[0].ID
		less := r.Explain(seen(func(c *Case) {
			c.Visible = slices.DeleteFunc(slices.Clone(every.Visible), func(id string) bool { return id == gone })
		}))
		if !less.Blind(gone) || less.Blind("T1059.001") {
			t.Errorf("%s is not said to be out of sight", gone)
		}
		for _, g := range less.Ranking {
			if slices.ContainsFunc(g.Missing, func(m Contribution) bool { return m.ID == gone }) {
				t.Errorf("%s could not be seen, and is listed as missing of %s", gone, g.Name)
			}
		}
		return
	}
	t.Error("no group misses anything")
}

// TestHiddenHabit holds that hiding a habit takes its weight from the group that has it.
func TestHiddenHabit(t *testing.T) {
	r := embeddedRanker(t)
	c := seen(nil)
	open, _ := r.k.see(c)
	closed, _ := r.k.see(seen(func(c *Case) { c.Visible = []string{"T1059.001"} }))
	a, b := r.take(c, open), r.take(c, closed)
	shown, gone := 0, 0
	for g := range r.k.groups {
		shown, gone = shown+len(a.missing(g)), gone+len(b.missing(g))
	}
	if shown == 0 || gone > 0 {
		t.Errorf("missing: %d in the open, %d out of sight", shown, gone)
	}
	if res := r.Explain(seen(func(c *Case) { c.Visible = []string{"T1021.001"} })); res.Blind("T1021") || !res.Blind("T1021.002") || !res.Blind("T1003") {
		t.Error("what stands for all under it is seen with any of them, and nothing else is")
	}
	spread := func(e *explanation) (sum float64) {
		for g := range e.parts {
			sum += math.Abs(e.parts[g][slotHabits])
		}
		return sum
	}
	if spread(b) >= spread(a) {
		t.Errorf("habits weigh %v out of sight, %v in the open", spread(b), spread(a))
	}
}

// TestSideSum holds that bits sum and that their kinds together stay within bounds.
func TestSideSum(t *testing.T) {
	var order [][]string
	for _, id := range []string{"T1082", "T1083", "T1057", "T1016", "T1049", "T1033", "T1087.001", "T1018", "T1135", "T1012", "T1007", "T1124", "T1518.001"} {
		order = append(order, []string{id})
	}
	lesson := LocalCase{Name: "old", Group: "G0138", Techniques: []string{"T1082"}, Order: order, Indicators: Indicators{"md5": {"a", "b", "c"}, "domain": {"d"}}}
	r := embeddedRanker(t, lesson)
	c := seen(func(c *Case) {
		c.Victims, c.Order, c.Indicators = Victims{Sectors: []string{"cryptocurrency"}, Countries: []string{"KR"}}, order, lesson.Indicators
	})
	res := r.Explain(c)
	a, b := res.Ranking[0], res.Ranking[1]
	if a.Group != "G0138" || len(a.Sides) != 4 {
		t.Fatalf("%s with %+v", a.Group, a.Sides)
	}
	soft, sum := total(a.Sides, SideSector, SideCountry, SideOrder), total(a.Sides)
	if math.Abs(soft-mostSide) > 1e-9 || math.Abs(sum-a.Beside) > 1e-9 || sum > mostSide+mostIndicators {
		t.Errorf("%v of victims and order, %v of all, said are %v", soft, sum, a.Beside)
	}
	if got := a.Knowledge + a.Technical + a.Software + a.Beside; math.Abs(got-a.Bits) > 1e-9 {
		t.Errorf("parts sum to %v, the whole is %v", got, a.Bits)
	}
	if got, want := math.Log2(a.Probability/b.Probability), a.Bits-b.Bits; math.Abs(got-want) > 1e-6 {
		t.Errorf("odds of %v bits, said are %v", got, want)
	}
	if a.Low > a.Probability || a.High < a.Probability {
		t.Errorf("span %v", a.Estimate)
	}
	if _, err := json.Marshal(res); err != nil {
		t.Error(err)
	}
}

// TestContradictions holds that indicators that point away from the techniques, and victims that don't fit the leader, are named.
func TestContradictions(t *testing.T) {
	kinds := func(r *Ranker, c *Case) (out []string) {
		for _, x := range r.Explain(c).Contradictions {
			out = append(out, x.Kind)
			if !strings.Contains(x.Words, x.GroupName) || !strings.Contains(x.Words, x.OtherName) || !strings.Contains(x.Words, "two actors") {
				t.Errorf("%+v", x)
			}
		}
		return out
	}
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var sandworm []string
	for _, u := range table.Uses {
		if u.By == "G0034" && strings.HasPrefix(u.What, "T") {
			sandworm = append(sandworm, u.What)
		}
	}
	r := embeddedRanker(t, LocalCase{Name: "old", Group: "G0036", Techniques: []string{"T1021.004"}, Indicators: Indicators{"sha256": {"aa"}, "domain": {"b.c"}}})
	c := &Case{Techniques: Sure(sandworm)}
	if got := kinds(r, c); len(got) > 0 {
		t.Errorf("nothing beside: %v", got)
	}
	c.Indicators = Indicators{"sha256": {"aa"}, "domain": {"b.c"}}
	if got := kinds(r, c); !slices.Equal(got, []string{AgainstIndicators}) {
		t.Errorf("indicators of another group: %v", got)
	}
	c = &Case{Techniques: Sure(sandworm), Victims: Victims{Sectors: []string{"hospitality"}, Countries: []string{"MX"}}}
	if got := kinds(r, c); !slices.Equal(got, []string{AgainstVictims}) {
		t.Errorf("victims of others: %v", got)
	}
	c.Victims = Victims{Sectors: []string{"energy"}, Countries: []string{"UA"}}
	if got := kinds(r, c); len(got) > 0 {
		t.Errorf("its own victims: %v", got)
	}
}

// TestLearnedBounds holds that a learned case keeps little of a huge one, that its line can be read back, and that a huge or hostile line costs
// little.
func TestLearnedBounds(t *testing.T) {
	lesson := LocalCase{Name: "huge", Group: "G0032", Techniques: []string{"T1059"}, Indicators: Indicators{}}
	for i := range 100_000 {
		lesson.Indicators["sha256"] = append(lesson.Indicators["sha256"], fmt.Sprintf("%064x", i))
		lesson.Indicators["path"] = append(lesson.Indicators["path"], `c:\x`)
		lesson.Order = append(lesson.Order, []string{fmt.Sprintf("T%04d", i%10_000), "T1059", ""})
	}
	lesson.Indicators["domain"] = []string{strings.Repeat("x", 1000), "", "a.b", "a.b"}
	lesson.Indicators["ipv4"] = nil
	raw, err := json.Marshal(lesson)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := Learn(nil, lesson)
	kept, err := json.Marshal(all[0])
	if err != nil || len(kept) > 64<<10 {
		t.Errorf("%d bytes are kept, %v", len(kept), err)
	}
	for name, line := range map[string][]byte{"as it is": raw, "bounded": kept} {
		back, err := ReadLocal(bytes.NewReader(line))
		if err != nil || len(back) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		if n := back[0].Indicators.Count(); n != mostOfType+1 || len(back[0].Indicators["path"]) > 0 || len(back[0].Order) > maxLocalOrdered {
			t.Errorf("%s: %d indicators, an order of %d", name, n, len(back[0].Order))
		}
		r := embeddedRanker(t, back...)
		r.Explain(seen(func(c *Case) { c.Indicators, c.Order = lesson.Indicators, lesson.Order }))
	}
	old := `{"name":"a","group":"G0001","techniques":["T1059"]}`
	if back, err := ReadLocal(strings.NewReader(old)); err != nil || back[0].Indicators != nil || back[0].Order != nil || !back[0].Victims.None() {
		t.Errorf("an old line: %+v, %v", back, err)
	}
	for _, bad := range []string{`{"name":"a","group":"G0001","indicators":[1]}`, `{"name":"a","group":"G0001","order":{}}`, `{"name":"a","group":"G0001","sectors":7}`} {
		if _, err := ReadLocal(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
	// Words of another version's vocabulary are passed over.
	r := embeddedRanker(t, LocalCase{Name: "a", Group: "G0032", Victims: Victims{Sectors: []string{"pirates"}}})
	r.Explain(seen(func(c *Case) { c.Victims.Sectors = []string{"finance"} }))
}

// TestVictimsRestOn says where the victims of a group are known from: its page in ATT&CK, and learned cases.
func TestVictimsRestOn(t *testing.T) {
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	k := NewKnowledge(table, LocalCase{Name: "ours", Group: "own", Victims: Victims{Sectors: []string{"gaming"}}})
	s := &sides{of: make([][]Side, len(k.groups)), bits: make([]float64, len(k.groups))}
	k.likenVictims(Victims{Sectors: []string{"gaming"}}, s)
	pages := 0
	for g, list := range s.of {
		for _, side := range list {
			page := strings.Contains(side.Basis, "ATT&CK's page")
			if own := k.groups[g].ID == "own"; own == page || own != slices.Contains(side.Cases, "ours") {
				t.Errorf("%s: %q, cases %q", k.groups[g].ID, side.Basis, side.Cases)
			}
			if page {
				pages++
			}
		}
	}
	if pages == 0 {
		t.Error("no group of ATT&CK has victims")
	}
}
