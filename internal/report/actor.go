package report

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

// usedWeight is, by level, how sure a rule makes it that an intruder did what it speaks of. What informational rules see
// happens in every network.
var usedWeight = [5]float64{0.02, 0.2, 0.45, 0.75, 0.9}

// Bounds of what is compared with the known groups, so that it takes no longer than half a second.
const (
	leastUsed     = 0.1 // strength below which a technique is left out
	maxActorItems = 120 // techniques, and software: the strongest
)

// actor is what the findings of a case say of who did it.
type actor struct {
	result *attrib.Result
	faint  int // techniques that are left out since only weak rules speak of them
	beyond int // techniques and software beyond maxActorItems
	alien  int // techniques that no version of ATT&CK knows
}

// known is what reports say of groups: the table that the program carries, put in order once.
var known = sync.OnceValues(func() (*attrib.Ranker, error) {
	t, err := attrib.Embedded()
	if err != nil {
		return nil, err
	}
	return attrib.NewRanker(attrib.NewKnowledge(t), attrib.Options{})
})

// actorOnce keeps a Model's answer, which two outputs show.
type actorOnce struct {
	once  sync.Once
	actor *actor
	err   error
}

// whoDidIt compares the case with the known groups.
func (m *Model) whoDidIt() (*actor, error) {
	o := &m.actor
	o.once.Do(func() {
		var r *attrib.Ranker
		if r, o.err = known(); o.err != nil {
			return
		}
		var seen *attrib.Case
		if seen, o.actor, o.err = m.actorCase(); o.err != nil {
			return
		}
		o.actor.result = r.Explain(seen)
		settle(reflect.ValueOf(o.actor.result).Elem())
	})
	return o.actor, o.err
}

// ActorCase gives the techniques and the software of the case with the strength of the findings behind each.
func (m *Model) ActorCase() (*attrib.Case, error) {
	c, _, err := m.actorCase()
	return c, err
}

func (m *Model) actorCase() (*attrib.Case, *actor, error) {
	c, a := &attrib.Case{}, &actor{}
	for _, t := range m.Techniques {
		if _, ok := attack.Canonical(t.ID); !ok {
			a.alien++
			continue
		}
		x, rules := strength(t.Groups)
		if x < leastUsed {
			a.faint++
			continue
		}
		c.Techniques = append(c.Techniques, attrib.Seen{ID: t.ID, Strength: x, Findings: int(t.Levels.Total()), Rules: rules})
	}
	var err error
	if c.Software, err = softwareOf(m.Groups); err != nil {
		return nil, nil, err
	}
	c.Techniques = a.strongest(c.Techniques)
	c.Software = a.strongest(c.Software)
	return c, a, nil
}

func (a *actor) strongest(items []attrib.Seen) []attrib.Seen {
	slices.SortStableFunc(items, func(x, y attrib.Seen) int {
		return cmp.Or(cmp.Compare(y.Strength, x.Strength), strings.Compare(x.ID, y.ID))
	})
	kept := items[:min(len(items), maxActorItems)]
	a.beyond += len(items) - len(kept)
	return kept
}

// strength says how sure rules make it that something was done: 1 − ∏ (1 − weight) over the different ones, each with the highest level
// that it fired at. Repeats add nothing, since a rule that errs errs often. The groups come strongest first.
func strength(groups []*Group) (x float64, rules int) {
	type ruleKey struct{ kind, id string }
	told, not := map[ruleKey]bool{}, 1.0
	for _, g := range groups {
		key := ruleKey{g.Rule.Kind, cmp.Or(g.Rule.ID, g.Title)}
		if told[key] {
			continue
		}
		told[key] = true
		not *= 1 - usedWeight[g.Rank()]
	}
	return math.Round((1-not)*1e4) / 1e4, len(told)
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
		for _, f := range v.Fields() {
			settle(f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			settle(v.Index(i))
		}
	}
}

// softwareOf finds the software that titles of rules name ("HackTool - CrackMapExec Execution").
func softwareOf(groups []*Group) ([]attrib.Seen, error) {
	names, err := softwareNames()
	if err != nil {
		return nil, err
	}
	byTitle, by := map[string][]string{}, map[string][]*Group{}
	for _, g := range groups {
		ids, ok := byTitle[g.Title]
		if !ok {
			ids = namedIn(g.Title, names)
			byTitle[g.Title] = ids
		}
		for _, id := range ids {
			by[id] = append(by[id], g)
		}
	}
	var out []attrib.Seen
	for id, groups := range by { // in any order: they are sorted afterwards
		s := attrib.Seen{ID: id}
		for _, g := range groups {
			s.Findings += int(g.Count)
		}
		if s.Strength, s.Rules = strength(groups); s.Strength >= leastUsed {
			out = append(out, s)
		}
	}
	return out, nil
}

const (
	maxNameWords    = 3
	fewestLetters   = 5   // of a name that is told from other words
	maxTitleScanned = 200 // bytes
)

// ordinary are names of software that are words of their own: in a title they mean something else more often.
var ordinary = strings.Fields(`agenda anchor apostle aurora avenger calendar cannon canopy carbon chaos cipher crimson disco donut dropshot embargo emissary expand explosive
	ferocious flame flamer james kevin machete mango meteor milan mosquito mythic ninja octopus page pandora photo plead prestige proton raindrop reptile
	riptide route rover royal samurai scorpion shark snake solar soldier spaceship spark trinity viper wiper`)

// softwareNames maps the names of software, in words of small letters, to identifiers; a name of two is left out.
var softwareNames = sync.OnceValues(func() (map[string]string, error) {
	t, err := attrib.Embedded()
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, s := range t.Software {
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			words := wordsOf(strings.TrimSuffix(strings.ToLower(name), ".exe"))
			key := strings.Join(words, " ")
			if len(words) > maxNameWords || len(key) < fewestLetters || slices.Contains(ordinary, key) {
				continue
			}
			for _, key := range []string{key, strings.Join(words, "")} { // CobaltStrike is Cobalt Strike
				if other, taken := names[key]; taken && other != s.ID {
					names[key] = ""
					continue
				}
				names[key] = s.ID
			}
		}
	}
	return names, nil
})

func namedIn(title string, names map[string]string) (ids []string) {
	words := wordsOf(strings.ToLower(clipBytes(title, maxTitleScanned)))
	for i := 0; i < len(words); i++ {
		for n := min(maxNameWords, len(words)-i); n > 0; n-- {
			id := names[strings.Join(words[i:i+n], " ")]
			if id == "" {
				continue
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
			i += n - 1
			break
		}
	}
	return ids
}

func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
