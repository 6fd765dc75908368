package sigma

import (
	"regexp/syntax"
	"unicode/utf8"
)

// charRun is a run of characters of one class that every match of an expression holds, such as the 64 digits of a hash. It
// rules out most texts in less time than a step of the expression takes.
type charRun struct {
	length int // 0: there is none
	in     [utf8.RuneSelf]bool
	wide   bool // so are all characters beyond ASCII, and bytes that are no UTF-8
	all    bool // there is nothing else to the expression
}

// shortestRun is the length from which a run is worth looking for.
const shortestRun = 8

// neededRun returns the longest run that x needs, among repetitions of one ASCII class. It stands in the tree before it is
// simplified, which writes repetitions out.
func neededRun(x *syntax.Regexp) (best charRun) {
	switch x.Op {
	case syntax.OpCapture:
		return neededRun(x.Sub[0])
	case syntax.OpPlus:
		best = neededRun(x.Sub[0])
		best.all = false
	case syntax.OpConcat:
		for _, sub := range x.Sub {
			if r := neededRun(sub); r.length > best.length {
				best = r
			}
		}
		best.all = false
	case syntax.OpRepeat:
		if x.Min >= shortestRun {
			best.set(x.Sub[0], x.Min)
		}
		if x.Min > 0 && best.length == 0 {
			best = neededRun(x.Sub[0])
			best.all = false
		}
	}
	return best
}

func (r *charRun) set(x *syntax.Regexp, length int) {
	for x.Op == syntax.OpCapture {
		x = x.Sub[0]
	}
	switch x.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		for i := range r.in {
			r.in[i] = x.Op == syntax.OpAnyChar || i != '\n'
		}
		r.length, r.wide, r.all = length, true, true
		return
	case syntax.OpCharClass:
	default:
		return
	}
	for i := 0; i < len(x.Rune); i += 2 {
		if x.Rune[i+1] >= utf8.RuneSelf {
			return
		}
	}
	for i := 0; i < len(x.Rune); i += 2 {
		for c := x.Rune[i]; c <= x.Rune[i+1]; c++ {
			r.in[c] = true
		}
	}
	r.length, r.all = length, true
}

// possible says whether text has such a run. It looks at every length-th character first: a run can't miss all of these.
func (r *charRun) possible(text []byte) bool {
	if r.length == 0 {
		return true
	}
	for end := r.length - 1; end < len(text); {
		// text[end] is the last place of the next run there can be; how far back does it go?
		n := 0
		for n < r.length && r.has(text[end-n]) {
			n++
		}
		if n == r.length {
			return true
		}
		end += r.length - n
	}
	return false
}

// has says whether a byte can be part of a run.
func (r *charRun) has(c byte) bool {
	if c >= utf8.RuneSelf {
		return r.wide
	}
	return r.in[c]
}

// holds says whether text has such a run, counted in characters. It is the answer of the expression if all is set.
func (r *charRun) holds(text []byte) bool {
	if !r.possible(text) { // in bytes, of which there are as many or more
		return false
	}
	n := 0
	for i := 0; i < len(text) && n < r.length; {
		size := 1
		if !r.has(text[i]) {
			n = -1
		} else if text[i] >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(text[i:])
		}
		n++
		i += size
	}
	return n == r.length
}
