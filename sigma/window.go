package sigma

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// The reading of correlation documents. What a correlation does is said in the Correlator.

var correlationTypes = []string{
	string(EventCount), string(ValueCount), string(Temporal), string(TemporalOrdered), string(ValueSum), string(ValueAvg), string(ValuePercentile),
}

// valueMedian is another name that rules have for the percentile 50.
const valueMedian = "value_median"

// maxTimespan bounds a window.
const maxTimespan = 100 * 365 * 24 * time.Hour

var timeUnits = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'M': 30 * 24 * time.Hour, 'y': 365 * 24 * time.Hour,
}

func (c *Collection) loadCorrelation(d *document, meta Meta, keys map[string]pair) error {
	body := keys["correlation"]
	pairs, err := d.pairs(body.value, "the correlation")
	if err != nil {
		return err
	}
	r := &Correlation{Meta: meta}
	inner := map[string]pair{}
	names := []string{"type", "rules", "group-by", "timespan", "aliases", "condition", "generate"}
	for _, p := range pairs {
		if !contains(names, p.key) {
			d.warn(p.keyNode, meant(p.key, names), "unknown key %q in the correlation is passed over", p.key)
		}
		inner[p.key] = p
	}
	for _, need := range []string{"type", "rules", "timespan"} {
		if _, ok := inner[need]; !ok {
			hint := map[string]string{"type": "types are " + strings.Join(correlationTypes, ", "), "rules": "name rules by name or id", "timespan": "write 10m, 1h, 1d, ..."}[need]
			return d.refuse(body.keyNode, hint, "the correlation has no %s", need)
		}
	}
	for _, step := range []func(*Correlation, map[string]pair) error{d.correlationType, d.correlationRules, d.correlationTime, d.correlationGroups, d.correlationAliases} {
		if err := step(r, inner); err != nil {
			return err
		}
	}
	if err := d.correlationGenerate(r, keys, inner); err != nil {
		return err
	}
	if p, ok := inner["condition"]; ok {
		err = d.correlationCondition(r, p)
	} else if !r.temporal() {
		err = d.refuse(body.keyNode, "add a condition, such as condition: {gte: 10}", "a correlation of type %s needs a condition", r.Type)
	}
	if err != nil {
		return err
	}
	c.Correlations = append(c.Correlations, r)
	c.places[r] = d.place("correlation")
	return nil
}

func (r *Correlation) temporal() bool { return r.Type == Temporal || r.Type == TemporalOrdered }

func (d *document) correlationType(r *Correlation, inner map[string]pair) error {
	v := inner["type"].value
	text, err := d.scalar(v, "the type")
	if err != nil {
		return err
	}
	if text == valueMedian {
		r.Type, r.Condition.Percentile = ValuePercentile, 50
		return nil
	}
	if !contains(correlationTypes, text) {
		hint := "types are " + strings.Join(correlationTypes, ", ")
		if near := nearest(text, correlationTypes); near != "" {
			hint = "did you mean " + near + "?"
		}
		return d.refuse(v, hint, "%q is no type of correlation", shorten(text))
	}
	r.Type = CorrelationType(text)
	return nil
}

func (d *document) correlationRules(r *Correlation, inner map[string]pair) (err error) {
	v := inner["rules"].value
	if r.Refs, err = d.texts(v, "a rule of the correlation"); err != nil {
		return err
	}
	if len(r.Refs) == 0 || slices.Contains(r.Refs, "") {
		return d.refuse(v, "name rules by name or id", "the correlation names no rule")
	}
	nodes, err := d.items(v)
	if err != nil {
		return err
	}
	for i, ref := range r.Refs {
		at := d.at(nodes[i], "", "")
		r.refAt = append(r.refAt, place{at.Line, at.Column})
		if slices.Contains(r.Refs[:i], ref) {
			return d.refuse(nodes[i], "name it once", "the correlation names rule %q twice", ref)
		}
	}
	if r.temporal() && len(r.Refs) == 1 {
		d.warn(v, "name two rules, or use event_count", "a %s correlation of one rule fires at every match", r.Type)
	}
	return nil
}

func (d *document) correlationTime(r *Correlation, inner map[string]pair) (err error) {
	v := inner["timespan"].value
	text, err := d.scalar(v, "the timespan")
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	const hint = "write a number and one of s m h d w M y: 10m, 1h, 1d"
	if text == "" {
		return d.refuse(v, hint, "the timespan is empty")
	}
	unit, ok := timeUnits[text[len(text)-1]]
	n, err := strconv.ParseUint(strings.TrimSpace(text[:len(text)-1]), 10, 32)
	if !ok || err != nil {
		return d.refuse(v, hint, "%q is no timespan", shorten(text))
	}
	if n == 0 || time.Duration(n) > maxTimespan/unit {
		return d.refuse(v, hint, "a timespan of %s is not possible", text)
	}
	r.Timespan = time.Duration(n) * unit
	return nil
}

func (d *document) correlationGroups(r *Correlation, inner map[string]pair) (err error) {
	p, ok := inner["group-by"]
	if !ok {
		return nil
	}
	if r.GroupBy, err = d.texts(p.value, "a field of group-by"); err != nil {
		return err
	}
	for i := range r.GroupBy {
		r.GroupBy[i] = trimField(r.GroupBy[i])
		if r.GroupBy[i] == "" {
			return d.refuse(p.value, "name a field", "a field of group-by is empty")
		}
		if slices.Contains(r.GroupBy[:i], r.GroupBy[i]) {
			return d.refuse(p.value, "name it once", "group-by names %q twice", r.GroupBy[i])
		}
	}
	return nil
}

func (d *document) correlationAliases(r *Correlation, inner map[string]pair) error {
	p, ok := inner["aliases"]
	if !ok {
		return nil
	}
	pairs, err := d.pairs(p.value, "aliases")
	if err != nil {
		return err
	}
	r.Aliases = map[string]map[string]string{}
	for _, alias := range pairs {
		fields, err := d.pairs(alias.value, "alias "+strconv.Quote(alias.key))
		if err != nil {
			return err
		}
		name := trimField(alias.key)
		if !contains(r.GroupBy, name) {
			d.warn(alias.keyNode, "name it in group-by, or remove it", "group-by doesn't use the alias %q", alias.key)
		}
		r.Aliases[name] = map[string]string{}
		for _, f := range fields {
			if !contains(r.Refs, f.key) {
				return d.refuse(f.keyNode, meant(f.key, r.Refs), "alias %q speaks of rule %q, which the correlation doesn't name", alias.key, shorten(f.key))
			}
			field, err := d.scalar(f.value, "the field of an alias")
			if err != nil {
				return err
			}
			if field = trimField(field); field == "" {
				return d.refuse(f.value, "name a field", "alias %q has no field for rule %q", alias.key, f.key)
			}
			r.Aliases[name][f.key] = field
		}
		for _, ref := range r.Refs {
			if _, ok := r.Aliases[name][ref]; !ok {
				d.warn(alias.keyNode, "say which field stands for it", "alias %q has no field for rule %q: a field called %s is taken", alias.key, ref, name)
			}
		}
	}
	return nil
}

// correlationGenerate reads generate, which older rules have beside the correlation.
func (d *document) correlationGenerate(r *Correlation, keys, inner map[string]pair) error {
	p, ok := inner["generate"]
	if !ok {
		if p, ok = keys["generate"]; !ok {
			return nil
		}
	}
	text, err := d.scalar(p.value, "generate")
	if err != nil {
		return err
	}
	switch strings.ToLower(text) {
	case "true", "yes":
		r.Generate = true
	case "false", "no", "":
	default:
		return d.refuse(p.value, "write true or false", "generate is %q", shorten(text))
	}
	return nil
}

var comparisons = []string{"gt", "gte", "lt", "lte", "eq", "neq"}

func (d *document) correlationCondition(r *Correlation, p pair) error {
	if p.value.Kind != yaml.MappingNode {
		return d.correlationExpression(r, p)
	}
	pairs, err := d.pairs(p.value, "the condition")
	if err != nil {
		return err
	}
	for _, q := range pairs {
		switch {
		case q.key == "field":
			if r.Condition.Fields, err = d.texts(q.value, "a field of the condition"); err != nil {
				return err
			}
			for i, f := range r.Condition.Fields {
				if r.Condition.Fields[i] = trimField(f); r.Condition.Fields[i] == "" {
					return d.refuse(q.value, "name a field", "a field of the condition is empty")
				}
			}
		case q.key == "percentile":
			if r.Condition.Percentile, err = d.conditionNumber(q); err != nil {
				return err
			}
			if r.Condition.Percentile < 0 || r.Condition.Percentile > 100 {
				return d.refuse(q.value, "give a number from 0 to 100", "%v is no percentile", r.Condition.Percentile)
			}
		case contains(comparisons, q.key):
			value, err := d.conditionNumber(q)
			if err != nil {
				return err
			}
			r.Condition.Comparisons = append(r.Condition.Comparisons, Comparison{Op: q.key, Value: value})
		default:
			hint := meant(q.key, append([]string{"field", "percentile"}, comparisons...))
			if hint == "" {
				hint = "comparisons are " + strings.Join(comparisons, ", ")
			}
			return d.refuse(q.keyNode, hint, "unknown key %q in the condition", q.key)
		}
	}
	return d.checkCorrelationCondition(r, p)
}

func (d *document) conditionNumber(q pair) (float64, error) {
	n, ok := parseNumber(q.value.Value)
	if q.value.Kind != yaml.ScalarNode || !ok {
		return 0, d.refuse(q.value, "give a number", "%s needs a number", q.key)
	}
	return n.float, nil
}

func (d *document) checkCorrelationCondition(r *Correlation, p pair) error {
	c := &r.Condition
	_, hasPercentile := d.find(p.value, "percentile")
	hasPercentile = hasPercentile || r.Type == ValuePercentile && c.Percentile > 0 // value_median
	switch needs := strings.HasPrefix(string(r.Type), "value_"); {
	case len(c.Comparisons) == 0:
		return d.refuse(p.keyNode, "add one, such as gte: 10", "the condition compares nothing")
	case needs && len(c.Fields) == 0:
		return d.refuse(p.keyNode, "add field: NAME", "a correlation of type %s needs a field in its condition", r.Type)
	case !needs && len(c.Fields) > 0:
		return d.refuse(p.keyNode, "use value_count, or remove the field", "a correlation of type %s looks at no field", r.Type)
	case len(c.Fields) > 1 && r.Type != ValueCount:
		return d.refuse(p.keyNode, "name one field", "a correlation of type %s looks at one field", r.Type)
	case r.Type == ValuePercentile && !hasPercentile:
		return d.refuse(p.keyNode, "add percentile: 95", "a correlation of type value_percentile needs a percentile in its condition")
	case r.Type != ValuePercentile && hasPercentile:
		return d.refuse(p.keyNode, "use value_percentile, or remove it", "a correlation of type %s has no percentile", r.Type)
	}
	least, most := math.Inf(-1), math.Inf(1)
	if r.Type == EventCount || r.Type == ValueCount || r.temporal() {
		least = 1 // a window without events is none
	}
	if r.temporal() {
		most = float64(len(r.Refs))
	}
	if !c.possible(least, most) {
		d.warn(p.keyNode, "correct the numbers", "the condition can never hold")
	}
	return nil
}

func (d *document) find(n *yaml.Node, key string) (*yaml.Node, bool) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1], true
		}
	}
	return nil, false
}

// possible says whether a number from least to most can hold all comparisons. Bounds are taken as closed.
func (c *Condition) possible(least, most float64) bool {
	for _, x := range c.Comparisons {
		switch x.Op {
		case "gt":
			least = max(least, math.Nextafter(x.Value, math.Inf(1)))
		case "gte":
			least = max(least, x.Value)
		case "lt":
			most = min(most, math.Nextafter(x.Value, math.Inf(-1)))
		case "lte":
			most = min(most, x.Value)
		case "eq":
			least, most = max(least, x.Value), min(most, x.Value)
		}
	}
	return least <= most
}

// correlationExpression reads the extended condition of temporal types: names of rules joined by and, or, not.
func (d *document) correlationExpression(r *Correlation, p pair) error {
	text, err := d.scalar(p.value, "the condition")
	if err != nil {
		return err
	}
	if !r.temporal() {
		return d.refuse(p.value, "write a comparison, such as condition: {gte: 10}", "a correlation of type %s can't have an expression as its condition", r.Type)
	}
	used := map[string]bool{}
	parser := &conditionParser{text: text, name: func(name string) (*expr, error) {
		if !contains(r.Refs, name) {
			return nil, &conditionError{msg: "the correlation has no rule " + strconv.Quote(shorten(name)), hint: cmp.Or(meant(name, r.Refs), "name rules that stand under rules")}
		}
		used[name] = true
		return atomExpr(&atom{field: name}), nil
	}}
	if _, err := parser.parse(); err != nil {
		if e, ok := err.(*conditionError); ok {
			return d.conditionAt(p.value, e)
		}
		return err
	}
	for _, ref := range r.Refs {
		if !used[ref] {
			d.warn(p.value, "name it in the condition, or remove it", "the condition doesn't use rule %q", ref)
		}
	}
	r.Condition.Expression = strings.TrimSpace(text)
	return nil
}
