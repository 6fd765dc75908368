package sigma

// Offers tells from which log sources of rules events of some shapes come. It remembers what it worked out, and is for one goroutine.
type Offers struct {
	sources  *LogSources
	resolved map[LogSource][]alternative
}

// NewOffers prepares for a mapping; nil is the embedded one.
func NewOffers(sources *LogSources) *Offers {
	if sources == nil {
		sources = DefaultLogSources()
	}
	return &Offers{sources: sources, resolved: map[LogSource][]alternative{}}
}

// Has says whether events of the shape are of a rule's log source: they come by its channel or file, and meet the conditions that the
// mapping states as far as the shape decides them (of process creation in the Security channel, that it is event 4688). What the rule itself
// asks of the event is not looked at.
func (o *Offers) Has(rule *LogSource, s *Schema) bool {
	key := LogSource{Category: rule.Category, Product: rule.Product, Service: rule.Service}
	ways, ok := o.resolved[key]
	if !ok {
		ways = o.sources.resolve(key)
		o.resolved[key] = ways
	}
	for i := range ways {
		if ways[i].matches(s) && ways[i].meets(s) {
			return true
		}
	}
	return false
}

// meets says whether no condition of the mapping is decided against the shape.
func (a *alternative) meets(s *Schema) bool {
	for _, x := range a.conditions {
		known := true
		x.eachAtom(func(b *atom) {
			_, constant := s.constant(b.field)
			known = known && constant && b.canBeConstant()
		})
		if known && !x.eval(func(b *atom) bool { return (&constants{}).decide(b, s) == decidedTrue }) {
			return false
		}
	}
	return true
}
