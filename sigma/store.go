package sigma

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
)

// A stored engine is a stream of numbers and texts that writer and reader know the order of, without names. Numbers are
// varints, a text is its length and its bytes or the place where it stands already, a list is its length and its items. Lists whose items the reader puts
// side by side in one piece of memory have the sum of their lengths before them. Trees are in postfix form.
//
// What follows from the rest is not stored: which atoms can be constant, which are in an index, and by what ways are found. Left out, too,
// is what only Load, Link and Compile look at: the conditions in the rules' own field names, and places in files.

// storedForm is the first number of a stored engine. It changes with the form.
const storedForm = 1

// storeWriter writes the stored form.
type storeWriter struct {
	buf    []byte
	start  int            // of the engine in buf
	known  map[string]int // places of texts, from start
	engine *Engine
	err    error
}

// AppendBinary appends the engine, with its collection, in the form that ReadEngine reads. A collection that is not linked
// is an error.
func (e *Engine) AppendBinary(dst []byte) ([]byte, error) {
	w := &storeWriter{buf: dst, start: len(dst), known: map[string]int{}, engine: e}
	w.number(storedForm)
	w.collection(e.collection)
	w.atoms()
	w.fields()
	w.ways()
	return w.buf, w.err
}

func (w *storeWriter) number(n int)     { w.buf = binary.AppendUvarint(w.buf, uint64(n)) }
func (w *storeWriter) wide(n uint64)    { w.buf = binary.AppendUvarint(w.buf, n) }
func (w *storeWriter) float(f float64)  { w.wide(math.Float64bits(f)) }
func (w *storeWriter) texts(s []string) { writeList(w, s, w.text) }
func (w *storeWriter) source(s *LogSource) {
	w.text(s.Category)
	w.text(s.Product)
	w.text(s.Service)
	w.number(s.Line)
	w.number(s.Column)
}

// text writes a text, or, if it was written before, where.
func (w *storeWriter) text(s string) {
	if at, ok := w.known[s]; ok {
		w.number(len(s)<<1 | 1)
		w.number(at)
		return
	}
	w.number(len(s) << 1)
	if len(s) >= shortestKnown {
		w.known[s] = len(w.buf) - w.start
	}
	w.buf = append(w.buf, s...)
}

// shortestKnown is the length from which on it pays to say where a text stands.
const shortestKnown = 5

// flags writes up to eight bits.
func (w *storeWriter) flags(bits ...bool) {
	var b byte
	for i, set := range bits {
		if set {
			b |= 1 << i
		}
	}
	w.buf = append(w.buf, b)
}

func writeList[T any](w *storeWriter, list []T, item func(T)) {
	w.number(len(list))
	for _, x := range list {
		item(x)
	}
}

func (w *storeWriter) meta(m *Meta) {
	w.number(m.Line)
	for _, s := range m.storedTexts() {
		w.text(*s)
	}
	for _, list := range m.storedLists() {
		w.texts(*list)
	}
}

// storedTexts are the texts of a rule of any kind, in the order in which they are stored.
func (m *Meta) storedTexts() [12]*string {
	return [...]*string{&m.Path, &m.SHA256, &m.ID, &m.Name, &m.Title, &m.Status, &m.Level, &m.Description, &m.Author, &m.Date, &m.Modified, &m.License}
}

func (m *Meta) storedLists() [3]*[]string {
	return [...]*[]string{&m.Tags, &m.References, &m.FalsePositives}
}

func (w *storeWriter) collection(c *Collection) {
	rules, correlations := map[*Rule]int{}, map[*Correlation]int{}
	total := 0
	for i, r := range c.Rules {
		rules[r] = i
		total += len(r.Tags) + len(r.References) + len(r.FalsePositives) + len(r.Fields) + len(r.Needs)
	}
	for i, r := range c.Correlations {
		correlations[r] = i
	}
	w.number(total)
	writeList(w, c.Rules, func(r *Rule) {
		w.meta(&r.Meta)
		w.source(&r.LogSource)
		w.texts(r.Fields)
		w.texts(r.Needs)
		w.flags(r.Feeds, r.Silent)
	})
	writeList(w, c.Correlations, func(r *Correlation) {
		w.correlation(r)
		for i := range r.Refs {
			switch target := targetOf(r, i).(type) {
			case *Rule:
				w.number(rules[target] << 1)
			case *Correlation:
				w.number(correlations[target]<<1 | 1)
			default:
				w.err = errUnlinked
			}
		}
	})
	writeList(w, c.Filters, func(f *Filter) {
		w.meta(&f.Meta)
		w.source(&f.LogSource)
		w.texts(f.Refs)
	})
}

func (w *storeWriter) correlation(r *Correlation) {
	w.meta(&r.Meta)
	w.text(string(r.Type))
	w.texts(r.Refs)
	w.texts(r.GroupBy)
	w.wide(uint64(r.Timespan))
	writeList(w, slices.Sorted(maps.Keys(r.Aliases)), func(alias string) {
		w.text(alias)
		writeList(w, slices.Sorted(maps.Keys(r.Aliases[alias])), func(rule string) {
			w.text(rule)
			w.text(r.Aliases[alias][rule])
		})
	})
	writeList(w, r.Condition.Comparisons, func(c Comparison) {
		w.text(c.Op)
		w.float(c.Value)
	})
	w.texts(r.Condition.Fields)
	w.float(r.Condition.Percentile)
	w.text(r.Condition.Expression)
	w.flags(r.Generate, r.Feeds, r.Silent)
}

// atoms writes the atoms and before them the names of their fields, each once.
func (w *storeWriter) atoms() {
	names, parts, pieces, bytes, operands := map[string]int{}, 0, 0, 0, 0
	var order []string
	for _, a := range w.engine.atoms {
		if _, ok := names[a.field]; !ok {
			names[a.field] = len(order)
			order = append(order, a.field)
		}
		if a.operand != nil {
			operands++
		}
		bytes += len(a.pattern.lit)
		parts += len(a.pattern.parts)
		for _, q := range a.pattern.parts {
			pieces += len(q)
			for _, x := range q {
				bytes += len(x.text)
			}
		}
	}
	w.texts(order)
	w.number(parts)
	w.number(pieces)
	w.number(bytes)
	w.number(operands)
	writeList(w, w.engine.atoms, func(a *atom) {
		w.number(names[a.field])
		w.buf = append(w.buf, byte(a.op))
		w.flags(a.cased)
		w.test(a)
	})
}

// test writes what an atom asks.
func (w *storeWriter) test(a *atom) {
	switch a.op {
	case opPattern:
		writeList(w, a.pattern.parts, func(q part) { writeList(w, q, w.piece) })
		if a.pattern.parts == nil {
			w.text(string(a.pattern.lit))
			w.buf = append(w.buf, byte(a.pattern.bound))
		}
	case opRegexp:
		w.text(a.text)
		w.flags(a.expr.slow != nil)
		if a.expr.slow != nil {
			w.wide(uint64(a.expr.slow.MatchTimeout))
		}
	case opNumber, opTimePart:
		w.buf = append(w.buf, byte(a.rel), byte(a.part))
		w.flags(a.num.whole, a.num.neg)
		w.wide(a.num.abs)
		w.float(a.num.float)
		w.text(a.text)
	case opCIDR:
		w.text(a.net.String())
	case opFieldRef:
		w.buf = append(w.buf, byte(a.shape))
		w.text(a.other)
	}
}

// What a piece is.
const (
	storedAny = iota
	storedDash
	storedText
)

func (w *storeWriter) piece(x piece) {
	switch {
	case x.text != nil:
		w.number(storedText)
		w.text(string(x.text))
	case x.dash:
		w.number(storedDash)
	default:
		w.number(storedAny)
	}
}

func (w *storeWriter) fields() {
	fields := w.engine.compiled.fields
	writeList(w, slices.Sorted(maps.Keys(fields)), func(name string) {
		f := fields[name]
		w.text(name)
		w.texts(f.lits)
		w.number(len(f.uses.all))
		for lit := range f.lits {
			writeList(w, f.uses.of(lit), func(u use) { w.number(int(u.atom)<<3 | int(u.shape)) })
		}
	})
}
