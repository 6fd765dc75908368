package sigma

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// LogSources maps the log sources of rules to events. It is data: a YAML file with a map "logsources" of named
// entries. An entry is about the rules whose logsource says everything that the entry's category, product and service
// say; a rule that names no product is about every product (an entry with "category: webserver" is about the webserver of any product). It has either
//
//   - sources: where the events are. "WinEventLog:CHANNEL" names a Windows channel, compared without regard to case;
//     "File:GLOB" the original path of a text log, where * stands for anything but a slash, ** for anything, ? for one
//     character. A glob without a slash is compared with the last part of the path, and a path of which only the last
//     part is known with the last part of the glob, unless that begins with a wildcard; or
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
func DefaultLogSources() *LogSources { return parsedDefault() }

var parsedDefault = sync.OnceValue(func() *LogSources {
	s, err := ParseLogSources("logsources.yml", defaultLogSources)
	if err != nil {
		panic(err) // a test holds the file
	}
	return s
})

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

// DefaultLogSourcesData returns the embedded mapping as it is written.
func DefaultLogSourcesData() []byte { return slices.Clone(defaultLogSources) }
