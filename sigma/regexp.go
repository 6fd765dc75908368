package sigma

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
)

// defaultRegexpTimeout bounds one attempt of an expression that can't run in linear time.
const defaultRegexpTimeout = 250 * time.Millisecond

// maxRegexp bounds the text of an expression.
const maxRegexp = 32 << 10

// expression is a regular expression: one that runs in linear time, or else one with look-around or references back.
// The former is only checked when it is loaded and compiled when first asked: most rules never get so far.
type expression struct {
	text   string
	once   adaptive.Once
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
	maxExact       = 32                   // texts that a part of one stands for, to be joined with its neighbours
	maxExactText   = 64                   // bytes of such a text
	shortestNeeded = 2                    // bytes that a literal must have to be worth looking for, unless
	rareBytes      = "`{}^~|$<>[]!#@;+*?" // one of these is in it
)

func requiredIn(x *syntax.Regexp) [][]byte {
	if lits := exactly(x); lits != nil {
		return worthwhile(lits)
	}
	switch x.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return requiredIn(x.Sub[0])
	case syntax.OpRepeat:
		if x.Min > 0 {
			return requiredIn(x.Sub[0])
		}
	case syntax.OpConcat:
		return requiredInConcat(x.Sub)
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

// requiredInConcat takes the best of what the parts require, where neighbours that stand for few texts are joined.
func requiredInConcat(parts []*syntax.Regexp) (best [][]byte) {
	take := func(got [][]byte) {
		if better(got, best) {
			best = got
		}
	}
	var joined [][]byte
	for _, part := range parts {
		texts := exactly(part)
		if texts == nil {
			take(worthwhile(joined))
			joined = nil
			take(requiredIn(part))
			continue
		}
		next := cross(joined, texts)
		if next == nil {
			take(worthwhile(joined))
			next = texts
		}
		joined = next
	}
	take(worthwhile(joined))
	return best
}

// worthwhile returns lits if each of them is worth looking for.
func worthwhile(lits [][]byte) [][]byte {
	for _, lit := range lits {
		if len(lit) < shortestNeeded && !bytes.ContainsAny(lit, rareBytes) {
			return nil
		}
	}
	return lits
}

// exactly returns all texts, folded, that x can match; nil if they are many.
func exactly(x *syntax.Regexp) [][]byte {
	switch x.Op {
	case syntax.OpLiteral:
		if lit := appendFold(nil, string(x.Rune)); len(lit) <= maxExactText && !slices.Contains(x.Rune, utf8.RuneError) {
			return [][]byte{lit}
		}
	case syntax.OpCharClass:
		var texts [][]byte
		for i := 0; i < len(x.Rune); i += 2 {
			for r := x.Rune[i]; r <= x.Rune[i+1]; r++ {
				if r == utf8.RuneError {
					return nil // stands for bytes that are no UTF-8, too
				}
				if texts = append(texts, appendFold(nil, string(r))); len(texts) > 2*maxExact {
					return nil
				}
			}
		}
		return distinct(texts)
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return [][]byte{{}} // a place, not a text
	case syntax.OpCapture:
		return exactly(x.Sub[0])
	case syntax.OpQuest:
		if texts := exactly(x.Sub[0]); texts != nil {
			return distinct(append(texts, []byte{}))
		}
	case syntax.OpConcat:
		all := [][]byte{{}}
		for _, sub := range x.Sub {
			if all = cross(all, exactly(sub)); all == nil {
				return nil
			}
		}
		return all
	case syntax.OpAlternate:
		var all [][]byte
		for _, sub := range x.Sub {
			texts := exactly(sub)
			if texts == nil || len(all)+len(texts) > 2*maxExact {
				return nil
			}
			all = append(all, texts...)
		}
		return distinct(all)
	}
	return nil
}

// distinct returns the different ones of lits; nil if they are too many, or none.
func distinct(lits [][]byte) [][]byte {
	slices.SortFunc(lits, bytes.Compare)
	if lits = slices.CompactFunc(lits, bytes.Equal); len(lits) > maxExact {
		return nil
	}
	return lits
}

// cross returns every one of a with every one of b behind it; nil if that is too much. A nil a is nothing at all.
func cross(a, b [][]byte) [][]byte {
	if a == nil {
		return b
	}
	if len(a)*len(b) > maxExact {
		return nil
	}
	var all [][]byte
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > maxExactText {
				return nil
			}
			all = append(all, slices.Concat(x, y))
		}
	}
	return distinct(all)
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
