package report

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

// maxActorItems bounds the techniques, and the software, that are compared with the known groups, so that it takes no longer than half a
// second. The surest stay.
const maxActorItems = 120

// maxTitleScanned bounds the part of a title, in bytes, in which names of software are looked for.
const maxTitleScanned = 200

// actor is what the findings of a case say of who did it.
type actor struct {
	result *attrib.Result
	beyond int // techniques and software beyond maxActorItems
	alien  int // techniques that no version of ATT&CK knows
}

// actorOnce keeps a Model's answer, which two outputs show.
type actorOnce struct {
	once  sync.Once
	actor *actor
	err   error
}

// ranker holds what reports say of groups: the table that the program carries, put in order once.
var ranker = sync.OnceValues(func() (*attrib.Ranker, error) {
	t, err := attrib.Embedded()
	if err != nil {
		return nil, err
	}
	return attrib.NewRanker(attrib.NewKnowledge(t), attrib.Options{})
})

// whoDidIt compares the case with the known groups.
func (m *Model) whoDidIt() (*actor, error) {
	o := &m.actor
	o.once.Do(func() { o.actor, o.err = m.compareActors() })
	return o.actor, o.err
}

func (m *Model) compareActors() (*actor, error) {
	t, err := attrib.Embedded()
	if err != nil {
		return nil, err
	}
	r, err := m.rankerOf(t)
	if err != nil {
		return nil, err
	}
	a := &actor{}
	seen, err := attrib.FromFindings("", t, a.findings(m.Groups))
	if err != nil {
		return nil, err
	}
	seen.Techniques, seen.Software = a.surest(seen.Techniques), a.surest(seen.Software)
	seen.Visible, seen.Victims = m.Case.Visible, m.Case.Victims
	if m.Case.Learned != nil {
		seen.Indicators = tracesOf(m.Indicators, m.ownNames())
	}
	a.result = r.Explain(seen)
	settle(reflect.ValueOf(a.result).Elem())
	return a, nil
}

// rankerOf returns what the case is compared with: the embedded knowledge, and the learned cases that were given.
func (m *Model) rankerOf(t *attrib.Table) (*attrib.Ranker, error) {
	if m.Case.Learned == nil {
		return ranker()
	}
	local, err := attrib.ReadLocalFile(m.Case.Learned.Path)
	if err != nil {
		return nil, err
	}
	return attrib.NewRanker(attrib.NewKnowledge(t, local...), attrib.Options{})
}

// findings gives what the groups of the case sum up, one finding for each: all findings need not be read once more. A technique
// that no version of ATT&CK knows is counted, not compared.
func (a *actor) findings(groups []*Group) func(yield func(*finding.Finding, error) bool) {
	return func(yield func(*finding.Finding, error) bool) {
		alien := map[string]bool{}
		for _, g := range groups {
			f := &finding.Finding{Level: g.Level, Title: clipBytes(g.Title, maxTitleScanned), Rule: g.Rule, Count: int(g.Count), Time: g.First, Last: g.Last}
			for _, id := range g.Attack {
				if now, ok := attack.Canonical(id); ok {
					f.Attack = append(f.Attack, now)
				} else {
					alien[id] = true
				}
			}
			if !yield(f, nil) {
				return
			}
		}
		a.alien = len(alien)
	}
}

func (a *actor) surest(items []attrib.Seen) []attrib.Seen {
	if len(items) <= maxActorItems {
		return items
	}
	slices.SortStableFunc(items, func(x, y attrib.Seen) int {
		return cmp.Or(cmp.Compare(y.Strength, x.Strength), strings.Compare(x.ID, y.ID))
	})
	a.beyond += len(items) - maxActorItems
	return items[:maxActorItems]
}

// settle rounds every number of a result, so that a machine that computes its last digits otherwise writes the same.
func settle(v reflect.Value) {
	switch v.Kind() {
	case reflect.Float64:
		x := math.Round(v.Float()*1e4)/1e4 + 0 // no -0
		if math.IsNaN(x) || math.IsInf(x, 0) {
			x = 0
		}
		v.SetFloat(x)
	case reflect.Struct:
		for i := range v.NumField() {
			settle(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			settle(v.Index(i))
		}
	}
}
