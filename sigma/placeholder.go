package sigma

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxExpanded bounds the values that one value with placeholders becomes.
const maxExpanded = 10_000

// expand replaces the placeholders (%name%) of a value by each of their values. \% is a percent sign.
func (d *document) expand(v *yaml.Node) ([]string, error) {
	out := []string{""}
	found := false
	extend := func(s string) {
		for i := range out {
			out[i] += s
		}
	}
	for rest := v.Value; rest != ""; {
		i := strings.IndexByte(rest, '%')
		switch {
		case i < 0:
			extend(rest)
			rest = ""
		case backslashes(rest[:i])%2 == 1:
			extend(rest[:i-1] + "%")
			rest = rest[i+1:]
		default:
			end := strings.IndexByte(rest[i+1:], '%')
			if end < 1 {
				extend(rest[:i+1])
				rest = rest[i+1:]
				continue
			}
			name := rest[i+1 : i+1+end]
			values, ok := d.placeholders[name]
			if !ok {
				d.warn(v, "give its values in a placeholder file", "placeholder %%%s%% has no values: the rule never matches until it has", name)
				d.unresolved = true
				values = []string{""}
			}
			extend(rest[:i])
			if len(out)*len(values) > maxExpanded {
				return nil, d.refuse(v, "use fewer placeholders in one value", "the placeholders make more than %d values", maxExpanded)
			}
			out = product(out, values)
			found = true
			rest = rest[i+2+end:]
		}
	}
	if !found {
		d.warn(v, "write %name%, or remove expand", "expand finds no placeholder in %q", shorten(v.Value))
	}
	return out, nil
}

// backslashes counts those at the end of s. A backslash may itself be escaped.
func backslashes(s string) int { return len(s) - len(strings.TrimRight(s, `\`)) }

func product(heads, tails []string) []string {
	out := make([]string, 0, len(heads)*len(tails))
	for _, h := range heads {
		for _, t := range tails {
			out = append(out, h+t)
		}
	}
	return out
}

// LoadPlaceholders reads a file of placeholder values: a YAML map of names, without percent signs, to a value or a
// list of values. Values may hold wildcards. What can't be read is told; the rest is returned.
func LoadPlaceholders(path string, data []byte) (map[string][]string, []*Problem) {
	d := &document{path: path, line: 1, text: data}
	out := map[string][]string{}
	err := d.parse()
	if err == nil {
		err = d.loadPlaceholders(out)
	}
	if err != nil {
		d.problems = append(d.problems, problemOf(err))
	}
	return out, d.problems
}

func (d *document) loadPlaceholders(out map[string][]string) error {
	pairs, err := d.pairs(d.root, "the placeholder file")
	if err != nil {
		return err
	}
	for _, p := range pairs {
		values, err := d.texts(p.value, "a value of placeholder "+p.key)
		if err != nil {
			d.problems = append(d.problems, problemOf(err))
			continue
		}
		name := strings.Trim(strings.TrimSpace(p.key), "%")
		if name == "" || strings.ContainsRune(name, '%') {
			d.problems = append(d.problems, problemOf(d.refuse(p.keyNode, "write the name without percent signs", "%q is no name of a placeholder", shorten(p.key))))
			continue
		}
		if len(values) == 0 {
			d.warn(p.keyNode, "give it values", "placeholder %q has no values: what uses it never matches", name)
		}
		out[name] = append(out[name], values...)
	}
	return nil
}
