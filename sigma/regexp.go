package sigma

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// defaultRegexpTimeout bounds one attempt of an expression that can't run in linear time.
const defaultRegexpTimeout = 250 * time.Millisecond

// maxRegexp bounds the text of an expression.
const maxRegexp = 32 << 10

// expression is a regular expression: one that runs in linear time, or else one with look-around or references back.
// The former is only checked when it is loaded and compiled when first asked: most rules never get so far.
type expression struct {
	text   string
	once   sync.Once
	linear *regexp.Regexp
	slow   *regexp2.Regexp
}

// compileExpression tries the linear engine first. What the standard library parses, it also compiles.
func compileExpression(text string) (*expression, error) {
	_, err := syntax.Parse(text, syntax.Perl)
	if err == nil {
		return &expression{text: text}, nil
	}
	slow, slowErr := regexp2.Compile(text)
	if slowErr != nil {
		return nil, err
	}
	slow.MatchTimeout = defaultRegexpTimeout
	return &expression{text: text, slow: slow}, nil
}

// match says whether the expression matches somewhere in s; late, that it ran out of time.
func (x *expression) match(s []byte) (matched, late bool) {
	if x.slow != nil {
		matched, err := x.slow.MatchString(string(s))
		return matched && err == nil, err != nil
	}
	x.once.Do(func() { x.linear, _ = regexp.Compile(x.text) })
	return x.linear != nil && x.linear.Match(s), false
}

// required returns folded literals of which every match holds at least one; nil if that can't be said. It looks at
// what the expression consumes, so look-around can be taken out first: that only makes more texts match.
func required(text string) [][]byte {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		if tree, err = syntax.Parse(withoutLookaround(text), syntax.Perl); err != nil {
			return nil
		}
	}
	return requiredIn(tree.Simplify())
}

const (
	maxRequired    = 64                   // literals for one expression
	shortestNeeded = 3                    // bytes that a literal must have to be worth looking for, unless
	rareBytes      = "`{}^~|$<>[]!#@;+*?" // one of these is in it
)

func requiredIn(x *syntax.Regexp) [][]byte {
	switch x.Op {
	case syntax.OpLiteral:
		if lit := appendFold(nil, string(x.Rune)); len(lit) >= shortestNeeded || bytes.ContainsAny(lit, rareBytes) {
			return [][]byte{lit}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return requiredIn(x.Sub[0])
	case syntax.OpRepeat:
		if x.Min > 0 {
			return requiredIn(x.Sub[0])
		}
	case syntax.OpConcat:
		var best [][]byte
		for _, sub := range x.Sub {
			if got := requiredIn(sub); better(got, best) {
				best = got
			}
		}
		return best
	case syntax.OpAlternate:
		var all [][]byte
		for _, sub := range x.Sub {
			got := requiredIn(sub)
			if got == nil || len(all)+len(got) > maxRequired {
				return nil
			}
			all = append(all, got...)
		}
		return all
	}
	return nil
}

// better says whether got is found less often than best, as far as lengths tell.
func better(got, best [][]byte) bool {
	if got == nil || best == nil {
		return got != nil
	}
	return shortest(got)*len(best) > shortest(best)*len(got)
}

func shortest(lits [][]byte) int {
	n := len(lits[0])
	for _, lit := range lits[1:] {
		n = min(n, len(lit))
	}
	return n
}

// withoutLookaround takes look-ahead and look-behind groups out of an expression.
func withoutLookaround(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			out.WriteString(text[i : i+2])
			i += 2
		case hasAnyPrefix(text[i:], "(?=", "(?!", "(?<=", "(?<!"):
			i += groupLength(text[i:])
			out.WriteString("(?:)")
		case text[i] == '[':
			n := classLength(text[i:])
			out.WriteString(text[i : i+n])
			i += n
		default:
			out.WriteByte(text[i])
			i++
		}
	}
	return out.String()
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// groupLength returns the length of the group that s begins with.
func groupLength(s string) int {
	depth := 0
	for i := 0; i < len(s); {
		switch s[i] {
		case '\\':
			i++
		case '[':
			i += classLength(s[i:]) - 1
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(s)
}

// classLength returns the length of the character class that s begins with.
func classLength(s string) int {
	i := 1
	if i < len(s) && s[i] == '^' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ']':
			return i + 1
		}
	}
	return len(s)
}
