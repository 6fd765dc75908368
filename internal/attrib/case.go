package attrib

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

// Case is what was seen of an actor.
type Case struct {
	Name       string
	LeaveOut   string    // name of a report of the knowledge that is taken for unwritten; "" for none
	When       time.Time // of what was seen; where it is none, the date of the report left out
	Timeless   bool      // its time is not used, even where it is known
	Techniques []Seen
	Software   []Seen

	Victims    Victims
	Indicators Indicators
	Order      [][]string // techniques by the time at which each was first seen, those of one time together
	Visible    []string   // techniques that could have been seen had they been there; empty: nothing is known of that
}

// Seen is a technique or a software of a case.
type Seen struct {
	ID       string  // of ATT&CK, in any version
	Strength float64 // how sure it is that it was used, 0 to 1; evidence weighs by it
	Findings int     // behind it, 0 where the case doesn't say
	Rules    int     // different ones among those
}

// Sure makes a list of what is taken for certain.
func Sure(ids []string) []Seen {
	out := make([]Seen, len(ids))
	for i, id := range ids {
		out[i] = Seen{ID: id, Strength: 1}
	}
	return out
}

// Canonical returns the identifier by which the knowledge has what id means in any version of ATT&CK, or id in upper case if it
// has nothing of the kind. Where one technique of a later version stands for several of the knowledge's, it is the one that the most
// reports name.
func (k *Knowledge) Canonical(id string) string {
	id = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(id)), "ATTACK.")
	if _, ok := k.itemAt[id]; ok {
		return id
	}
	now, _ := attack.Canonical(id)
	if _, ok := k.itemAt[now]; ok {
		return now
	}
	best, reports := "", -1.0
	for _, t := range k.techniques {
		if then, _ := attack.Canonical(t.ID); then != now {
			continue
		}
		if n := k.reportsOn(t.ID); n > reports {
			best, reports = t.ID, n
		}
	}
	if best != "" {
		return best
	}
	return id
}

func (k *Knowledge) reportsOn(id string) float64 {
	if len(k.full.techAll) == 0 {
		return 0
	}
	return k.full.techAll[k.itemAt[id]]
}

// see finds the case's techniques and software in the knowledge. unknown are those that it doesn't have.
func (k *Knowledge) see(c *Case) (s *sight, unknown []string) {
	s = k.newSight()
	for _, seen := range slices.Concat(c.Techniques, c.Software) {
		x := seen.Strength
		if !(x > 0) { // neither does a number that is none count
			continue
		}
		x = math.Min(x, 1)
		at, ok := k.itemAt[k.Canonical(seen.ID)]
		switch {
		case !ok:
			unknown = append(unknown, seen.ID)
		case at < len(k.techniques):
			s.techAt[at] = math.Max(s.techAt[at], x)
			p := k.parentOf[at]
			s.parentAt[p] = math.Max(s.parentAt[p], x)
		default:
			at -= len(k.techniques)
			s.softAt[at] = math.Max(s.softAt[at], x)
		}
	}
	s.finish()
	k.hide(c.Visible, s)
	s.aside = k.beside(c)
	s.when = k.whenOf(c)
	if s.when < k.firstDate-farYears || s.when > k.lastDate+farYears {
		s.when = 0
	}
	return s, unknown
}

// whenOf returns the time of a case as a year with its fraction, 0 if it is not known.
func (k *Knowledge) whenOf(c *Case) float64 {
	switch {
	case c.Timeless:
		return 0
	case c.When.IsZero() && c.LeaveOut != "":
		return dateYear(k.dates[c.LeaveOut])
	}
	return yearOf(c.When)
}

// shownTime is the time of a case as it is shown.
func (k *Knowledge) shownTime(c *Case) string {
	if c.When.IsZero() {
		return k.dates[c.LeaveOut]
	}
	return c.When.UTC().Format(time.DateOnly)
}

func (k *Knowledge) newSight() *sight {
	return &sight{techAt: make([]float64, len(k.techniques)), parentAt: make([]float64, len(k.parents)), softAt: make([]float64, len(k.software))}
}

// finish works out the lists of what was seen.
func (s *sight) finish() {
	s.techs, s.tx = listed(s.techAt)
	s.parents, s.px = listed(s.parentAt)
	s.soft, s.sx = listed(s.softAt)
	s.size = 0
	for _, x := range s.tx {
		s.size += x
	}
	s.root = math.Sqrt(math.Max(1, s.size))
}

func listed(at []float64) (items []int, x []float64) {
	for i, sure := range at {
		if sure > 0 {
			items, x = append(items, i), append(x, sure)
		}
	}
	return items, x
}

// items counts what there is to compare.
func (s *sight) items() int { return len(s.techs) + len(s.soft) }

// tooFew is the number of things seen below which a case says nothing about its actor.
const tooFew = 1

// farYears is how far from all dated reports a time is left out. No group is nearer to it than another one by then.
const farYears = mostYears

// troubles says in words what of a case could not be used.
func (k *Knowledge) troubles(c *Case, s *sight, unknown []string) []string {
	var out []string
	if len(unknown) > 0 {
		const most = 5
		shown := unknown
		more := ""
		if len(shown) > most {
			shown, more = shown[:most], fmt.Sprintf(" and %d more", len(unknown)-most)
		}
		out = append(out, fmt.Sprintf("%q%s: no technique or software of this knowledge; left out", shown, more))
	}
	switch {
	case s.items() < tooFew && s.withSides():
		out = append(out, "no technique and no software to compare: only what stands beside them speaks")
	case s.items() < tooFew:
		out = append(out, "no technique and no software to compare: the actor is unknown")
	case len(s.techs) > len(k.techniques)/2:
		out = append(out, fmt.Sprintf("%d of %d techniques at once: no group does so, and nothing tells groups apart by it", len(s.techs), len(k.techniques)))
	}
	if when := k.whenOf(c); when != 0 && s.when == 0 {
		out = append(out, fmt.Sprintf("the time of the case, %s, is far from all dated reports: left out", k.shownTime(c)))
	}
	if len(k.byReport[c.LeaveOut]) == 0 && c.LeaveOut != "" {
		out = append(out, fmt.Sprintf("the knowledge has no report %q to leave out", c.LeaveOut))
	}
	return out
}
