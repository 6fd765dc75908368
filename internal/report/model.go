package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// Bounds of a Model. What is beyond them is counted, and the outputs say so.
const (
	maxHosts    = 5_000
	maxHostName = 256    // bytes
	maxTitle    = 1_000  // bytes
	maxGroups   = 50_000 // pairs of host and rule
	maxSlots    = 300_000
)

// Model sums up a case for the outputs. It is read-only once built.
type Model struct {
	Reader  *casefile.Reader
	Case    *casefile.Case
	Scratch string // folder for temporary files; "": the system's

	Hosts      []*Host      // by score, highest first
	Groups     []*Group     // by level, then host, then time
	Techniques []*Technique // by id
	Indicators []*Indicator // by type, then by what they are worth
	Levels     Counts       // findings
	First      time.Time    // of the findings that have a time
	Last       time.Time
	Untimed    int64 // findings without time
	Slot       int64 // seconds: the resolution of Host.Slots

	LostHosts      int64            // findings of hosts beyond maxHosts, which stand in no Host
	LostGroups     int64            // findings of groups beyond maxGroups, which stand in no Group
	LostSlots      int64            // findings that the activity of their host leaves out
	LostIndicators map[string]int64 // sightings of indicators beyond the bound of their type

	Evidence      []*casefile.EvidenceFile      // the first maxEvidence, those not read in full before the others
	EvidenceHosts map[string]*casefile.HostStat // records per host, whether or not something was found
	LostEvidence  int64
	Kinds         []KindCount // what was read, by parser

	daily daily
	actor actorOnce
}

// KindCount counts what one parser read.
type KindCount struct {
	Parser         string
	Files, Records int64
}

// Counts has a number for each of finding.Levels.
type Counts [5]int64

// Total adds them up.
func (c Counts) Total() (n int64) {
	for _, k := range c {
		n += k
	}
	return n
}

// Host is a machine, as records name it, with what was found on it.
type Host struct {
	Name    string // "" for findings over several hosts, or of evidence that names none
	Levels  Counts
	First   time.Time
	Last    time.Time
	Groups  []*Group          // by level, then time
	Score   float64           // 0 to 100; see score.go
	Reasons []Reason          // what the score is made of, strongest first
	Slots   map[int64]*Counts // time since 1970 in units of Model.Slot -> findings
	Records int64
	weight  float64
}

// Group is what one rule found on one host.
type Group struct {
	Host    *Host
	Rule    finding.Rule
	Level   string
	Title   string
	Attack  []string
	Count   int64
	First   time.Time
	Last    time.Time
	FirstID string  // id of its first finding
	leading []int64 // positions of its first findings in findings.jsonl
}

// Rank returns the position of the group's level in finding.Levels.
func (g *Group) Rank() int { return finding.LevelRank(g.Level) }

// Technique is an ATT&CK technique with the groups that speak of it.
type Technique struct {
	ID     string
	Name   string
	Levels Counts
	Groups []*Group // strongest first
	Hosts  int
	First  time.Time
	Last   time.Time
}

type groupKey struct {
	host       *Host
	kind, rule string
	level      string
}

func keyOf(h *Host, rule finding.Rule, level, title string) groupKey {
	key := groupKey{h, rule.Kind, rule.ID, level}
	if rule.ID == "" {
		key.rule = title
	}
	return key
}

// builder is the state of Build.
type builder struct {
	m          *Model
	hosts      map[string]*Host
	groups     map[groupKey]*Group
	indicators *indicatorSet
	slots      int
}

// Build reads a case's findings and evidence once and sums them up.
func Build(ctx context.Context, r *casefile.Reader) (*Model, error) {
	b := &builder{
		m:          &Model{Reader: r, Case: r.Case(), Slot: slotFor(&r.Case().Totals)},
		hosts:      map[string]*Host{},
		groups:     map[groupKey]*Group{},
		indicators: newIndicatorSet(),
	}
	n := int64(0)
	for f, err := range r.Findings() {
		if err != nil {
			return nil, err
		}
		if n++; n&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.add(f, n-1)
	}
	if err := b.m.readEvidence(r); err != nil {
		return nil, err
	}
	b.finish()
	return b.m, nil
}

func (b *builder) add(f *finding.Finding, position int64) {
	m, rank := b.m, finding.LevelRank(f.Level)
	m.Levels[rank]++
	if f.Time.IsZero() {
		m.Untimed++
	}
	m.First, m.Last = widen(m.First, m.Last, f.Time)
	h := b.host(f.Host)
	if h == nil {
		m.LostHosts++
		b.indicators.add(f, nil, nil)
		return
	}
	h.Levels[rank]++
	h.First, h.Last = widen(h.First, h.Last, f.Time)
	b.slot(h, f.Time, rank)
	g := b.group(h, f)
	b.indicators.add(f, h, g)
	if g == nil {
		m.LostGroups++
		return
	}
	g.Count++
	if len(g.leading) < perGroup[rank] {
		g.leading = append(g.leading, position)
	}
	m.daily.add(g, f)
	g.First, g.Last = widen(g.First, g.Last, f.Time)
}

func (b *builder) host(name string) *Host {
	name = clipBytes(name, maxHostName)
	h := b.hosts[name]
	if h == nil && len(b.hosts) < maxHosts {
		h = &Host{Name: name, Slots: map[int64]*Counts{}}
		b.hosts[name] = h
		b.m.Hosts = append(b.m.Hosts, h)
	}
	return h
}

func (b *builder) group(h *Host, f *finding.Finding) *Group {
	level := finding.Levels[finding.LevelRank(f.Level)]
	key := keyOf(h, f.Rule, level, f.Title)
	g := b.groups[key]
	if g == nil && len(b.groups) < maxGroups {
		g = &Group{Host: h, Rule: f.Rule, Level: level, Title: clipBytes(f.Title, maxTitle), Attack: canonicalTechniques(f.Attack), FirstID: f.ID}
		b.groups[key] = g
		b.m.Groups = append(b.m.Groups, g)
		h.Groups = append(h.Groups, g)
	}
	return g
}

// slotFor picks the resolution of the hosts' activity: an hour, or finer where all happened within two days.
func slotFor(t *casefile.Totals) int64 {
	span := int64(t.Last.Sub(t.First).Seconds())
	if t.First.IsZero() || span > 2*86400 {
		return 3600
	}
	for _, step := range niceSteps {
		if step >= 3600 || span/step <= 160 {
			return step
		}
	}
	return 3600
}

func (b *builder) slot(h *Host, t time.Time, rank int) {
	if t.IsZero() {
		return
	}
	at := t.Unix() / b.m.Slot
	c := h.Slots[at]
	if c == nil {
		if b.slots >= maxSlots {
			b.m.LostSlots++
			return
		}
		b.slots++
		c = &Counts{}
		h.Slots[at] = c
	}
	c[rank]++
}

func (b *builder) finish() {
	m := b.m
	for _, h := range m.Hosts {
		slices.SortStableFunc(h.Groups, compareGroups)
		h.rate()
		if s := m.EvidenceHosts[h.Name]; s != nil {
			h.Records = s.Records
		}
	}
	slices.SortFunc(m.Hosts, func(a, b *Host) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.Levels.Total(), a.Levels.Total()), strings.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(m.Groups, func(a, b *Group) int {
		return cmp.Or(cmp.Compare(b.Rank(), a.Rank()), cmp.Compare(b.Host.weight, a.Host.weight), strings.Compare(a.Host.Name, b.Host.Name), compareGroups(a, b))
	})
	m.Techniques = techniques(m.Groups)
	m.Indicators, m.LostIndicators = b.indicators.finish()
}

// compareGroups orders the groups of a host: strongest first, then by time.
func compareGroups(a, b *Group) int {
	return cmp.Or(cmp.Compare(b.Rank(), a.Rank()), a.First.Compare(b.First), strings.Compare(a.Title, b.Title), strings.Compare(a.Rule.ID, b.Rule.ID))
}

func techniques(groups []*Group) []*Technique {
	byID := map[string]*Technique{}
	var all []*Technique
	for _, g := range groups {
		for _, id := range g.Attack {
			t := byID[id]
			if t == nil {
				t = &Technique{ID: id, Name: techniqueName(id)}
				byID[id] = t
				all = append(all, t)
			}
			t.Groups = append(t.Groups, g)
			t.Levels[g.Rank()] += g.Count
			t.First, t.Last = widen(t.First, t.Last, g.First)
			t.First, t.Last = widen(t.First, t.Last, g.Last)
		}
	}
	for _, t := range all {
		hosts := map[*Host]bool{}
		for _, g := range t.Groups {
			hosts[g.Host] = true
		}
		t.Hosts = len(hosts)
	}
	slices.SortFunc(all, func(a, b *Technique) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// widen returns the span with t in it; a zero time is none.
func widen(first, last, t time.Time) (time.Time, time.Time) {
	if t.IsZero() {
		return first, last
	}
	if first.IsZero() || t.Before(first) {
		first = t
	}
	if last.IsZero() || t.After(last) {
		last = t
	}
	return first, last
}
