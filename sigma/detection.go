package sigma

import (
	"fmt"
	"sort"
	"strings"

	"go.yaml.in/yaml/v4"
)

// detection is what a rule asks of an event, in the field names of the rule.
type detection struct {
	root         *expr
	line, column int  // of the condition, for warnings
	unresolved   bool // a placeholder has no values, so nobody can say what the rule asks: it must not match
}

// maxAtoms bounds the tests of one rule.
const maxAtoms = 100_000

// selection is a search identifier: a name and what stands below it.
type selection struct {
	name string
	pair pair
	expr *expr
	used bool
}

// parseDetection reads a map of selections with their condition: the detection of a rule, or the filter of a filter
// rule. skip names keys that are no selections.
func (d *document) parseDetection(n *yaml.Node, what string, skip ...string) (*detection, error) {
	pairs, err := d.pairs(n, what)
	if err != nil {
		return nil, err
	}
	var selections []*selection
	var condition *pair
	for i, p := range pairs {
		switch {
		case p.key == "condition":
			condition = &pairs[i]
		case p.key == "timeframe":
			d.warn(p.keyNode, "write a correlation rule with a timespan", "timeframe is no longer part of Sigma and is passed over")
		case contains(skip, p.key):
		default:
			x, err := d.parseSelection(p)
			if err != nil {
				return nil, err
			}
			selections = append(selections, &selection{name: p.key, pair: p, expr: x})
		}
	}
	if len(selections) == 0 {
		return nil, d.refuse(n, "add a selection, such as selection: {EventID: 4688}", "%s has no selection", what)
	}
	if condition == nil {
		return nil, d.refuse(n, "add a condition, such as condition: "+selections[0].name, "%s has no condition", what)
	}
	root, err := d.parseConditions(condition.value, selections)
	if err != nil {
		return nil, err
	}
	for _, s := range selections {
		if !s.used && !strings.HasPrefix(s.name, "_") {
			d.warn(s.pair.keyNode, "name it in the condition, or remove it", "the condition doesn't use %q", s.name)
		}
	}
	count := 0
	root.eachAtom(func(*atom) { count++ })
	if count > maxAtoms {
		return nil, d.refuse(n, "split the rule", "the rule has more than %d tests", maxAtoms)
	}
	at := d.at(condition.keyNode, "", "")
	return &detection{root: root, line: at.Line, column: at.Column, unresolved: d.unresolved}, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// parseConditions reads a condition, or a list of them, any of which will do.
func (d *document) parseConditions(n *yaml.Node, selections []*selection) (*expr, error) {
	items, err := d.items(n)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, d.refuse(n, "name a selection", "the condition is empty")
	}
	var subs []*expr
	for _, item := range items {
		text, err := d.scalar(item, "the condition")
		if err != nil {
			return nil, err
		}
		p := &conditionParser{text: text, name: named(selections), group: grouped(selections)}
		x, err := p.parse()
		if err != nil {
			if e, ok := err.(*conditionError); ok {
				return nil, d.conditionAt(item, e)
			}
			return nil, err
		}
		subs = append(subs, x)
	}
	return orExpr(subs...), nil
}

func named(selections []*selection) func(string) (*expr, error) {
	return func(name string) (*expr, error) {
		var names []string
		for _, s := range selections {
			if s.name == name {
				s.used = true
				return s.expr, nil
			}
			names = append(names, s.name)
		}
		if strings.Contains(name, "*") {
			return nil, &conditionError{msg: fmt.Sprintf("the pattern %q stands alone", shorten(name)), hint: "write 1 of or all of before it"}
		}
		hint := meant(name, names)
		if hint == "" {
			hint = "selections are " + strings.Join(names, ", ")
		}
		return nil, &conditionError{msg: fmt.Sprintf("there is no selection %q", shorten(name)), hint: hint}
	}
}

// grouped finds the selections that a pattern matches; "" is for all. Names that begin with an underscore are left
// out unless the pattern begins so.
func grouped(selections []*selection) func(string) ([]*expr, error) {
	return func(pattern string) ([]*expr, error) {
		var out []*expr
		var names []string
		for _, s := range selections {
			names = append(names, s.name)
			hidden := strings.HasPrefix(s.name, "_") && !strings.HasPrefix(pattern, "_")
			if !hidden && (pattern == "" || matchName(pattern, s.name)) {
				s.used = true
				out = append(out, s.expr)
			}
		}
		if len(out) == 0 {
			sort.Strings(names)
			what := fmt.Sprintf("no selection matches %q", shorten(pattern))
			if pattern == "" {
				what = `"them" stands for no selection: names that begin with _ are left out`
			}
			return nil, &conditionError{msg: what, hint: "selections are " + strings.Join(names, ", ")}
		}
		return out, nil
	}
}

// parseSelection reads what stands below a search identifier: a map (all must hold), a list of maps or of keywords
// (any will do), or one keyword.
func (d *document) parseSelection(p pair) (*expr, error) {
	switch p.value.Kind {
	case yaml.MappingNode:
		return d.parseMap(p.value, p)
	case yaml.SequenceNode:
		items, err := d.items(p.value)
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			d.warn(p.keyNode, "fill or remove it", "selection %q is empty: it never matches", p.key)
		}
		var subs []*expr
		for _, item := range items {
			x, err := d.parseItem(item, p)
			if err != nil {
				return nil, err
			}
			subs = append(subs, x)
		}
		return orExpr(subs...), nil
	case yaml.ScalarNode:
		if p.value.ShortTag() == "!!null" {
			d.warn(p.keyNode, "fill or remove it", "selection %q is empty: it never matches", p.key)
			return exprFalse, nil
		}
	}
	return d.parseItem(p.value, p)
}

// parseItem reads an item of a list: a map, or a keyword.
func (d *document) parseItem(n *yaml.Node, p pair) (*expr, error) {
	switch n.Kind {
	case yaml.MappingNode:
		return d.parseMap(n, p)
	case yaml.ScalarNode:
		return d.parseKeywords(n, nil, []*yaml.Node{n})
	}
	return nil, d.refuse(n, "write one list", "a list in the list of selection %q", p.key)
}

func (d *document) parseKeywords(at *yaml.Node, names []string, values []*yaml.Node) (*expr, error) {
	m, err := d.parseModifiers(at, names)
	if err != nil {
		return nil, err
	}
	m.keyword = true
	for _, v := range values {
		if v.Kind == yaml.ScalarNode && v.Value == "" && v.ShortTag() != "!!null" {
			d.warn(v, "remove it", "an empty keyword stands in every event")
		}
	}
	return d.build("", m, values)
}

// parseMap reads a map of fields, all of which must hold.
func (d *document) parseMap(n *yaml.Node, p pair) (*expr, error) {
	pairs, err := d.pairs(n, fmt.Sprintf("selection %q", p.key))
	if err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		d.warn(p.keyNode, "fill or remove it", "selection %q is empty: it never matches", p.key)
		return exprFalse, nil
	}
	var subs []*expr
	for _, f := range pairs {
		x, err := d.parseField(f)
		if err != nil {
			return nil, err
		}
		subs = append(subs, x)
	}
	return andExpr(subs...), nil
}

// parseField reads one key of a map: field, modifiers and values.
func (d *document) parseField(f pair) (*expr, error) {
	words := strings.Split(f.key, "|")
	field := trimField(words[0])
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	values, err := d.items(f.value)
	if err != nil {
		return nil, err
	}
	if field == "" {
		return d.parseKeywords(f.keyNode, words[1:], values)
	}
	m, err := d.parseModifiers(f.keyNode, words[1:])
	if err != nil {
		return nil, err
	}
	return d.build(field, m, values)
}
