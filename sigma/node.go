package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// document is one YAML document of a rule file, and the problems found in it.
type document struct {
	path     string
	line     int // of its first line in the file, from 1
	text     []byte
	root     *yaml.Node
	problems []*Problem
	visited  int // nodes looked at: aliases can make few bytes speak of many nodes

	placeholders map[string][]string
	unresolved   bool // a placeholder has no values
}

// maxNodes bounds the nodes of one document that are looked at.
const maxNodes = 200_000

// refusal ends the reading of a document.
type refusal struct{ problem *Problem }

func (r *refusal) Error() string { return r.problem.Error() }

// at makes a problem of the document at node n.
func (d *document) at(n *yaml.Node, msg, hint string) *Problem {
	p := &Problem{Path: d.path, Line: d.line, Column: 1, Msg: msg, Hint: hint}
	if n != nil && n.Line > 0 {
		p.Line, p.Column = d.line+n.Line-1, n.Column
	}
	return p
}

// refuse returns the error that refuses the document.
func (d *document) refuse(n *yaml.Node, hint, format string, args ...any) error {
	return &refusal{d.at(n, fmt.Sprintf(format, args...), hint)}
}

// warn notes something doubtful.
func (d *document) warn(n *yaml.Node, hint, format string, args ...any) {
	p := d.at(n, fmt.Sprintf(format, args...), hint)
	p.Warning = true
	d.problems = append(d.problems, p)
}

// parse reads the YAML.
func (d *document) parse() error {
	if err := d.checkText(); err != nil {
		return err
	}
	var n yaml.Node
	if err := yaml.Load(d.text, &n); err != nil {
		return d.syntaxError(err)
	}
	if n.Kind != yaml.DocumentNode || len(n.Content) == 0 {
		return d.refuse(nil, "a rule is a map of keys such as title, logsource and detection", "there is no YAML document here")
	}
	d.root = n.Content[0]
	return nil
}

// checkText refuses bytes that are no text, whose place the YAML reader doesn't tell.
func (d *document) checkText() error {
	if bytes.HasPrefix(d.text, []byte("\xff\xfe")) || bytes.HasPrefix(d.text, []byte("\xfe\xff")) {
		return nil // UTF-16, which the reader knows
	}
	for i := 0; i < len(d.text); {
		r, n := utf8.DecodeRune(d.text[i:])
		what := ""
		switch {
		case r == utf8.RuneError && n == 1:
			what = "not UTF-8"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f:
			what = fmt.Sprintf("the control character %U", r)
		}
		if what != "" {
			before := d.text[:i]
			line := bytes.Count(before, []byte{'\n'})
			column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
			return &refusal{&Problem{Path: d.path, Line: d.line + line, Column: column, Msg: "not YAML: " + what, Hint: "save the rule as plain text in UTF-8"}}
		}
		i += n
	}
	return nil
}

func (d *document) syntaxError(err error) error {
	p := &Problem{Path: d.path, Line: d.line, Column: 1, Msg: "not YAML: " + err.Error(), Hint: "check indentation, quotes and tabs"}
	var le *yaml.LoadError
	var all *yaml.LoadErrors
	if errors.As(err, &all) && len(all.Errors) > 0 {
		le = all.Errors[0]
	}
	if le != nil || errors.As(err, &le) {
		p.Msg = "not YAML: " + le.Message
		if le.ContextMsg != "" {
			p.Msg += " " + le.ContextMsg
		}
		if le.Mark.Line > 0 {
			p.Line, p.Column = d.line+le.Mark.Line-1, max(le.Mark.Column, 1)
		}
	}
	return &refusal{p}
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	for hops := 0; n.Kind == yaml.AliasNode && n.Alias != nil && hops < 10; hops++ {
		n = n.Alias
	}
	return n
}

// pair is one key of a map with its value, aliases followed.
type pair struct {
	key       string
	keyNode   *yaml.Node
	value     *yaml.Node
	valueHere *yaml.Node // where the value stands: the alias, if it is one
}

// pairs returns the content of a map. A key that stands twice is refused; what names the map in messages.
func (d *document) pairs(n *yaml.Node, what string) ([]pair, error) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return nil, d.refuse(n, `write "key: value" lines below it`, "%s is %s, not a map", what, describe(n))
	}
	if err := d.visit(n); err != nil {
		return nil, err
	}
	out := make([]pair, 0, len(n.Content)/2)
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := resolve(n.Content[i])
		if k.Kind != yaml.ScalarNode {
			return nil, d.refuse(n.Content[i], "quote the key", "a key of %s is %s, not a text", what, describe(k))
		}
		if k.ShortTag() == "!!merge" {
			return nil, d.refuse(k, "write the keys out", "merge keys (<<) are not supported")
		}
		if seen[k.Value] {
			return nil, d.refuse(k, "remove one, or make one list of their values", "key %q stands twice in %s", k.Value, what)
		}
		seen[k.Value] = true
		out = append(out, pair{k.Value, n.Content[i], resolve(n.Content[i+1]), n.Content[i+1]})
	}
	return out, nil
}

// items returns the content of a list; a single value is a list of one.
func (d *document) items(n *yaml.Node) ([]*yaml.Node, error) {
	n = resolve(n)
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}, nil
	}
	if err := d.visit(n); err != nil {
		return nil, err
	}
	out := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out[i] = resolve(c)
	}
	return out, nil
}

// visit counts nodes, to stop documents that speak of themselves too often.
func (d *document) visit(n *yaml.Node) error {
	if d.visited += len(n.Content) + 1; d.visited > maxNodes {
		return d.refuse(n, "split the rule", "the document has more than %d values", maxNodes)
	}
	return nil
}

// text returns the value of a scalar.
func (d *document) scalar(n *yaml.Node, what string) (string, error) {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode {
		return "", d.refuse(n, "write one text", "%s is %s, not a text", what, describe(n))
	}
	if n.ShortTag() == "!!null" {
		return "", nil
	}
	return n.Value, nil
}

// texts returns the values of a list of scalars, or of one.
func (d *document) texts(n *yaml.Node, what string) ([]string, error) {
	if resolve(n).Kind == yaml.ScalarNode && resolve(n).ShortTag() == "!!null" {
		return nil, nil
	}
	items, err := d.items(n)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, item := range items {
		s, err := d.scalar(item, what)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// describe says what a node is.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.ShortTag() == "!!null" {
			return "empty"
		}
		return fmt.Sprintf("the value %q", shorten(n.Value))
	}
	return "something else"
}

// shorten keeps messages readable.
func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

// nearest returns the name that is least different from s, if any is near enough to be meant.
func nearest(s string, names []string) string {
	best, bestDistance := "", len(s)/3+1
	for _, name := range names {
		if d := distance(strings.ToLower(s), strings.ToLower(name)); d <= bestDistance && (best == "" || d < bestDistance) {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance is the number of letters to change, insert or remove.
func distance(a, b string) int {
	const most = 64
	if len(a) > most || len(b) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}

// place is where something stands in a file.
type place struct{ line, column int }

// place returns where the key called name stands, or where the document begins.
func (d *document) place(name string) place {
	if d.root.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(d.root.Content); i += 2 {
			if n := d.root.Content[i]; n.Value == name {
				return place{d.line + n.Line - 1, n.Column}
			}
		}
	}
	return place{d.line + d.root.Line - 1, d.root.Column}
}
