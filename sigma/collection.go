package sigma

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// LoadOptions is what rules may draw on while they are read.
type LoadOptions struct {
	// Placeholders are the values for the modifier expand, by name without percent signs. See LoadPlaceholders.
	Placeholders map[string][]string
}

// Collection is a set of rules. Load adds to it; Link completes it after the last Load.
type Collection struct {
	Rules        []*Rule
	Correlations []*Correlation
	Filters      []*Filter

	stored  *Engine // of a collection that was read with its engine
	options LoadOptions
	places  map[any]place // of correlations, filters and ids, for problems found later
}

// Filter is a filter rule: it adds a condition to the rules that it names.
type Filter struct {
	Meta
	LogSource LogSource
	Refs      []string // rules, by name or id; empty for all of the log source

	detection *detection
}

// NewCollection returns an empty collection.
func NewCollection(o LoadOptions) *Collection {
	return &Collection{options: o, places: map[any]place{}}
}

// maxFile bounds a rule file.
const maxFile = 16 << 20

// Load reads a file of rules: any number of YAML documents, each a detection rule, a correlation or a filter. What is
// wrong in one document leaves the others alone. It returns refusals and warnings.
func (c *Collection) Load(path string, data []byte) []*Problem {
	if c.stored != nil {
		return []*Problem{{Path: path, Line: 1, Column: 1, Msg: "the collection was read with its engine: nothing can be added to it", Hint: "make a new collection"}}
	}
	if len(data) > maxFile {
		return []*Problem{{Path: path, Line: 1, Column: 1, Msg: fmt.Sprintf("the file has %d bytes; %d are allowed", len(data), maxFile), Hint: "split it"}}
	}
	var problems []*Problem
	for _, d := range splitDocuments(path, data) {
		d.placeholders = c.options.Placeholders
		if err := c.loadDocument(d); err != nil {
			problems = append(problems, problemOf(err)) // warnings of what was refused are of no use
			continue
		}
		problems = append(problems, d.problems...)
		d.problems = nil
	}
	return problems
}

func problemOf(err error) *Problem {
	var r *refusal
	if errors.As(err, &r) {
		return r.problem
	}
	return &Problem{Line: 1, Column: 1, Msg: err.Error()}
}

// splitDocuments cuts a file at the lines that separate YAML documents. Parts that hold nothing are left out.
func splitDocuments(path string, data []byte) []*document {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var out []*document
	line, first := 1, 1
	start := 0
	add := func(end int) {
		if text := data[start:end]; !isBlank(text) {
			out = append(out, &document{path: path, line: first, text: text})
		}
	}
	for i := 0; i < len(data); {
		end := len(data)
		if n := bytes.IndexByte(data[i:], '\n'); n >= 0 {
			end = i + n + 1
		}
		text := bytes.TrimRight(data[i:end], " \t\r\n")
		switch {
		case bytes.Equal(text, []byte("---")), bytes.Equal(text, []byte("...")):
			add(i)
			start, first = end, line+1
		case i > start && bytes.HasPrefix(text, []byte("--- ")): // a document may begin on that line
			add(i)
			start, first = i, line
		}
		i = end
		line++
	}
	add(len(data))
	return out
}

// isBlank says whether a part of a file holds comments and directives only.
func isBlank(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("---")) {
			line = bytes.TrimSpace(line[3:])
		}
		if len(line) > 0 && line[0] != '#' && line[0] != '%' {
			return false
		}
	}
	return true
}

func (c *Collection) loadDocument(d *document) error {
	if err := d.parse(); err != nil {
		return err
	}
	if d.root.Kind == yaml.ScalarNode && d.root.ShortTag() == "!!null" {
		return nil
	}
	pairs, err := d.pairs(d.root, "the rule")
	if err != nil {
		return err
	}
	keys := map[string]pair{}
	for _, p := range pairs {
		keys[p.key] = p
	}
	if p, ok := keys["action"]; ok {
		return d.refuse(p.keyNode, "write each rule out in full", "action is not part of Sigma 2")
	}
	meta, err := d.parseMeta(keys)
	if err != nil {
		return err
	}
	var kinds []string
	for _, k := range []string{"detection", "correlation", "filter"} {
		if _, ok := keys[k]; ok {
			kinds = append(kinds, k)
		}
	}
	if meta.Title == "" && len(kinds) == 1 {
		return d.refuse(d.root, "add a title", "the rule has no title")
	}
	switch {
	case len(kinds) == 0:
		names := []string{"detection", "correlation", "filter"}
		for _, p := range pairs {
			if near := nearest(p.key, names); near != "" {
				return d.refuse(p.keyNode, "did you mean "+near+"?", "unknown key %q, and neither detection, correlation nor filter", p.key)
			}
		}
		return d.refuse(d.root, "add a detection with selections and a condition", "the rule has neither detection, correlation nor filter")
	case len(kinds) > 1:
		return d.refuse(keys[kinds[1]].keyNode, "make two documents of it", "the rule has %s and %s", kinds[0], kinds[1])
	}
	switch kinds[0] {
	case "correlation":
		return c.loadCorrelation(d, meta, keys)
	case "filter":
		return c.loadFilter(d, meta, keys)
	}
	return c.loadRule(d, meta, keys)
}

func (c *Collection) loadRule(d *document, meta Meta, keys map[string]pair) error {
	r := &Rule{Meta: meta}
	var err error
	if r.LogSource, err = d.parseLogSource(keys); err != nil {
		return err
	}
	if p, ok := keys["fields"]; ok {
		if r.Fields, err = d.texts(p.value, "a field in fields"); err != nil {
			return err
		}
	}
	if r.detection, err = d.parseDetection(keys["detection"].value, "the detection"); err != nil {
		return err
	}
	c.Rules = append(c.Rules, r)
	c.places[r] = d.place("id")
	return nil
}

func (c *Collection) loadFilter(d *document, meta Meta, keys map[string]pair) error {
	f := &Filter{Meta: meta}
	var err error
	if f.LogSource, err = d.parseLogSource(keys); err != nil {
		return err
	}
	body := keys["filter"].value
	pairs, err := d.pairs(body, "the filter")
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if p.key == "rules" {
			if f.Refs, err = d.texts(p.value, "a rule of the filter"); err != nil {
				return err
			}
		}
	}
	if len(f.Refs) == 0 {
		return d.refuse(body, `name rules by name or id, or write "rules: any"`, "the filter names no rules")
	}
	if len(f.Refs) == 1 && strings.EqualFold(f.Refs[0], "any") {
		f.Refs = nil
	}
	if f.detection, err = d.parseDetection(body, "the filter", "rules"); err != nil {
		return err
	}
	c.Filters = append(c.Filters, f)
	c.places[f] = d.place("filter")
	return nil
}

func (d *document) parseLogSource(keys map[string]pair) (s LogSource, err error) {
	p, ok := keys["logsource"]
	if !ok {
		return s, d.refuse(d.root, "add a logsource with category, product or service", "the rule has no logsource")
	}
	s.Line, s.Column = d.line+p.keyNode.Line-1, p.keyNode.Column
	pairs, err := d.pairs(p.value, "the logsource")
	if err != nil {
		return s, err
	}
	for _, q := range pairs {
		var to *string
		switch q.key {
		case "category":
			to = &s.Category
		case "product":
			to = &s.Product
		case "service":
			to = &s.Service
		default:
			continue
		}
		if *to, err = d.scalar(q.value, "the "+q.key+" of the logsource"); err != nil {
			return s, err
		}
	}
	if s.Category == "" && s.Product == "" && s.Service == "" {
		return s, d.refuse(p.keyNode, "give category, product or service", "the logsource says nothing")
	}
	return s, nil
}

var levels = []string{"informational", "low", "medium", "high", "critical"}

// parseMeta reads what rules of every kind have.
func (d *document) parseMeta(keys map[string]pair) (m Meta, err error) {
	sum := sha256.Sum256(d.text)
	m = Meta{Path: d.path, Line: d.line + d.root.Line - 1, SHA256: hex.EncodeToString(sum[:])}
	for _, t := range []struct {
		key string
		to  *string
	}{
		{"id", &m.ID}, {"name", &m.Name}, {"title", &m.Title}, {"status", &m.Status}, {"level", &m.Level}, {"description", &m.Description},
		{"author", &m.Author}, {"date", &m.Date}, {"modified", &m.Modified}, {"license", &m.License},
	} {
		key, to := t.key, t.to
		p, ok := keys[key]
		if !ok {
			continue
		}
		if p.value.Kind != yaml.ScalarNode && (key == "author" || key == "description") {
			list, err := d.texts(p.value, key)
			if err != nil {
				return m, err
			}
			*to = strings.Join(list, ", ")
			continue
		}
		if *to, err = d.scalar(p.value, key); err != nil {
			return m, err
		}
		*to = strings.TrimSpace(*to)
	}
	for _, t := range []struct {
		key string
		to  *[]string
	}{{"tags", &m.Tags}, {"references", &m.References}, {"falsepositives", &m.FalsePositives}} {
		if p, ok := keys[t.key]; ok {
			if *t.to, err = d.texts(p.value, t.key); err != nil {
				return m, err
			}
		}
	}
	m.Level = strings.ToLower(m.Level)
	if m.Level != "" && !contains(levels, m.Level) {
		hint := "levels are " + strings.Join(levels, ", ")
		if near := nearest(m.Level, levels); near != "" {
			hint = "did you mean " + near + "?"
		}
		return m, d.refuse(keys["level"].value, hint, "%q is no level", shorten(m.Level))
	}
	if m.Title == "" && m.Name == "" {
		d.warn(d.root, "add a title", "the rule has no title")
	}
	if m.Title == "" {
		m.Title = m.Name
	}
	return m, nil
}

// Techniques returns the ids of the ATT&CK techniques among the tags, in upper case, each once: "T1059.001".
func (m *Meta) Techniques() []string {
	var out []string
	for _, tag := range m.Tags {
		tag = strings.ToLower(strings.TrimSpace(tag))
		if id, ok := strings.CutPrefix(tag, "attack."); ok && isTechnique(id) && !contains(out, strings.ToUpper(id)) {
			out = append(out, strings.ToUpper(id))
		}
	}
	return out
}

// isTechnique knows t1234 and t1234.001.
func isTechnique(id string) bool {
	const form = "t0000.000"
	if len(id) != len("t0000") && len(id) != len(form) {
		return false
	}
	for i := range len(id) {
		if digit := id[i] >= '0' && id[i] <= '9'; form[i] == '0' && !digit || form[i] != '0' && id[i] != form[i] {
			return false
		}
	}
	return true
}
