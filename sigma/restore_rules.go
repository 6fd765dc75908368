package sigma

import "time"

// leastMeta is the least number of bytes that a rule of any kind takes.
const leastMeta = 16

func (r *storeReader) readRules() {
	c := r.collection
	r.texts = make([]string, r.length(1))
	rules := make([]Rule, r.length(leastMeta))
	c.Rules = make([]*Rule, len(rules))
	for i := range rules {
		x := &rules[i]
		c.Rules[i] = x
		r.meta(&x.Meta, r.list)
		x.LogSource = r.source()
		x.Fields, x.Needs = r.list(), r.list()
		flags := r.byte()
		x.Feeds, x.Silent = flags&1 != 0, flags&2 != 0
	}
	r.texts = nil
	c.Correlations = make([]*Correlation, r.length(leastMeta))
	for i := range c.Correlations {
		c.Correlations[i] = &Correlation{}
	}
	for _, x := range c.Correlations {
		r.correlation(x)
	}
	c.Filters = make([]*Filter, r.length(leastMeta))
	for i := range c.Filters {
		f := &Filter{}
		c.Filters[i] = f
		r.meta(&f.Meta, r.ownList)
		f.LogSource = r.source()
		f.Refs = r.ownList()
	}
}

func (r *storeReader) meta(m *Meta, list func() []string) {
	m.Line = r.number()
	for _, to := range m.storedTexts() {
		*to = r.text()
	}
	for _, to := range m.storedLists() {
		*to = list()
	}
}

func (r *storeReader) source() (s LogSource) {
	s.Category, s.Product, s.Service = r.text(), r.text(), r.text()
	s.Line, s.Column = r.number(), r.number()
	return s
}

func (r *storeReader) correlation(x *Correlation) {
	r.meta(&x.Meta, r.ownList)
	x.Type = CorrelationType(r.text())
	x.Refs, x.GroupBy = r.ownList(), r.ownList()
	x.Timespan = time.Duration(r.wide())
	if n := r.length(2); n > 0 {
		x.Aliases = make(map[string]map[string]string, n)
		for range n {
			fields := map[string]string{}
			x.Aliases[r.text()] = fields
			for range r.length(2) {
				rule := r.text()
				fields[rule] = r.text()
			}
		}
	}
	for range r.length(2) {
		x.Condition.Comparisons = append(x.Condition.Comparisons, Comparison{Op: r.text(), Value: r.float()})
	}
	x.Condition.Fields = r.ownList()
	x.Condition.Percentile = r.float()
	x.Condition.Expression = r.text()
	flags := r.byte()
	x.Generate, x.Feeds, x.Silent = flags&1 != 0, flags&2 != 0, flags&4 != 0
	x.Rules, x.Correlations = make([]*Rule, len(x.Refs)), make([]*Correlation, len(x.Refs))
	for i := range x.Refs {
		n := r.number()
		switch c := r.collection; {
		case n&1 == 0 && n>>1 < len(c.Rules):
			x.Rules[i] = c.Rules[n>>1]
		case n&1 != 0 && n>>1 < len(c.Correlations):
			x.Correlations[i] = c.Correlations[n>>1]
		default:
			r.fail()
		}
	}
}
