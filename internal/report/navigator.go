package report

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

func init() {
	register(Output{
		Name: "Navigator layer", File: "navigator.json",
		Doc:   "The techniques seen, as a layer of the ATT&CK Navigator.",
		Write: writeNavigator,
	})
}

// layer is a layer of the ATT&CK Navigator, format 4.5.
type layer struct {
	Name        string           `json:"name"`
	Versions    layerVersions    `json:"versions"`
	Domain      string           `json:"domain"`
	Description string           `json:"description"`
	Sorting     int              `json:"sorting"`
	HideOff     bool             `json:"hideDisabled"`
	Techniques  []layerTechnique `json:"techniques"`
	Gradient    layerGradient    `json:"gradient"`
	Legend      []layerLegend    `json:"legendItems"`
	Metadata    []layerMetadata  `json:"metadata"`
}

type layerVersions struct {
	Attack    string `json:"attack"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

type layerTechnique struct {
	ID       string          `json:"techniqueID"`
	Score    int             `json:"score"`
	Color    string          `json:"color"`
	Comment  string          `json:"comment"`
	Enabled  bool            `json:"enabled"`
	ShowSub  bool            `json:"showSubtechniques"`
	Metadata []layerMetadata `json:"metadata"`
}

type layerGradient struct {
	Colors   []string `json:"colors"`
	MinValue int      `json:"minValue"`
	MaxValue int      `json:"maxValue"`
}

type layerLegend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

type layerMetadata struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// levelBase is the score of a technique seen once at a level; repeats add at most 9, so that they never outweigh a level.
var levelBase = [5]int{10, 30, 50, 70, 90}

var levelColor = [5]string{"#c9ced4", "#a9cbe0", "#f2d27c", "#f0a06a", "#d9636e"}

// layerScore grows with the highest level, and within it with the logarithm of how often the technique was seen.
func layerScore(c Counts) (score, rank int) {
	for r, n := range c {
		if n > 0 {
			rank = r
		}
	}
	if c.Total() == 0 {
		return 0, 0
	}
	return levelBase[rank] + min(9, int(3*math.Log10(float64(c.Total())))), rank
}

func writeNavigator(_ context.Context, m *Model, w io.Writer) error {
	l := layer{
		Name:        layerName(m.Case.Title),
		Versions:    layerVersions{Attack: major(visible(m.AttackVersion())), Navigator: "5.1.0", Layer: "4.5"},
		Domain:      "enterprise-attack",
		Description: fmt.Sprintf("Techniques that the findings of this case speak of, in ATT&CK %s. The score is that of the highest level seen, and up to 9 more for repeats.", visible(m.AttackVersion())),
		Sorting:     3, // by score, highest first
		Techniques:  []layerTechnique{},
		Gradient:    layerGradient{Colors: []string{"#eef1f4", "#f2d27c", "#d9636e"}, MinValue: 0, MaxValue: 100},
		Metadata:    []layerMetadata{{"tool", visible(strings.TrimSpace(m.Case.Tool.Name + " " + m.Case.Tool.Version))}},
	}
	for rank, level := range slices.Backward(finding.Levels) {
		l.Legend = append(l.Legend, layerLegend{fmt.Sprintf("%s (%d to %d)", level, levelBase[rank], levelBase[rank]+9), levelColor[rank]})
	}
	for _, t := range m.Techniques {
		l.Techniques = append(l.Techniques, layerEntry(t))
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(l)
}

// maxLayerRules bounds the rules that a technique's comment names.
const maxLayerRules = 5

func layerEntry(t *Technique) layerTechnique {
	score, rank := layerScore(t.Levels)
	var rules []string
	for _, g := range t.Groups {
		if title := short(g.Title); !slices.Contains(rules, title) {
			rules = append(rules, title)
		}
	}
	more := ""
	if len(rules) > maxLayerRules {
		more = fmt.Sprintf("; and %s more", plural(int64(len(rules)-maxLayerRules), "rule"))
		rules = rules[:maxLayerRules]
	}
	return layerTechnique{
		ID: visible(t.ID), Score: score, Color: levelColor[rank], Enabled: true, ShowSub: strings.Contains(t.ID, "."),
		Comment: fmt.Sprintf("%s on %s: %s%s", plural(t.Levels.Total(), "finding"), plural(int64(t.Hosts), "host"), strings.Join(rules, "; "), more),
		Metadata: []layerMetadata{
			{"highest level", finding.Levels[rank]}, {"first seen", stamp(t.First)}, {"last seen", stamp(t.Last)}, {"first finding", visible(t.Groups[0].FirstID)},
		},
	}
}

func layerName(title string) string {
	if title == "" {
		return "goshawk case"
	}
	return shorten(120, title)
}

// AttackVersion is the version that the case's technique ids are shown in.
func (m *Model) AttackVersion() string {
	if m.Case.Attack != "" {
		return m.Case.Attack
	}
	return attack.Version
}

// major cuts "19.2" to "19", which is how the Navigator names versions.
func major(version string) string {
	v, _, _ := strings.Cut(version, ".")
	return v
}
