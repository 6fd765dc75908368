package sigma

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Conditions, from the loosest binding to the tightest:
//
//	or         = and { "or" and }
//	and        = not { "and" not }
//	not        = "not" not | primary
//	primary    = "(" or ")" | quantity "of" target | name
//	quantity   = "1" | "any" | "all" | number
//	target     = "them" | name or pattern with *
//
// Operators are read in upper case, too.

const (
	maxConditionTokens = 20_000
	maxConditionDepth  = 200
)

// conditionParser reads a condition.
type conditionParser struct {
	text   string
	tokens []token
	pos    int
	depth  int

	// name and group give the trees of a name, and of all names that a pattern matches ("" for them). They report
	// what can't be found.
	name  func(string) (*expr, error)
	group func(string) ([]*expr, error)
}

// token is a word or a bracket, with its place in the text.
type token struct {
	text string
	at   int
}

// conditionError is a fault in a condition.
type conditionError struct {
	at        int // byte of the condition
	msg, hint string
}

func (e *conditionError) Error() string { return e.msg }

func tokenize(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')' || c == '|':
			out = append(out, token{s[i : i+1], i})
			i++
		default:
			start := i
			for i < len(s) && !strings.ContainsRune(" \t\n\r()|", rune(s[i])) {
				i++
			}
			out = append(out, token{s[start:i], start})
		}
		if len(out) > maxConditionTokens {
			return nil, &conditionError{i, fmt.Sprintf("the condition has more than %d words", maxConditionTokens), "write it shorter, with 1 of or all of"}
		}
	}
	return out, nil
}

// parse reads the whole condition.
func (p *conditionParser) parse() (x *expr, err error) {
	if p.tokens, err = tokenize(p.text); err != nil {
		return nil, err
	}
	if len(p.tokens) == 0 {
		return nil, &conditionError{0, "the condition is empty", "name a selection"}
	}
	if x, err = p.or(); err != nil {
		return nil, err
	}
	if t, ok := p.peek(); ok {
		return nil, p.unexpected(t)
	}
	return x, nil
}

func (p *conditionParser) peek() (token, bool) {
	if p.pos < len(p.tokens) {
		return p.tokens[p.pos], true
	}
	return token{at: len(p.text)}, false
}

// accept takes the next word if it is the operator.
func (p *conditionParser) accept(word string) bool {
	if t, ok := p.peek(); ok && strings.EqualFold(t.text, word) {
		p.pos++
		return true
	}
	return false
}

func (p *conditionParser) unexpected(t token) error {
	switch {
	case t.text == "|":
		return &conditionError{t.at, "aggregations in a condition (| count, near, ...) are no longer part of Sigma", "write a correlation rule"}
	case t.text == ")":
		return &conditionError{t.at, "a closing bracket without an opening one", "remove it"}
	case t.text == "":
		return &conditionError{t.at, "the condition ends too early", "complete or remove the last operator"}
	}
	return &conditionError{t.at, fmt.Sprintf("%q is not expected here", shorten(t.text)), "join names with and, or"}
}

func (p *conditionParser) or() (*expr, error) {
	if p.depth++; p.depth > maxConditionDepth {
		t, _ := p.peek()
		return nil, &conditionError{t.at, "the condition is nested too deeply", "use fewer brackets"}
	}
	defer func() { p.depth-- }()
	var subs []*expr
	for {
		x, err := p.and()
		if err != nil {
			return nil, err
		}
		if subs = append(subs, x); !p.accept("or") {
			return orExpr(subs...), nil
		}
	}
}

func (p *conditionParser) and() (*expr, error) {
	var subs []*expr
	for {
		x, err := p.not()
		if err != nil {
			return nil, err
		}
		if subs = append(subs, x); !p.accept("and") {
			return andExpr(subs...), nil
		}
	}
}

func (p *conditionParser) not() (*expr, error) {
	negate := false
	for p.accept("not") {
		negate = !negate
	}
	x, err := p.primary()
	if err != nil || !negate {
		return x, err
	}
	return notExpr(x), nil
}

func (p *conditionParser) primary() (*expr, error) {
	t, ok := p.peek()
	if !ok || t.text == ")" || t.text == "|" || isOperator(t.text) {
		if t.text == ")" && p.pos > 0 {
			return nil, &conditionError{t.at, "a name is missing before the closing bracket", ""}
		}
		return nil, p.unexpected(t)
	}
	p.pos++
	if t.text == "(" {
		x, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.accept(")") {
			return nil, &conditionError{t.at, "the bracket is not closed", "close it"}
		}
		return x, nil
	}
	if p.accept("of") {
		return p.of(t)
	}
	x, err := p.name(t.text)
	return x, p.place(err, t)
}

func isOperator(s string) bool {
	return strings.EqualFold(s, "and") || strings.EqualFold(s, "or") || strings.EqualFold(s, "not")
}

// of reads what follows "1 of".
func (p *conditionParser) of(quantity token) (*expr, error) {
	target, ok := p.peek()
	if !ok || target.text == "(" || target.text == ")" || target.text == "|" {
		return nil, &conditionError{target.at, fmt.Sprintf("%q must be followed by a name, a pattern or them", quantity.text+" of"), "write, for example, 1 of selection_*"}
	}
	p.pos++
	pattern := target.text
	if strings.EqualFold(pattern, "them") {
		pattern = ""
	}
	if p.group == nil {
		return nil, &conditionError{quantity.at, fmt.Sprintf("%q is not possible here", quantity.text+" of"), "name each rule"}
	}
	subs, err := p.group(pattern)
	if err != nil {
		return nil, p.place(err, target)
	}
	switch q := strings.ToLower(quantity.text); q {
	case "all":
		return andExpr(subs...), nil
	case "any":
		return orExpr(subs...), nil
	default:
		n, err := strconv.Atoi(q)
		if err != nil || n < 1 {
			return nil, &conditionError{quantity.at, fmt.Sprintf("%q is no quantity", shorten(quantity.text)), "write 1 of, all of, any of, or a number above 0"}
		}
		return atLeastExpr(n, subs), nil
	}
}

// place gives an error its place, if it has none.
func (p *conditionParser) place(err error, t token) error {
	if e, ok := err.(*conditionError); ok {
		e.at = t.at
	}
	return err
}

// conditionAt makes a problem of a fault in the condition at node n. Only in a plain value of one line is the place
// within it known.
func (d *document) conditionAt(n *yaml.Node, e *conditionError) error {
	r := &refusal{d.at(n, e.msg, e.hint)}
	if d.spansOneLine(n) {
		r.problem.Column += e.at
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			r.problem.Column++
		}
	}
	return r
}

// spansOneLine says whether the value stands in the file as it is, on one line.
func (d *document) spansOneLine(n *yaml.Node) bool {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return false
	}
	lines := strings.SplitN(string(d.text), "\n", n.Line+1)
	if n.Line < 1 || n.Line > len(lines) {
		return false
	}
	return strings.Contains(lines[n.Line-1], n.Value)
}

// matchName says whether a pattern with * matches a name.
func matchName(pattern, name string) bool {
	head, rest, found := strings.Cut(pattern, "*")
	if !found {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	for {
		part, more, found := strings.Cut(rest, "*")
		if !found {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}
