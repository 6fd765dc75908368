package sigma

import (
	"path"
	"strings"
)

// about says whether the entry is about a rule's log source.
func (e *sourceEntry) about(s *LogSource) bool {
	same := func(entry, rule string) bool { return entry == "" || strings.EqualFold(entry, rule) }
	product := same(e.source.Product, s.Product) || s.Product == "" // a rule that names no product is about all of them
	return same(e.source.Category, s.Category) && product && same(e.source.Service, s.Service)
}

// alternative is one way in which a rule's events can come.
type alternative struct {
	source     LogSource // after rewriting
	channels   []string
	files      []string
	conditions []*expr
	fields     map[string][]string // of the rule's names; only renamed ones
}

const (
	maxRewrites     = 8
	maxAlternatives = 256
	maxSteps        = 4096 // rewrites followed for one log source, dead ends included
)

// resolve returns the ways in which the events of a rule's log source can come. A category that no entry is about
// leads nowhere.
func (s *LogSources) resolve(source LogSource) []alternative {
	r := resolver{sources: s}
	r.follow(alternative{source: source}, 0)
	return r.out
}

type resolver struct {
	sources *LogSources
	steps   int
	out     []alternative
}

func (r *resolver) follow(a alternative, depth int) {
	found := false
	for _, e := range r.sources.entries {
		if !e.about(&a.source) {
			continue
		}
		found = true
		if r.steps++; r.steps > maxSteps || len(r.out) >= maxAlternatives {
			return
		}
		next := alternative{source: a.source, conditions: a.conditions, fields: e.rename(a.fields)}
		next.conditions = append(next.conditions[:len(next.conditions):len(next.conditions)], e.conditions...)
		if e.rewrite != nil {
			if next.source = *e.rewrite; depth < maxRewrites {
				r.follow(next, depth+1)
			}
			continue
		}
		next.channels, next.files = e.channels, e.files
		r.out = append(r.out, next)
	}
	if !found && a.source.Category == "" {
		r.out = append(r.out, a) // events that name the product and service themselves
	}
}

// rename adds the entry's field names to those renamed before.
func (e *sourceEntry) rename(before map[string][]string) map[string][]string {
	if len(e.fields) == 0 {
		return before
	}
	out := map[string][]string{}
	for name, fields := range before {
		for _, f := range fields {
			out[name] = append(out[name], e.renamed(f)...)
		}
	}
	for name, fields := range e.fields {
		if _, ok := out[name]; !ok {
			out[name] = fields
		}
	}
	return out
}

func (e *sourceEntry) renamed(field string) []string {
	if to, ok := e.fields[field]; ok {
		return to
	}
	return []string{field}
}

// matches says whether events of a shape come this way. Any of these is enough:
//
//   - the shape's channel is one of the alternative's channels;
//   - the shape's file matches one of its globs;
//   - the shape has no channel, and its product and service are those of the log source, as far as that gives them
//     (it must give one of the two; if it has a category still, the service).
//
// For a log source "product: windows" alone, every shape with a channel counts.
func (a *alternative) matches(s *Schema) bool {
	if s.Channel != "" {
		channel := foldString(s.Channel)
		for _, c := range a.channels {
			if c == channel {
				return true
			}
		}
		return a.anyWindows()
	}
	if s.File != "" && len(a.files) > 0 {
		file := foldString(strings.ReplaceAll(s.File, `\`, "/"))
		for _, glob := range a.files {
			if matchGlob(glob, file) {
				return true
			}
		}
	}
	if s.Product == "" && s.Service == "" || a.source.Product == "" && a.source.Service == "" {
		return false
	}
	if a.source.Category != "" && a.source.Service == "" {
		return false // the product alone doesn't say that an event is of the category
	}
	same := func(asked, has string) bool { return asked == "" || strings.EqualFold(asked, has) }
	return same(a.source.Product, s.Product) && same(a.source.Service, s.Service)
}

// anyWindows says whether the alternative is about all of Windows.
func (a *alternative) anyWindows() bool {
	return len(a.channels) == 0 && strings.EqualFold(a.source.Product, "windows") && a.source.Category == "" && a.source.Service == ""
}

// matchGlob compares a folded path with a folded glob.
func matchGlob(glob, file string) bool {
	if !strings.Contains(glob, "/") {
		file = path.Base(file)
	} else if base := path.Base(glob); !strings.Contains(file, "/") && !strings.HasPrefix(base, "*") && !strings.HasPrefix(base, "?") {
		glob = base
	}
	const most = 4096
	return len(file) <= most && globFrom(glob, file)
}

// globFrom walks with one place to come back to for * and one for **; the later one always has the shorter reach.
func globFrom(glob, file string) bool {
	type mark struct{ glob, file int }
	star, deep := mark{-1, 0}, mark{-1, 0}
	g, f := 0, 0
	for f < len(file) {
		switch {
		case strings.HasPrefix(glob[g:], "**"):
			g += 2
			deep, star = mark{g, f}, mark{-1, 0}
		case g < len(glob) && glob[g] == '*':
			g++
			star = mark{g, f}
		case g < len(glob) && (glob[g] == file[f] || glob[g] == '?' && file[f] != '/'):
			g++
			f++
		case star.glob >= 0 && file[star.file] != '/':
			star.file++
			g, f = star.glob, star.file
		case deep.glob >= 0:
			deep.file++
			g, f = deep.glob, deep.file
			star = mark{-1, 0}
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}
