package sigma

import (
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

// LogSources maps the log sources of rules to events. It is data: a YAML file with a map "logsources" of named
// entries. An entry is about the rules whose logsource says everything that the entry's category, product and service
// say (an entry with "category: webserver" is about the webserver of any product). It has either
//
//   - sources: where the events are. "WinEventLog:CHANNEL" names a Windows channel, compared without regard to case;
//     "File:GLOB" the original path of a text log, where * stands for anything but a slash, ** for anything, ? for one
//     character, and a glob without a slash is compared with the last part of the path; or
//   - rewrite: another category, product or service, which is looked up in turn (what a rewrite doesn't name is
//     dropped), with
//   - conditions: fields and values that such events must have, with * and ? in them, any value of a list, and
//   - fieldmappings: names of the rules' fields and what the events call them; with a list, any of these fields.
//
// All entries that are about a rule count: process creation may be an event of Sysmon or of the Security channel.
type LogSources struct {
	entries []*sourceEntry
}

type sourceEntry struct {
	name       string
	source     LogSource
	rewrite    *LogSource
	conditions []*expr
	fields     map[string][]string
	channels   []string // folded
	files      []string
}

//go:embed logsources.yml
var defaultLogSources []byte

// DefaultLogSources returns the embedded mapping.
func DefaultLogSources() *LogSources {
	s, err := ParseLogSources("logsources.yml", defaultLogSources)
	if err != nil {
		panic(err) // a test holds the file
	}
	return s
}

// ParseLogSources reads a mapping. Keys that it doesn't know are passed over, so that mappings made for other tools
// can be read.
func ParseLogSources(path string, data []byte) (*LogSources, error) {
	d := &document{path: path, line: 1, text: data}
	if err := d.parse(); err != nil {
		return nil, err
	}
	top, err := d.pairs(d.root, "the mapping")
	if err != nil {
		return nil, err
	}
	s := &LogSources{}
	for _, p := range top {
		if p.key != "logsources" {
			continue
		}
		entries, err := d.pairs(p.value, "logsources")
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			entry, err := d.parseEntry(e)
			if err != nil {
				return nil, err
			}
			s.entries = append(s.entries, entry)
		}
	}
	if len(s.entries) == 0 {
		return nil, d.refuse(d.root, `add a map "logsources"`, "the mapping has no log sources")
	}
	return s, nil
}

func (d *document) parseEntry(p pair) (*sourceEntry, error) {
	pairs, err := d.pairs(p.value, fmt.Sprintf("log source %q", p.key))
	if err != nil {
		return nil, err
	}
	e := &sourceEntry{name: p.key, fields: map[string][]string{}}
	for _, q := range pairs {
		switch q.key {
		case "category":
			e.source.Category, err = d.scalar(q.value, q.key)
		case "product":
			e.source.Product, err = d.scalar(q.value, q.key)
		case "service":
			e.source.Service, err = d.scalar(q.value, q.key)
		case "rewrite":
			e.rewrite, err = d.parseRewrite(q)
		case "conditions":
			err = d.parseSourceConditions(e, q)
		case "fieldmappings":
			err = d.parseFieldMappings(e, q)
		case "sources":
			err = d.parseSources(e, q)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case e.source.Category == "" && e.source.Product == "" && e.source.Service == "":
		return nil, d.refuse(p.keyNode, "give category, product or service", "log source %q doesn't say what it is about", p.key)
	case e.rewrite == nil && len(e.channels) == 0 && len(e.files) == 0:
		return nil, d.refuse(p.keyNode, "add sources or a rewrite", "log source %q leads nowhere", p.key)
	}
	return e, nil
}

func (d *document) parseRewrite(q pair) (*LogSource, error) {
	pairs, err := d.pairs(q.value, "rewrite")
	if err != nil {
		return nil, err
	}
	to := &LogSource{}
	for _, r := range pairs {
		text, err := d.scalar(r.value, r.key)
		if err != nil {
			return nil, err
		}
		switch r.key {
		case "category":
			to.Category = text
		case "product":
			to.Product = text
		case "service":
			to.Service = text
		}
	}
	return to, nil
}

func (d *document) parseSourceConditions(e *sourceEntry, q pair) error {
	pairs, err := d.pairs(q.value, "conditions")
	if err != nil {
		return err
	}
	for _, c := range pairs {
		x, err := d.parseField(c)
		if err != nil {
			return err
		}
		e.conditions = append(e.conditions, x)
	}
	return nil
}

func (d *document) parseFieldMappings(e *sourceEntry, q pair) error {
	pairs, err := d.pairs(q.value, "fieldmappings")
	if err != nil {
		return err
	}
	for _, f := range pairs {
		names, err := d.texts(f.value, "the field that stands for "+f.key)
		if err != nil {
			return err
		}
		for _, name := range names {
			if name = trimField(name); name == "" {
				return d.refuse(f.keyNode, "name a field", "nothing stands for field %q", f.key)
			}
			e.fields[trimField(f.key)] = append(e.fields[trimField(f.key)], name)
		}
	}
	return nil
}

func (d *document) parseSources(e *sourceEntry, q pair) error {
	items, err := d.items(q.value)
	if err != nil {
		return err
	}
	for _, item := range items {
		text, err := d.scalar(item, "a source")
		if err != nil {
			return err
		}
		kind, what, _ := strings.Cut(text, ":")
		switch what = strings.TrimSpace(what); {
		case what == "":
			return d.refuse(item, "write WinEventLog:CHANNEL or File:GLOB", "%q is no source", shorten(text))
		case kind == "WinEventLog":
			e.channels = append(e.channels, foldString(what))
		case kind == "File":
			e.files = append(e.files, foldString(strings.ReplaceAll(what, `\`, "/")))
		}
	}
	return nil
}

// about says whether the entry is about a rule's log source.
func (e *sourceEntry) about(s *LogSource) bool {
	same := func(entry, rule string) bool { return entry == "" || strings.EqualFold(entry, rule) }
	return same(e.source.Category, s.Category) && same(e.source.Product, s.Product) && same(e.source.Service, s.Service)
}

// alternative is one way in which a rule's events can come.
type alternative struct {
	source     LogSource // after rewriting
	channels   []string
	files      []string
	conditions []*expr
	fields     map[string][]string // of the rule's names; only renamed ones
}

const (
	maxRewrites     = 8
	maxAlternatives = 256
)

// resolve returns the ways in which the events of a rule's log source can come. A category that no entry is about
// leads nowhere.
func (s *LogSources) resolve(source LogSource) []alternative {
	return s.follow(alternative{source: source}, 0, nil)
}

func (s *LogSources) follow(a alternative, depth int, out []alternative) []alternative {
	found := false
	for _, e := range s.entries {
		if !e.about(&a.source) || len(out) >= maxAlternatives {
			continue
		}
		found = true
		next := alternative{source: a.source, conditions: a.conditions, fields: e.rename(a.fields)}
		next.conditions = append(next.conditions[:len(next.conditions):len(next.conditions)], e.conditions...)
		if e.rewrite != nil {
			if next.source = *e.rewrite; depth < maxRewrites {
				out = s.follow(next, depth+1, out)
			}
			continue
		}
		next.channels, next.files = e.channels, e.files
		out = append(out, next)
	}
	if !found && a.source.Category == "" {
		out = append(out, a) // events that name the product and service themselves
	}
	return out
}

// rename adds the entry's field names to those renamed before.
func (e *sourceEntry) rename(before map[string][]string) map[string][]string {
	if len(e.fields) == 0 {
		return before
	}
	out := map[string][]string{}
	for name, fields := range before {
		for _, f := range fields {
			out[name] = append(out[name], e.renamed(f)...)
		}
	}
	for name, fields := range e.fields {
		if _, ok := out[name]; !ok {
			out[name] = fields
		}
	}
	return out
}

func (e *sourceEntry) renamed(field string) []string {
	if to, ok := e.fields[field]; ok {
		return to
	}
	return []string{field}
}

// matches says whether events of a shape come this way. Any of these is enough:
//
//   - the shape's channel is one of the alternative's channels;
//   - the shape's file matches one of its globs;
//   - the shape has no channel, and its product and service are those of the log source, as far as that gives them
//     (it must give one of the two).
//
// For a log source "product: windows" alone, every shape with a channel counts.
func (a *alternative) matches(s *Schema) bool {
	if s.Channel != "" {
		channel := foldString(s.Channel)
		for _, c := range a.channels {
			if c == channel {
				return true
			}
		}
		return a.anyWindows()
	}
	if s.File != "" && len(a.files) > 0 {
		file := foldString(strings.ReplaceAll(s.File, `\`, "/"))
		for _, glob := range a.files {
			if matchGlob(glob, file) {
				return true
			}
		}
	}
	if s.Product == "" && s.Service == "" || a.source.Product == "" && a.source.Service == "" {
		return false
	}
	same := func(asked, has string) bool { return asked == "" || strings.EqualFold(asked, has) }
	return same(a.source.Product, s.Product) && same(a.source.Service, s.Service)
}

// anyWindows says whether the alternative is about all of Windows.
func (a *alternative) anyWindows() bool {
	return len(a.channels) == 0 && strings.EqualFold(a.source.Product, "windows") && a.source.Category == "" && a.source.Service == ""
}

// matchGlob compares a folded path with a folded glob.
func matchGlob(glob, file string) bool {
	if !strings.Contains(glob, "/") {
		file = path.Base(file)
	} else if !strings.Contains(file, "/") {
		glob = path.Base(glob)
	}
	const most = 4096
	return len(file) <= most && globFrom(glob, file)
}

// globFrom walks with one place to come back to for * and one for **; the later one always has the shorter reach.
func globFrom(glob, file string) bool {
	type mark struct{ glob, file int }
	star, deep := mark{-1, 0}, mark{-1, 0}
	g, f := 0, 0
	for f < len(file) {
		switch {
		case strings.HasPrefix(glob[g:], "**"):
			g += 2
			deep, star = mark{g, f}, mark{-1, 0}
		case g < len(glob) && glob[g] == '*':
			g++
			star = mark{g, f}
		case g < len(glob) && (glob[g] == file[f] || glob[g] == '?' && file[f] != '/'):
			g++
			f++
		case star.glob >= 0 && file[star.file] != '/':
			star.file++
			g, f = star.glob, star.file
		case deep.glob >= 0:
			deep.file++
			g, f = deep.glob, deep.file
			star = mark{-1, 0}
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}

// DefaultLogSourcesData returns the embedded mapping as it is written.
func DefaultLogSourcesData() []byte { return slices.Clone(defaultLogSources) }
