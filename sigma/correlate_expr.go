package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// ruleExpr is the condition of a temporal correlation: an expression over its rules.
type ruleExpr struct {
	op   byte // 'r' a rule, '!' not, '&' and, '|' or
	ref  int  // of a rule: its position among the references
	args []*ruleExpr
}

func (e *ruleExpr) holds(present func(ref int) bool) bool {
	switch e.op {
	case 'r':
		return present(e.ref)
	case '!':
		return !e.args[0].holds(present)
	case '&':
		return !slices.ContainsFunc(e.args, func(a *ruleExpr) bool { return !a.holds(present) })
	}
	return slices.ContainsFunc(e.args, func(a *ruleExpr) bool { return a.holds(present) })
}

func (e *ruleExpr) negates() bool {
	return e.op == '!' || slices.ContainsFunc(e.args, (*ruleExpr).negates)
}

// parseRuleExpr reads "a and (b or not c)", where a, b and c are references as the correlation lists them.
func parseRuleExpr(rule *Correlation) (*ruleExpr, error) {
	text := strings.NewReplacer("(", " ( ", ")", " ) ").Replace(rule.Condition.Expression)
	p := &ruleExprParser{words: strings.Fields(text), refs: rule.Refs}
	e, err := p.or(0)
	if err == nil && p.at < len(p.words) {
		err = fmt.Errorf("condition: %q is not expected", p.words[p.at])
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

type ruleExprParser struct {
	words []string
	at    int
	refs  []string
}

func (p *ruleExprParser) word() string {
	if p.at < len(p.words) {
		return strings.ToLower(p.words[p.at])
	}
	return ""
}

func (p *ruleExprParser) or(depth int) (*ruleExpr, error) {
	return p.list(depth, "or", '|', (*ruleExprParser).and)
}

func (p *ruleExprParser) and(depth int) (*ruleExpr, error) {
	return p.list(depth, "and", '&', (*ruleExprParser).not)
}

func (p *ruleExprParser) list(depth int, word string, op byte, next func(*ruleExprParser, int) (*ruleExpr, error)) (*ruleExpr, error) {
	first, err := next(p, depth)
	if err != nil {
		return nil, err
	}
	e := &ruleExpr{op: op, args: []*ruleExpr{first}}
	for p.word() == word {
		p.at++
		arg, err := next(p, depth)
		if err != nil {
			return nil, err
		}
		e.args = append(e.args, arg)
	}
	if len(e.args) == 1 {
		return first, nil
	}
	return e, nil
}

// maxExprDepth bounds parentheses and "not" within one another.
const maxExprDepth = 64

func (p *ruleExprParser) not(depth int) (*ruleExpr, error) {
	if depth > maxExprDepth {
		return nil, fmt.Errorf("condition: more than %d levels", maxExprDepth)
	}
	switch word := p.word(); word {
	case "not":
		p.at++
		arg, err := p.not(depth + 1)
		if err != nil {
			return nil, err
		}
		return &ruleExpr{op: '!', args: []*ruleExpr{arg}}, nil
	case "(":
		p.at++
		e, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.word() != ")" {
			return nil, fmt.Errorf("condition: a parenthesis is not closed")
		}
		p.at++
		return e, nil
	case "", ")", "and", "or":
		return nil, fmt.Errorf("condition: a rule is missing at %q", word)
	}
	name := p.words[p.at]
	i := slices.Index(p.refs, name)
	if i < 0 {
		return nil, fmt.Errorf("condition: %q is not among the correlation's rules", name)
	}
	p.at++
	return &ruleExpr{op: 'r', ref: i}, nil
}
