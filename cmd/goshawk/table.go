package main

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// maxGroups bounds the rows of a table that are kept; what more there is is counted.
const maxGroups = 20000

// table shows findings by rule and host, the gravest first.
type table struct {
	w     io.Writer
	t     *terminal
	all   groups
	more  int
	limit int // rows printed; 0: all
}

// groups are findings by rule and host, in the order in which they came first.
type groups struct {
	rows []*group
	at   map[groupKey]*group
}

type groupKey struct{ rule, host string }

// group is a row: all findings of one rule on one host.
type group struct {
	key                groupKey
	level, title, host string
	attack             []string
	count              int
	first              time.Time
}

// finding counts one.
func (g *groups) finding(f *finding.Finding) {
	key := groupKey{f.Rule.ID, f.Host}
	if key.rule == "" {
		key.rule = f.Title + "\x00" + f.Level // rules need no id
	}
	if have := g.at[key]; have != nil { // no group is made for it
		have.more(1, f.Time)
		return
	}
	g.add(&group{key: key, level: f.Level, title: f.Title, host: f.Host, attack: f.Attack, count: 1, first: f.Time})
}

// add adds more findings of a rule and host, which come after those that are there.
func (g *groups) add(more *group) {
	have := g.at[more.key]
	if have == nil {
		if g.at == nil {
			g.at = map[groupKey]*group{}
		}
		g.at[more.key] = more
		g.rows = append(g.rows, more)
		return
	}
	have.more(more.count, more.first)
}

// more counts n further findings, of which the first is of a time.
func (g *group) more(n int, first time.Time) {
	g.count += n
	if g.first.IsZero() {
		g.first = first // findings without time come first
	}
}

func (g *groups) reset() {
	clear(g.at)
	clear(g.rows)
	g.rows = g.rows[:0]
}

func newTable(w io.Writer, t *terminal) *table { return &table{w: w, t: t} }

func (t *table) render(b *findingBatch, f *finding.Finding) { b.groups.finding(f) }

func (t *table) write(b *findingBatch) error {
	for _, g := range b.groups.rows {
		if len(t.all.rows) >= maxGroups && t.all.at[g.key] == nil {
			t.more += g.count
			continue
		}
		t.all.add(g)
	}
	return nil
}

// close prints the table.
func (t *table) close() error {
	rows := slices.Clone(t.all.rows)
	hostWidth := len("HOST")
	for _, g := range rows {
		hostWidth = max(hostWidth, ansi.StringWidth(shortHost(g.host)))
	}
	slices.SortFunc(rows, func(a, b *group) int {
		return cmp.Or(
			-cmp.Compare(finding.LevelRank(a.level), finding.LevelRank(b.level)),
			a.first.Compare(b.first), strings.Compare(a.title, b.title), strings.Compare(a.host, b.host),
		)
	})
	if len(rows) == 0 {
		_, err := fmt.Fprintln(t.w, "Nothing found.")
		return err
	}
	c := columns(t.t.width, hostWidth)
	header := fit("LEVEL", c.level) + fit(c.seen, c.time) + fmt.Sprintf("%*s", c.count, "COUNT") + "  " + fit("HOST", c.host) + fit("FINDING", c.title) + fit("ATT&CK", c.attack)
	fmt.Fprintln(t.w, t.t.styles.bold.Render(strings.TrimRight(header, " ")))
	for i, g := range rows {
		if t.limit > 0 && i == t.limit {
			fmt.Fprintf(t.w, "... and %s in the report\n", plural(len(rows)-i, "more row"))
			break
		}
		line := t.t.level(g.level, c.level) + fit(minute(g.first, t.t.width), c.time) + fmt.Sprintf("%*s", c.count, count(g.count)) + "  " +
			fit(shortHost(g.host), c.host-1) + " " + fit(clean(g.title), c.title-1) + " " + t.t.styles.dim.Render(fit(strings.Join(g.attack, " "), c.attack))
		if _, err := fmt.Fprintln(t.w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	if t.more > 0 {
		fmt.Fprintf(t.w, "... and %s of more rules and hosts; --format csv gives all\n", plural(t.more, "finding"))
	}
	return nil
}

// widths are the columns of a table, each with the blank that follows it.
type widths struct {
	level, time, count, host, title, attack int
	seen                                    string // heading of the time
}

// narrow is the width below which a table shortens levels and times.
const narrow = 80

// columns shares out the width of the terminal: the title gets what the others leave.
func columns(width, host int) widths {
	c := widths{level: 14, time: 18, count: 6, host: min(host+1, 26), attack: 20, seen: "FIRST SEEN (UTC)"}
	if width < 110 {
		c.host, c.attack = min(c.host, 17), 10
	}
	if width < 90 {
		c.attack = 0
	}
	if width < narrow {
		c.level, c.time, c.host, c.seen = 6, 10, min(c.host, 13), "FIRST"
	}
	c.title = max(12, width-c.level-c.time-c.count-2-c.host-c.attack-1)
	return c
}

// shortLevels are the levels where there is little room.
var shortLevels = map[string]string{"informational": "info", "medium": "med", "critical": "crit"}

// level writes a level in its colour, filled up to width; 0: as long as it is.
func (t *terminal) level(level string, width int) string {
	text := level
	if width > 0 && width <= len("informational") {
		text = cmp.Or(shortLevels[level], level)
	}
	fill := strings.Repeat(" ", max(0, width-len(text)))
	if s, ok := t.styles.level[level]; ok {
		text = s.Render(text)
	}
	return text + fill
}

// shortHost leaves the domain off a host's name; an address is kept whole.
func shortHost(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	short, _, _ := strings.Cut(host, ".")
	return clean(short)
}

// minute writes a time as a table of a width has room for it.
func minute(t time.Time, width int) string {
	if t.IsZero() {
		return "no time"
	}
	if width < narrow {
		return t.UTC().Format("06-01-02")
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// eachTable shows every finding, in order of time.
type eachTable struct {
	t *terminal
	c widths
}

func newEachTable(w io.Writer, t *terminal) *textWriter {
	c := columns(t.width, 20)
	c.time, c.count = 24, 0
	if t.width < narrow {
		c.time = 20
	}
	c.title = max(12, t.width-c.level-c.time-c.host-c.attack-1)
	each := &eachTable{t: t, c: c}
	return &textWriter{w: w, append: func(b *findingBatch, f *finding.Finding) { b.text = each.append(b.text, f) }}
}

func (t *eachTable) append(dst []byte, f *finding.Finding) []byte {
	when := "no time"
	if !f.Time.IsZero() {
		when = f.Time.UTC().Format("2006-01-02 15:04:05.000")
	}
	if t.c.time < len(when) {
		when = when[:len("2006-01-02 15:04:05")]
	}
	line := fit(when, t.c.time) + t.t.level(f.Level, t.c.level) + fit(shortHost(f.Host), t.c.host-1) + " " + fit(clean(f.Title), t.c.title-1)
	if t.c.attack > 0 {
		line += " " + strings.Join(f.Attack, " ")
	}
	e, record := firstEvidence(f)
	place := "    " // the record before the path, which may be long
	if record != "" {
		place += "record " + record + " "
	}
	place += fmt.Sprintf("at 0x%x of %s", e.Offset, clean(e.Path))
	if n := max(f.Count, len(f.Evidence)); n > 1 {
		place += fmt.Sprintf(" and %s", plural(n-1, "more record"))
	}
	detail := "    " + clean(string(f.Fields))
	return fmt.Appendf(dst, "%s\n%s\n%s\n", ansi.Truncate(line, t.t.width, "…"), t.t.styles.dim.Render(ansi.Truncate(place, t.t.width, "…")),
		t.t.styles.dim.Render(ansi.Truncate(detail, t.t.width, "…")))
}
