package report

import (
	"fmt"
	"time"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// hostView is a host on the page.
type hostView struct {
	*Host
	Anchor  string
	Strip   *strip
	Story   []frag
	Groups  []*groupView
	Left    int64 // findings whose groups the page doesn't show
	Reasons []*reasonView
	More    int // reasons not listed
	Bar     float64
}

// groupView is what one rule found on one host.
type groupView struct {
	*Group
	Anchor     string
	Findings   []*findingView
	Left       int64
	Techniques []techniqueTag
}

type techniqueTag struct{ ID, Name, Anchor string }

// findingView is a finding on the page.
type findingView struct {
	*shownFinding
	Anchor string
	Places []placeView
}

// placeView is a record that a finding rests on.
type placeView struct {
	finding.Evidence
	Anchor string // of the file
}

type reasonView struct {
	Reason
	Anchor string
}

// frag is a piece of a sentence, with a link if it is a claim.
type frag struct{ Text, Anchor string }

const maxReasons = 8

func newHosts(m *Model, s *selection, l *links, a *axis) (views []*hostView, more int64) {
	anchors := techniqueAnchors(m)
	for i, h := range m.Hosts {
		if i >= maxShownHosts {
			return views, int64(len(m.Hosts) - maxShownHosts)
		}
		v := &hostView{Host: h, Anchor: l.hosts[h], Bar: round(h.Score * 1.2)}
		if a != nil {
			v.Strip = newStrip(m, a, h)
		}
		for _, g := range h.Groups {
			if l.groups[g] == "" {
				v.Left += g.Count
				continue
			}
			v.Groups = append(v.Groups, newGroup(g, s, l, anchors))
		}
		for i, r := range h.Reasons {
			if i == maxReasons {
				v.More = len(h.Reasons) - i
				break
			}
			v.Reasons = append(v.Reasons, &reasonView{r, l.best(r.Group, r.Group.FirstID)})
		}
		v.Story = hostStory(h, l)
		views = append(views, v)
	}
	return views, 0
}

func newGroup(g *Group, s *selection, l *links, anchors map[string]string) *groupView {
	v := &groupView{Group: g, Anchor: l.groups[g], Left: g.Count - int64(len(s.groups[g]))}
	for _, f := range s.groups[g] {
		fv := &findingView{shownFinding: f, Anchor: l.finding(f.ID)}
		for _, e := range f.Places {
			fv.Places = append(fv.Places, placeView{e, l.file(e.Path, e.SHA256)})
		}
		v.Findings = append(v.Findings, fv)
	}
	for _, id := range g.Attack {
		v.Techniques = append(v.Techniques, techniqueTag{id, techniqueName(id), anchors[id]})
	}
	return v
}

// hostStory says in a few sentences what was found on a host and when. Every part is a number or a name out of the case.
func hostStory(h *Host, l *links) []frag {
	var out []frag
	add := func(anchor, format string, args ...any) {
		out = append(out, frag{fmt.Sprintf(format, args...), anchor})
	}
	add("", "%s of %s, %s.", plural(h.Levels.Total(), "finding"), plural(int64(len(h.Groups)), "rule"), spanText(h.First, h.Last))
	if h.Records > 0 {
		add("", " %s of this host were read.", plural(h.Records, "record"))
	}
	strong := h.Groups[0]
	if strong.Rank() >= 2 {
		first := strong
		for _, g := range h.Groups {
			if g.Rank() >= 2 && !g.First.IsZero() && (first.First.IsZero() || g.First.Before(first.First)) {
				first = g
			}
		}
		add("", " It begins with ")
		add(l.best(first, first.FirstID), "%s", short(first.Title))
		add("", " (%s)", momentText(first.First))
		if strong != first {
			add("", "; the gravest is ")
			add(l.best(strong, strong.FirstID), "%s", short(strong.Title))
			add("", " (%s, %s)", strong.Level, momentText(strong.First))
		}
		add("", ".")
	}
	if names := tacticWords(h.Groups); len(names) > 0 {
		add("", " Those of medium level and above speak of %s.", list(names))
	}
	return out
}

func momentText(t time.Time) string {
	if t.IsZero() {
		return "at no known time"
	}
	return t.UTC().Format("2 Jan 2006 15:04")
}
