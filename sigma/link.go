package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// Link completes the collection after the last Load: it takes out rules that were loaded twice, applies filters,
// resolves what correlations refer to, and refuses correlations whose rules are missing or that refer to themselves.
// A reference is an id or a name; a name in the same file comes first. It returns refusals and warnings.
func (c *Collection) Link() []*Problem {
	if c.stored != nil {
		return nil
	}
	l := &linker{c: c}
	l.removeDoubles()
	l.index()
	for _, f := range c.Filters {
		l.applyFilter(f)
	}
	l.resolveAll()
	l.markFeeds()
	return l.problems
}

type linker struct {
	c        *Collection
	problems []*Problem
	rules    map[string][]*Rule // by id and by name
	corrs    map[string][]*Correlation
}

func (l *linker) note(rule any, m *Meta, warning bool, msg, hint string) {
	p := &Problem{Path: m.Path, Line: m.Line, Column: 1, Msg: msg, Hint: hint, Warning: warning}
	if at, ok := l.c.places[rule]; ok {
		p.Line, p.Column = at.line, at.column
	}
	l.problems = append(l.problems, p)
}

// removeDoubles takes out what has the id of a rule that was loaded before.
func (l *linker) removeDoubles() {
	seen := map[string]*Meta{}
	double := func(rule any, m *Meta) bool {
		if m.ID == "" {
			return false
		}
		first, ok := seen[m.ID]
		if !ok {
			seen[m.ID] = m
			return false
		}
		place := fmt.Sprintf("%s:%d", first.Path, first.Line)
		if first.SHA256 == m.SHA256 {
			l.note(rule, m, true, "the rule was loaded before, from "+place, "")
		} else {
			l.note(rule, m, false, fmt.Sprintf("id %s belongs to the rule at %s", m.ID, place), "give the rule an id of its own")
		}
		return true
	}
	l.c.Rules = slices.DeleteFunc(l.c.Rules, func(r *Rule) bool { return double(r, &r.Meta) })
	l.c.Correlations = slices.DeleteFunc(l.c.Correlations, func(r *Correlation) bool { return double(r, &r.Meta) })
	l.c.Filters = slices.DeleteFunc(l.c.Filters, func(r *Filter) bool { return double(r, &r.Meta) })
}

func (l *linker) index() {
	l.rules, l.corrs = map[string][]*Rule{}, map[string][]*Correlation{}
	for _, r := range l.c.Rules {
		for _, name := range names(&r.Meta) {
			l.rules[name] = append(l.rules[name], r)
		}
	}
	for _, r := range l.c.Correlations {
		for _, name := range names(&r.Meta) {
			l.corrs[name] = append(l.corrs[name], r)
		}
	}
}

func names(m *Meta) []string {
	var out []string
	if m.ID != "" {
		out = append(out, m.ID)
	}
	if m.Name != "" && m.Name != m.ID {
		out = append(out, m.Name)
	}
	return out
}

// find resolves a reference from a file. Only one of the two results is not nil.
func (l *linker) find(ref, path string) (r *Rule, c *Correlation, fault string) {
	rules, corrs := l.rules[ref], l.corrs[ref]
	if len(rules)+len(corrs) > 1 {
		rules = slices.DeleteFunc(slices.Clone(rules), func(r *Rule) bool { return r.Path != path })
		corrs = slices.DeleteFunc(slices.Clone(corrs), func(r *Correlation) bool { return r.Path != path })
		if len(rules)+len(corrs) != 1 {
			return nil, nil, fmt.Sprintf("several rules are called %q", ref)
		}
	}
	switch {
	case len(rules) == 1:
		return rules[0], nil, ""
	case len(corrs) == 1:
		return nil, corrs[0], ""
	}
	return nil, nil, fmt.Sprintf("there is no rule %q", ref)
}

// applyFilter adds the filter's condition to each rule that it names, or to each of its log source.
func (l *linker) applyFilter(f *Filter) {
	var targets []*Rule
	if f.Refs == nil {
		targets = l.c.Rules
	}
	for _, ref := range f.Refs {
		r, c, fault := l.find(ref, f.Path)
		switch {
		case c != nil:
			l.note(f, &f.Meta, true, fmt.Sprintf("the filter names the correlation %q: filters belong to detection rules", ref), "name the rules that the correlation refers to")
		case fault != "":
			l.note(f, &f.Meta, true, fault+": the filter does nothing for it", "check the name or id")
		case !f.LogSource.covers(&r.LogSource):
			l.note(f, &f.Meta, true, fmt.Sprintf("the filter does nothing for %q, whose logsource is another", ref), "give the filter the rule's logsource, or less")
		case !slices.Contains(targets, r):
			targets = append(targets, r)
		}
	}
	for _, r := range targets {
		if f.LogSource.covers(&r.LogSource) {
			filtered := *r.detection
			filtered.root = andExpr(r.detection.root, f.detection.root)
			filtered.unresolved = filtered.unresolved || f.detection.unresolved
			r.detection = &filtered
		}
	}
}

// covers says whether everything that s says is also said by t.
func (s *LogSource) covers(t *LogSource) bool {
	in := func(s, t string) bool { return s == "" || strings.EqualFold(s, t) }
	return in(s.Category, t.Category) && in(s.Product, t.Product) && in(s.Service, t.Service)
}

// resolveAll resolves the references of correlations, and goes on refusing those that refer to refused ones.
func (l *linker) resolveAll() {
	bad := map[*Correlation]bool{}
	refuse := func(r *Correlation, ref int, msg, hint string) {
		bad[r] = true
		at := r.refAt[ref]
		l.problems = append(l.problems, &Problem{Path: r.Path, Line: at.line, Column: at.column, Msg: msg, Hint: hint})
	}
	for _, r := range l.c.Correlations {
		r.Rules, r.Correlations = make([]*Rule, len(r.Refs)), make([]*Correlation, len(r.Refs))
		for i, ref := range r.Refs {
			var fault string
			if r.Rules[i], r.Correlations[i], fault = l.find(ref, r.Path); fault != "" {
				refuse(r, i, fault, l.hint(ref))
				break
			}
		}
	}
	for _, r := range l.c.Correlations {
		if bad[r] {
			continue
		}
		if i := l.cyclic(r, bad); i >= 0 {
			refuse(r, i, "the correlation refers to itself", "break the circle")
		}
	}
	for again := true; again; {
		again = false
		for _, r := range l.c.Correlations {
			if bad[r] {
				continue
			}
			for i, sub := range r.Correlations {
				if sub != nil && bad[sub] {
					refuse(r, i, fmt.Sprintf("the correlation %q that it refers to was refused", r.Refs[i]), "mend that one")
					again = true
					break
				}
			}
		}
	}
	l.c.Correlations = slices.DeleteFunc(l.c.Correlations, func(r *Correlation) bool { return bad[r] })
}

func (l *linker) hint(ref string) string {
	var all []string
	for name := range l.rules {
		all = append(all, name)
	}
	for name := range l.corrs {
		all = append(all, name)
	}
	slices.Sort(all)
	if hint := meant(ref, all); hint != "" {
		return hint
	}
	return "load the rule, too, or correct the name or id"
}

// cyclic returns the reference of start by which it can be reached from itself, or -1.
func (l *linker) cyclic(start *Correlation, bad map[*Correlation]bool) int {
	for i, first := range start.Correlations {
		if first == nil {
			continue
		}
		seen := map[*Correlation]bool{first: true}
		for queue := []*Correlation{first}; len(queue) > 0; {
			r := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			if r == start {
				return i
			}
			for _, sub := range r.Correlations {
				if sub != nil && !seen[sub] && !bad[r] {
					seen[sub] = true
					queue = append(queue, sub)
				}
			}
		}
	}
	return -1
}

// markFeeds sets Feeds, Silent and Needs of what correlations refer to.
func (l *linker) markFeeds() {
	shown := map[any]bool{} // some correlation that refers to it generates
	for _, r := range l.c.Correlations {
		for i := range r.Refs {
			if sub := r.Rules[i]; sub != nil {
				sub.Feeds = true
				shown[sub] = shown[sub] || r.Generate
			} else {
				r.Correlations[i].Feeds = true
				shown[r.Correlations[i]] = shown[r.Correlations[i]] || r.Generate
			}
		}
		l.addNeeds(r, r, map[*Correlation]bool{r: true})
	}
	for _, r := range l.c.Rules {
		r.Silent = r.Feeds && !shown[r]
	}
	for _, r := range l.c.Correlations {
		r.Silent = r.Feeds && !shown[r]
	}
}

// addNeeds adds what the correlation top wants to the rules under r, also through other correlations.
func (l *linker) addNeeds(top, r *Correlation, seen map[*Correlation]bool) {
	for i, ref := range r.Refs {
		var fields []string
		for _, g := range top.GroupBy {
			if f, ok := top.Aliases[g][ref]; ok && r == top {
				g = f
			}
			fields = append(fields, g)
		}
		fields = append(fields, top.Condition.Fields...)
		if sub := r.Rules[i]; sub != nil {
			for _, f := range fields {
				if !slices.Contains(sub.Needs, f) {
					sub.Needs = append(sub.Needs, f)
				}
			}
		} else if below := r.Correlations[i]; !seen[below] {
			seen[below] = true
			l.addNeeds(top, below, seen)
		}
	}
}
