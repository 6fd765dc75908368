package detect

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/sigma"
)

func init() {
	register(Detector{
		Name: "sigma",
		Doc:  "Sigma 2.1 detection and correlation rules",
		Open: openSigma,
	})
}

// maxBindings bounds how many shapes of records are kept bound. Hostile evidence can make any number of shapes.
const maxBindings = 8192

type sigmaEngine struct {
	engine       *sigma.Engine
	rules        []*sigma.Rule
	correlations []*sigma.Correlation
	techniques   []atomic.Pointer[[]string] // of each rule that found something, in the version of ATT&CK that is shown
	report       *Report
	logSources   []byte // the mapping given; nil: the embedded one

	mu      adaptive.Mutex
	bound   map[*event.Schema]*sigma.Binding
	byShape map[string]*sigma.Binding // many templates of event logs differ in nothing that rules ask for
	key     []byte                    // scratch
	offered map[offer]bool            // shapes of the records that came

	matchers   []*sigma.Matcher // of the scanners made
	correlator *sigma.Correlator
}

func openSigma(c *Config) (Engine, error) {
	engine, report, err := LoadSigma(c)
	if err != nil {
		return nil, err
	}
	e := &sigmaEngine{
		engine: engine, rules: engine.Collection().Rules, correlations: engine.Collection().Correlations, report: report,
		bound: map[*event.Schema]*sigma.Binding{}, byShape: map[string]*sigma.Binding{},
		offered: map[offer]bool{}, logSources: c.LogSources,
	}
	e.techniques = make([]atomic.Pointer[[]string], len(e.rules))
	return e, nil
}

// Report says what was loaded.
func (e *sigmaEngine) Report() *Report { return e.report }

// Scanner makes a scanner for one worker.
func (e *sigmaEngine) Scanner() Scanner {
	s := &sigmaScanner{engine: e, matcher: sigma.NewMatcher(), bound: map[*event.Schema]*sigma.Binding{}}
	s.onMatch = s.match
	e.mu.Lock()
	e.matchers = append(e.matchers, s.matcher)
	e.mu.Unlock()
	return s
}

// Notes says how often an expression ran out of time and how many occurrences had no room.
func (e *sigmaEngine) Notes() (notes []string) {
	timeouts := 0
	for _, m := range e.matchers {
		timeouts += m.Timeouts()
	}
	if timeouts > 0 {
		notes = append(notes, fmt.Sprintf("%d times a regular expression of a rule was given up at its time limit; such a rule counts as not matching the record", timeouts))
	}
	if e.correlator == nil {
		return notes
	}
	for _, n := range []struct {
		count int64
		why   string
	}{
		{e.correlator.Lost(), "took no part in a correlation, because it had too many groups at a time"},
		{e.correlator.LetGo(), "were let go from a correlation, because its window held too many"},
	} {
		if n.count > 0 {
			notes = append(notes, fmt.Sprintf("%d matches %s", n.count, n.why))
		}
	}
	return notes
}

// Joiner makes the joiner of a run.
func (e *sigmaEngine) Joiner(origin func(file int) *event.Origin) (Joiner, error) {
	correlator, err := sigma.NewCorrelator(e.correlations, sigma.CorrelatorOptions{})
	if err != nil {
		return nil, err
	}
	e.correlator = correlator
	return &sigmaJoiner{engine: e, origin: origin, correlator: correlator}, nil
}

// bind returns the rules that can match records of this shape, made ready; nil if there are none.
func (e *sigmaEngine) bind(s *event.Schema) *sigma.Binding {
	e.mu.Lock()
	b, ok := e.bound[s]
	e.mu.Unlock()
	if ok {
		return b
	}
	schema := sigmaSchema(s)
	e.mu.Lock()
	e.note(schema)
	e.key = appendShape(e.key[:0], schema)
	b, ok = e.byShape[string(e.key)]
	e.mu.Unlock()
	if !ok {
		b = e.engine.Bind(schema) // while others bind other shapes
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.bound) >= maxBindings {
		clear(e.bound)
	}
	if len(e.byShape) >= maxBindings {
		clear(e.byShape)
	}
	if e.bound[s] = b; !ok {
		e.byShape[string(appendShape(nil, schema))] = b
	}
	return b
}

// appendShape appends all that rules can ask of a schema.
func appendShape(key []byte, s *sigma.Schema) []byte {
	key = strconv.AppendBool(key, s.EmptyIsNull)
	for _, part := range append([]string{s.Product, s.Service, s.Channel, s.Provider, s.File, s.EventID}, s.Fields...) {
		key = appendBytes(key, part)
	}
	for _, apart := range s.Apart {
		key = strconv.AppendBool(key, apart)
	}
	return key
}

func sigmaSchema(s *event.Schema) *sigma.Schema {
	out := &sigma.Schema{
		Product: s.Product, Service: s.Service, Channel: s.Channel, Provider: s.Provider, File: s.File,
		Fields:      make([]string, len(s.Fields)),
		EmptyIsNull: s.Source == "evtx", // event logs can't tell a null from an empty text
	}
	if s.HasEventID {
		out.EventID = strconv.FormatUint(uint64(s.EventID), 10)
	}
	for i, f := range s.Fields {
		out.Fields[i] = f.Name
		out.Apart = append(out.Apart, f.Apart)
	}
	return out
}

// recentBinding is a schema that was bound; nil where there is none.
type recentBinding struct {
	schema  *event.Schema
	binding *sigma.Binding
}

// sigmaScanner matches records against the rules, for one worker.
type sigmaScanner struct {
	_ [128]byte // so that no other worker's writes lie in the same lines of a cache

	engine  *sigmaEngine
	matcher *sigma.Matcher
	bound   map[*event.Schema]*sigma.Binding
	recent  [1024]recentBinding // some of bound, by event identifier and number of fields

	records []*sigmaRecord // some of the batch under way: those with rules
	matched []sigma.Bound  // the same, bound
	numbers []int          // theirs, in the batch
	hit     Hit
	report  func(int, *Hit)
	onMatch func(int, *sigma.Match)
	_       [128]byte
}

// sigmaRecord shows a record to the engine: sigma.RawRecord.
type sigmaRecord struct {
	*event.Record
	raw event.RawValues // its values, if they can be shown as they lie
}

// Scan reports a hit for each rule that matches a record.
func (s *sigmaScanner) Scan(batch []*event.Record, hit func(int, *Hit)) {
	s.matched, s.numbers = s.matched[:0], s.numbers[:0]
	for i, r := range batch {
		recent := &s.recent[(uint(r.Schema.EventID)*31+uint(len(r.Schema.Fields)))%uint(len(s.recent))]
		if recent.schema != r.Schema {
			*recent = recentBinding{r.Schema, s.bindingOf(r.Schema)}
		}
		if recent.binding == nil {
			continue
		}
		n := len(s.matched)
		if n == len(s.records) {
			s.records = append(s.records, &sigmaRecord{})
		}
		shown := s.records[n]
		shown.Record = r
		shown.raw, _ = r.Values.(event.RawValues)
		s.matched, s.numbers = append(s.matched, sigma.Bound{Binding: recent.binding, Record: shown}), append(s.numbers, i)
	}
	s.report = hit
	s.matcher.MatchAll(s.matched, s.onMatch)
	s.report = nil
	for _, shown := range s.records[:len(s.matched)] {
		*shown = sigmaRecord{}
	}
}

// bindingOf returns the rules bound to a schema, nil if there are none.
func (s *sigmaScanner) bindingOf(schema *event.Schema) *sigma.Binding {
	b, ok := s.bound[schema]
	if !ok {
		if len(s.bound) >= maxBindings {
			clear(s.bound)
		}
		b = s.engine.bind(schema)
		s.bound[schema] = b
	}
	return b
}

// AppendValues gives the engine the values of a field: sigma.Record.
func (r *sigmaRecord) AppendValues(dst *sigma.Values, field int) {
	for k := range r.Values.Len(field) {
		v := r.Values.At(field, k)
		if v.Kind == event.Null {
			dst.AddNull()
			continue
		}
		dst.End(v.AppendText(dst.Buffer()))
	}
}

// Raw shows the engine values as they lie in the evidence: sigma.RawRecord.
func (r *sigmaRecord) Raw(dst []sigma.Raw, fields []int32) {
	if r.raw == nil {
		for i := range dst {
			dst[i] = sigma.Raw{Tag: sigma.RawOther}
		}
		return
	}
	r.raw.Raw(dst, fields)
}

// AnyText shows the engine the record's texts: sigma.RawRecord.
func (r *sigmaRecord) AnyText(key uint64, but []int32, piece, f func(utf16 []byte) bool) bool {
	return r.raw == nil || r.raw.AnyText(key, but, piece, f)
}

func (s *sigmaScanner) match(record int, m *sigma.Match) {
	h := &s.hit
	h.Rule, h.Shown, h.Joins, h.Needs = m.Index, !m.Rule.Silent, m.Rule.Feeds, h.Needs[:0]
	for _, n := range m.Needs {
		h.Needs = append(h.Needs, Need{Text: n.Text, Present: n.Present})
	}
	s.report(s.numbers[record], h)
}

// sigmaJoiner makes findings of matches, and of what correlations make of them.
type sigmaJoiner struct {
	engine     *sigmaEngine
	origin     func(file int) *event.Origin
	correlator *sigma.Correlator
	occurrence sigma.Occurrence
}

// Add takes the next match of a rule that a correlation refers to.
func (j *sigmaJoiner) Add(h *Hit, emit func(*finding.Finding, *Hit)) {
	o := &j.occurrence
	o.Rule, o.Time, o.Values = j.engine.rules[h.Rule], h.Time, o.Values[:0]
	o.Ref, o.Shared = appendRef(o.Ref[:0], o.Shared[:0], h)
	for _, n := range h.Needs {
		o.Values = append(o.Values, sigma.KeyValue{Text: string(n.Text), Present: n.Present})
	}
	j.correlator.Add(o, func(f *sigma.Firing) { j.fired(f, emit) })
}

// Close ends the windows that are still open.
func (j *sigmaJoiner) Close(emit func(*finding.Finding, *Hit)) {
	j.correlator.Close(func(f *sigma.Firing) { j.fired(f, emit) })
}

// Finding makes a finding of a match.
func (j *sigmaJoiner) Finding(h *Hit, f *finding.Finding) bool {
	meta := &j.engine.rules[h.Rule].Meta
	evidence := append(f.Evidence[:0], evidenceOf(j.origin(h.File), h))
	*f = newFinding(meta, j.engine.techniquesOf(h.Rule))
	f.Time, f.Host, f.Channel, f.EventID = h.Time, h.Host, h.Channel, h.EventID
	f.Fields, f.Evidence = h.Fields, evidence
	if f.Rule.ID == "" {
		f.ID = newID(f) // others are made when they are written: they are many
	}
	return true
}

// techniquesOf returns the techniques of a rule. Any goroutine may ask.
func (e *sigmaEngine) techniquesOf(rule int) []string {
	known := e.techniques[rule].Load()
	if known == nil {
		made := canonical(e.rules[rule].Techniques())
		known = &made
		e.techniques[rule].Store(known) // where two make it at a time, either will do
	}
	return *known
}

// fired makes a finding of a correlation's firing, unless the correlation only feeds another one.
func (j *sigmaJoiner) fired(firing *sigma.Firing, emit func(*finding.Finding, *Hit)) {
	c := firing.Correlation
	if c.Silent {
		return
	}
	made := newFinding(&c.Meta, canonical(c.Techniques()))
	f := &made
	f.Time, f.First, f.Last = firing.Time, firing.First, firing.Last
	var first Hit
	for i, ref := range firing.Refs {
		h := &Hit{}
		if err := h.decodeRef(ref, firing.Times[i]); err != nil {
			continue
		}
		e := evidenceOf(j.origin(h.File), h)
		e.Time = h.Time
		f.Evidence = append(f.Evidence, e)
		if i == 0 {
			f.Host, first = h.Host, *h
		} else if f.Host != h.Host {
			f.Host = "" // over several hosts
		}
	}
	if firing.Count > len(f.Evidence) {
		f.Count = firing.Count
	}
	f.Fields = groupJSON(firing.Group)
	f.ID = newID(f)
	emit(f, &first)
}

func groupJSON(group []sigma.GroupValue) []byte {
	if len(group) == 0 {
		return nil
	}
	dst := []byte{'{'}
	for i, g := range group {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = event.AppendJSONString(dst, g.Name)
		dst = append(dst, ':')
		dst = event.AppendJSONString(dst, g.Value)
	}
	return append(dst, '}')
}

func newFinding(m *sigma.Meta, techniques []string) finding.Finding {
	level := m.Level
	if level == "" {
		level = "informational"
	}
	return finding.Finding{Level: level, Title: m.Title, Rule: finding.Rule{Kind: "sigma", ID: m.ID, Title: m.Title}, Attack: techniques}
}

// newID identifies f by its rule and its places. A rule without an id is told by its title and level, or all such rules would
// share the findings of a record; firings that list the same records are told by their group, span and count.
func newID(f *finding.Finding) string {
	single := f.First.IsZero() && f.Count == 0 && len(f.Evidence) == 1
	if single && f.Rule.ID != "" {
		return finding.NewID(f)
	}
	seed := *f
	if f.Rule.ID == "" {
		seed.Rule.ID = "title\x00" + f.Title + "\x00" + f.Level
	}
	if !single {
		seed.Rule.ID += fmt.Sprintf("\x00%s\x00%s\x00%s\x00%d\x00%s", f.Time, f.First, f.Last, f.Count, f.Fields)
	}
	return finding.NewID(&seed)
}

// evidenceOf gives the place of a hit; it borrows the record's number.
func evidenceOf(o *event.Origin, h *Hit) finding.Evidence {
	e := finding.Evidence{Offset: h.Offset, Recovered: h.Recovered}
	if o != nil {
		e.Path, e.SHA256 = o.Path, o.SHA256
	}
	if h.HasRecordID {
		e.RecordID = &h.RecordID
	}
	return e
}
