package detect

import (
	"maps"
	"slices"

	"github.com/goshawk-ir/goshawk/sigma"
)

// Seer is an Engine that can say, after a run, which ATT&CK techniques it could have seen in the records that there were.
type Seer interface {
	// Visible returns the techniques, in the version of ATT&CK that is shown and in order. That of a technique nothing was found means
	// that nothing the rules know of it was recorded; of one that is not listed it means nothing.
	Visible() []string
}

// Visible returns the techniques of all engines that can say so.
func Visible(engines []Engine) []string {
	var all []string
	for _, e := range engines {
		if s, ok := e.(Seer); ok {
			all = append(all, s.Visible()...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// offer is what of a shape of records decides whether it is of a rule's log source.
type offer struct{ product, service, channel, provider, file, eventID string }

// note remembers a shape that came; the engine is locked.
func (e *sigmaEngine) note(s *sigma.Schema) {
	if len(e.offered) <= maxBindings {
		e.offered[offer{s.Product, s.Service, s.Channel, s.Provider, s.File, s.EventID}] = true
	}
}

// Visible returns the techniques of the rules whose log source was among the records, and of the correlations over such rules. Where there
// were more shapes than are held it says nothing: which of them were held is chance.
func (e *sigmaEngine) Visible() []string {
	if len(e.offered) > maxBindings {
		return nil
	}
	var sources *sigma.LogSources
	if e.logSources != nil {
		var err error
		if sources, err = sigma.ParseLogSources("log sources", e.logSources); err != nil {
			return nil // Open would have refused them
		}
	}
	offers, known := sigma.NewOffers(sources), map[sigma.LogSource]bool{}
	e.mu.Lock()
	shapes := slices.Collect(maps.Keys(e.offered))
	e.mu.Unlock()
	came := func(r *sigma.Rule) bool {
		source := sigma.LogSource{Category: r.LogSource.Category, Product: r.LogSource.Product, Service: r.LogSource.Service}
		yes, ok := known[source]
		if !ok {
			yes = slices.ContainsFunc(shapes, func(o offer) bool {
				return offers.Has(&source, &sigma.Schema{Product: o.product, Service: o.service, Channel: o.channel, Provider: o.provider, File: o.file, EventID: o.eventID})
			})
			known[source] = yes
		}
		return yes
	}
	seen := map[string]bool{}
	see := func(techniques []string) {
		for _, id := range techniques {
			seen[id] = true
		}
	}
	for i, r := range e.rules {
		if techniques := e.techniquesOf(i); len(techniques) > 0 && came(r) {
			see(techniques)
		}
	}
	for _, c := range e.correlations {
		if slices.ContainsFunc(c.Rules, func(r *sigma.Rule) bool { return r != nil && came(r) }) {
			see(canonical(c.Techniques()))
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
