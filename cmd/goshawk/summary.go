package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/report"
	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

// summary is what a person is told at the end of a hunt.
type summary struct {
	evidenceTally
	findingTally
	reports    []*detect.Report
	logSources []byte   // the mapping that was given; nil: the embedded one
	notes      []string // what could not be decided
	elapsed    time.Duration
	ranked     []*report.Host
	groups     *table // findings by rule and host, where they are to be shown with the summary
}

// note gathers, after a run, what the engines could not decide.
func (s *summary) note(engines []detect.Engine) {
	for _, e := range engines {
		s.notes = append(s.notes, e.Notes()...)
	}
}

// findingTally counts findings.
type findingTally struct{ levels, techniques, hosts map[string]int }

// finding counts one.
func (t *findingTally) finding(f *finding.Finding) {
	t.prepare()
	t.levels[f.Level]++
	for _, id := range f.Attack {
		t.techniques[id]++
	}
	t.host(f.Host, 1)
}

func (t *findingTally) prepare() {
	if t.levels == nil {
		t.levels, t.techniques, t.hosts = map[string]int{}, map[string]int{}, map[string]int{}
	}
}

func (t *findingTally) host(name string, n int) {
	if _, ok := t.hosts[name]; ok || len(t.hosts) < maxGroups {
		t.hosts[name] += n
	}
}

// add adds what another one counted.
func (t *findingTally) add(o *findingTally) {
	t.prepare()
	for level, n := range o.levels {
		t.levels[level] += n
	}
	for id, n := range o.techniques {
		t.techniques[id] += n
	}
	for name, n := range o.hosts {
		t.host(name, n)
	}
}

// topRows is how many rows of findings stand above the summary of a case.
const topRows = 20

// printTop shows the gravest findings.
func (s *summary) printTop(t *terminal) error {
	s.groups.w, s.groups.t, s.groups.limit = t, t, topRows
	return s.groups.close()
}

// print writes the summary.
func (s *summary) print(t *terminal) {
	fmt.Fprintln(t)
	s.heatMap(t)
	row := func(name, text string) {
		if t.wrap {
			text = ansi.Wordwrap(text, max(20, t.width-10), "")
		}
		fmt.Fprintf(t, "%s %s\n", t.styles.dim.Render(fit(name, 9)), strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 10)))
	}
	row("findings", s.levelCounts(t))
	if len(s.ranked) > 0 {
		row("hosts", s.hostRanking(t))
	}
	row("evidence", s.evidenceCounts())
	for _, r := range s.reports {
		row("rules", ruleCounts(r))
	}
	row("speed", s.speed())
	for _, note := range s.notes {
		row("note", note)
	}
}

func (s *summary) levelCounts(t *terminal) string {
	var parts []string
	for _, level := range slices.Backward(finding.Levels) {
		if n := s.levels[level]; n > 0 {
			parts = append(parts, count(n)+" "+t.level(level, 0))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ") + fmt.Sprintf(" on %s", plural(len(s.hosts), "host"))
}

// rankedHosts is how many hosts the summary names.
const rankedHosts = 5

// hostRanking names the hosts that stand out, with the score that their signals add up to.
func (s *summary) hostRanking(t *terminal) string {
	var parts []string
	for _, h := range s.ranked {
		if h.Name != "" && len(parts) < rankedHosts {
			parts = append(parts, fmt.Sprintf("%s %s", t.styles.bold.Render(shortHost(h.Name)), score(h.Score)))
		}
	}
	return strings.Join(parts, ", ") + t.styles.dim.Render("  (of 100; the report shows what adds up)")
}

// score writes a host's score; only certainty would be 100.
func score(s float64) string {
	if s > 99.9 {
		return "> 99.9"
	}
	return fmt.Sprintf("%.1f", s)
}

func (s *summary) evidenceCounts() string {
	text := fmt.Sprintf("%s, %s; %s", plural(s.files, "file"), size(s.bytes), plural(s.records, "record"))
	if s.recovered > 0 {
		text += fmt.Sprintf(" and %s recovered", count(s.recovered))
	}
	if s.unknown > 0 {
		text += fmt.Sprintf("; %s of kinds that are not read", plural(s.unknown, "file"))
	}
	if s.unread > 0 {
		text += fmt.Sprintf("; %s not read in full", plural(s.unread, "file"))
	}
	return text
}

func ruleCounts(r *detect.Report) string {
	rules, correlations, refused := 0, 0, 0
	for _, set := range r.Sets {
		rules, correlations = rules+set.Rules, correlations+set.Correlations
	}
	for _, p := range r.Problems {
		if !p.Warning {
			refused++
		}
	}
	text := fmt.Sprintf("%s and %s", plural(rules, "rule"), plural(correlations, "correlation"))
	if refused > 0 {
		text += fmt.Sprintf(", %s refused (goshawk rules check says why)", count(refused))
	}
	return text
}

func (s *summary) speed() string {
	seconds := max(s.elapsed.Seconds(), 0.001)
	text := fmt.Sprintf("%.1f s, %s/s, %s records/s", seconds, size(int64(float64(s.bytes)/seconds)), count(int64(float64(s.records+s.recovered)/seconds)))
	if peak := peakMemory(); peak > 0 {
		text += ", peak memory " + size(peak)
	}
	return text
}

// heatMap shows the techniques seen, by tactic, with a bar for how often.
func (s *summary) heatMap(t *terminal) {
	if len(s.techniques) == 0 {
		return
	}
	for _, tactic := range attack.TacticNames() {
		var ids []string
		for id := range maps.Keys(s.techniques) {
			if slices.Contains(attack.Tactics(id), tactic.Short) {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			continue
		}
		slices.SortFunc(ids, func(a, b string) int {
			return cmp.Or(-cmp.Compare(s.techniques[a], s.techniques[b]), strings.Compare(a, b))
		})
		line := ""
		for _, id := range ids {
			line += heat(s.techniques[id]) + id + "  "
		}
		fmt.Fprintln(t, t.styles.dim.Render(fit(tactic.Name, 21)), strings.TrimRight(fit(line, t.width-23), " "))
	}
	legend := fmt.Sprintf("ATT&CK %s; one finding ▁, tens ▃, hundreds ▅, thousands ▇", attack.Version)
	indent := max(0, min(22, t.width-1-ansi.StringWidth(legend)))
	fmt.Fprintln(t, strings.Repeat(" ", indent)+t.styles.dim.Render(legend))
	fmt.Fprintln(t)
}

func heat(n int) string {
	switch {
	case n >= 1000:
		return "▇"
	case n >= 100:
		return "▅"
	case n >= 10:
		return "▃"
	}
	return "▁"
}
