package sigma

import "strings"

// Plain is the reference for Bind and Match, for tests of a faster way: it evaluates every rule over all values of a record of
// the shape s, one after another, and shares nothing with Match but the test of one value. It calls hit for every rule that
// matches, in the order in which the rules were loaded.
func (e *Engine) Plain(s *Schema, r Record, hit func(*Rule)) {
	p := &plainRecord{schema: s, record: r, fields: map[string]*Values{}, truth: map[*atom]bool{}}
	last := -1
	for _, w := range e.ways {
		if w.rule != last && w.matches(s) && w.root.eval(p.holds) {
			hit(e.collection.Rules[w.rule])
			last = w.rule
		}
	}
}

// plainRecord remembers the values of fields and what atoms came to, for one record.
type plainRecord struct {
	schema *Schema
	record Record
	fields map[string]*Values
	truth  map[*atom]bool
}

func (p *plainRecord) holds(a *atom) bool {
	if truth, known := p.truth[a]; known {
		return truth
	}
	var other *Values
	if a.op == opFieldRef {
		other = p.values(a.other)
	}
	truth, _ := a.matchField(p.values(a.field), other, p.schema.EmptyIsNull)
	p.truth[a] = truth
	return truth
}

// values returns the values of the first field with a name, or, for "", of all fields.
func (p *plainRecord) values(field string) *Values {
	if v, known := p.fields[field]; known {
		return v
	}
	v := &Values{}
	p.fields[field] = v
	if text, ok := p.schema.constant(field); ok {
		v.End(append(v.Buffer(), text...))
		return v
	}
	for _, exact := range []bool{true, false} {
		for i, name := range p.schema.Fields {
			if name = strings.TrimSpace(name); !exact {
				name = strings.ReplaceAll(name, " ", "")
			}
			if field == "" || name == field {
				p.record.AppendValues(v, i)
				if field != "" {
					return v
				}
			}
		}
		if field == "" {
			return v
		}
	}
	return v
}
