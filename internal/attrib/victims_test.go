package attrib

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVictims holds that victims speak for the groups that go for such, against the others, for nobody whose victims aren't known, and within bounds.
func TestVictims(t *testing.T) {
	r := embeddedRanker(t)
	c := seen(func(c *Case) { c.Victims = Victims{Sectors: []string{"cryptocurrency"}, Countries: []string{"KR"}} })
	for _, tt := range []struct {
		group, kind string
		low, high   float64
	}{
		{"G1049", SideSector, 1, mostVictims},         // AppleJeus: cryptocurrency
		{"G0067", SideCountry, 1, mostVictims},        // APT37: South Korea
		{"G0047", SideSector, -mostVictims, -1},       // Gamaredon Group: Ukraine's government
		{"G0047", SideCountry, -mostVictims, -0.1},    //
		{"G0119", SideSector, 0, 0},                   // Indrik Spider: nothing is said
		{"G0034", SideCountry, -mostVictims, -0.1},    // Sandworm Team: Ukraine, France, Georgia
		{"G0030", SideCountry, -0.5, mostVictims / 2}, // Lotus Blossom: Asia, which says little of one country
	} {
		if got := sideOf(r, c, tt.group, tt.kind); got < tt.low || got > tt.high {
			t.Errorf("%s, %s: %.2f bits, want %v to %v", tt.group, tt.kind, got, tt.low, tt.high)
		}
	}
	plain, with := r.Rank(seen(nil)), r.Rank(c)
	if a, b := find(t, plain, "G1049").Probability, find(t, with, "G1049").Probability; b < 2*a {
		t.Errorf("AppleJeus has %.4f without its victims, %.4f with them", a, b)
	}
	if a, b := find(t, plain, "G0047").Probability, find(t, with, "G0047").Probability; b >= a {
		t.Errorf("Gamaredon Group has %.4f without victims of others, %.4f with them", a, b)
	}
}

// TestVictimsOfLearned holds that what learned cases say of victims counts for their group.
func TestVictimsOfLearned(t *testing.T) {
	lesson := LocalCase{Name: "old", Group: "local: x", Techniques: []string{"T1059.001"}, Victims: Victims{Sectors: []string{"maritime"}}}
	c := seen(func(c *Case) { c.Victims.Sectors = []string{"maritime"} })
	if got := sideOf(embeddedRanker(t, lesson), c, lesson.Group, SideSector); got < 1 {
		t.Errorf("%.2f bits", got)
	}
}

// TestVocabulary holds what may be asked for, and what descriptions are taken to say: whom a group goes for, not where it comes from.
func TestVocabulary(t *testing.T) {
	got, err := Victims{Sectors: []string{"Banking", "finance", "CRYPTO"}, Countries: []string{"kr", "South Korea", "Middle East", "XK"}}.Check()
	want := Victims{Sectors: []string{"cryptocurrency", "finance"}, Countries: []string{"KR", "XK", "middle-east"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	for _, bad := range []Victims{{Sectors: []string{"pirates"}}, {Countries: []string{"ZZ"}}, {Sectors: []string{""}}, {Countries: []string{"-"}}} {
		if _, err := bad.Check(); err == nil || !strings.Contains(err.Error(), "there is no") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	for prose, want := range map[string]Victims{
		"[X](https://a/G1) is a North Korean state-sponsored group based in Iran. It has targeted banks in the U.S. and Japan.(Citation: China Bank 2020)": {[]string{"finance"}, []string{"JP", "US"}},
		"A Chinese group that conducts attacks against South Korean and Russian ministries using servers in Germany":                                       {[]string{"government"}, []string{"KR", "RU"}},
		"A group, targeted by Chinese state-sponsored actors":                                                                                              {},
		"It focuses primarily on Southeast Asia and the South China Sea.":                                                                                  {nil, []string{"southeast-asia"}},
		"An Indian group. Its tools are like those of a Pakistani group.":                                                                                  {},
		"Its victims are IT companies; it tells us nothing about us.":                                                                                      {[]string{"technology"}, nil},
		"Targets: \x00\xff" + strings.Repeat("targeting ", 6000) + "banks":                                                                                 {[]string{"finance"}, nil},
	} {
		if diff := cmp.Diff(want, victimsIn(prose)); diff != "" && !(want.None() && func() bool { v := victimsIn(prose); return v.None() }()) {
			t.Errorf("%.60q: %s", prose, diff)
		}
	}
	for _, code := range slices.Concat(Sectors(), Regions(), countries().codes) {
		if strings.ContainsAny(code, ", \t\n|") {
			t.Errorf("code %q can't stand in the table", code)
		}
	}
	known := 0
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range table.Groups {
		if _, err := g.Victims.Check(); err != nil {
			t.Errorf("%s: %v", g.ID, err)
		}
		if !g.Victims.None() {
			known++
		}
	}
	if known < 100 {
		t.Errorf("the embedded table knows the victims of %d groups", known)
	}
}

// TestManyVictims holds a case of a stranger that names any number of victims, none of the vocabulary, to little work and sensible numbers.
func TestManyVictims(t *testing.T) {
	r := embeddedRanker(t)
	v := Victims{Sectors: slices.Repeat([]string{"<script>"}, 1_000_000), Countries: slices.Repeat([]string{"asia", "\x1b"}, 500_000)}
	res := r.Explain(seen(func(c *Case) { c.Victims = v }))
	if text, err := json.Marshal(res); err != nil || len(text) > 1<<20 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	for _, g := range res.Ranking {
		if math.Abs(g.Beside) > mostSide {
			t.Errorf("%s: %v bits", g.Name, g.Beside)
		}
	}
}
