package sigma

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// pattern is a text with wildcards. Its parts stand between the '*': the first is bound to the start of the value
// and the last to its end; a leading or trailing '*' shows as an empty part.
type pattern struct {
	parts []part
	// What is but one literal, with a '*' before or behind it or without, has no parts once it is sealed. Most patterns are.
	lit   []byte
	bound shape
}

// seal ends the building of a pattern. What one literal and its shape say, the parts said, too.
func (p *pattern) seal() {
	if s, ok := p.shape(); ok {
		p.lit, p.bound = p.longest(), s
		p.parts = nil
	}
}

// part is a run of pieces without '*'.
type part []piece

// piece is a literal, or, where its text is empty, any one rune ('?') or any one dash (windash).
type piece struct {
	text []byte
	dash bool
}

// dashes are the characters that the modifier windash takes for one another.
const dashes = "-/\u2013\u2014\u2015"

func isDash(r rune) bool {
	return r == '-' || r == '/' || r == '\u2013' || r == '\u2014' || r == '\u2015'
}

// parsePattern reads Sigma's wildcards: '*' and '?', and the backslash that takes their meaning, or its own, away. A
// backslash before anything else is a backslash.
func parsePattern(s string) pattern {
	p := pattern{parts: []part{nil}}
	var text []byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`\*?`, s[i+1]) >= 0:
			i++
			text = append(text, s[i])
		case c == '*':
			p.addText(text)
			text = nil
			p.parts = append(p.parts, nil)
		case c == '?':
			p.addText(text)
			text = nil
			p.add(piece{})
		default:
			text = append(text, c)
		}
	}
	p.addText(text)
	return p
}

// literalPattern takes every character of s for itself.
func literalPattern(s []byte) pattern {
	p := pattern{parts: []part{nil}}
	p.addText(s)
	return p
}

func (p *pattern) addText(text []byte) {
	if len(text) > 0 {
		p.add(piece{text: text})
	}
}

func (p *pattern) add(x piece) {
	last := len(p.parts) - 1
	p.parts[last] = append(p.parts[last], x)
}

// literal returns the text of a pattern without wildcards.
func (p *pattern) literal() (text []byte, ok bool) {
	if p.parts == nil {
		return p.lit, p.bound == shapeEquals
	}
	if len(p.parts) != 1 || len(p.parts[0]) > 1 {
		return nil, false
	}
	if len(p.parts[0]) == 0 {
		return nil, true
	}
	x := p.parts[0][0]
	return x.text, x.text != nil
}

// open puts '*' before or after the pattern, where none stands yet.
func (p *pattern) open(before, after bool) {
	if before && (len(p.parts[0]) > 0 || len(p.parts) == 1) {
		p.parts = append([]part{nil}, p.parts...)
	}
	if after && (len(p.parts[len(p.parts)-1]) > 0 || len(p.parts) == 1) {
		p.parts = append(p.parts, nil)
	}
}

// mapText replaces the literal pieces.
func (p *pattern) mapText(f func([]byte) []byte) {
	for _, q := range p.parts {
		for i := range q {
			if q[i].text != nil {
				q[i].text = f(q[i].text)
			}
		}
	}
}

// splitDashes makes every dash in the literals stand for all of them.
func (p *pattern) splitDashes() {
	for k, q := range p.parts {
		var out part
		for _, x := range q {
			rest := x.text
			if rest == nil {
				out = append(out, x)
				continue
			}
			for len(rest) > 0 {
				i := bytes.IndexAny(rest, dashes)
				if i < 0 {
					out = append(out, piece{text: rest})
					break
				}
				if i > 0 {
					out = append(out, piece{text: rest[:i]})
				}
				_, n := utf8.DecodeRune(rest[i:])
				out = append(out, piece{dash: true})
				rest = rest[i+n:]
			}
		}
		p.parts[k] = out
	}
}

// appendKey appends a text that is the same for the same pattern only.
func (p *pattern) appendKey(dst []byte) []byte {
	if p.parts == nil {
		return append(append(dst, 1+byte(p.bound)), p.lit...)
	}
	for i, q := range p.parts {
		if i > 0 {
			dst = append(dst, 0, '*')
		}
		for _, x := range q {
			switch {
			case x.text != nil:
				dst = append(dst, 0, '"')
				dst = append(dst, x.text...)
			case x.dash:
				dst = append(dst, 0, '-')
			default:
				dst = append(dst, 0, '?')
			}
		}
	}
	return dst
}

// match says whether the whole of s matches. Each part in the middle is taken at its first place, which is enough:
// what stands behind a '*' has most room there.
func (p *pattern) match(s []byte) bool {
	if p.parts == nil {
		return p.bound.holds(s, p.lit)
	}
	first, last := p.parts[0], p.parts[len(p.parts)-1]
	n, ok := first.prefix(s)
	if !ok {
		return false
	}
	if len(p.parts) == 1 {
		return n == len(s)
	}
	s = s[n:]
	for _, q := range p.parts[1 : len(p.parts)-1] {
		if s, ok = q.after(s); !ok {
			return false
		}
	}
	return last.suffix(s)
}

// prefix says how many bytes at the start of s the part matches.
func (q part) prefix(s []byte) (n int, ok bool) {
	for _, x := range q {
		if x.text != nil {
			if !bytes.HasPrefix(s[n:], x.text) {
				return 0, false
			}
			n += len(x.text)
			continue
		}
		r, size := utf8.DecodeRune(s[n:])
		if size == 0 || x.dash && !isDash(r) {
			return 0, false
		}
		n += size
	}
	return n, true
}

// suffix says whether s ends with the part.
func (q part) suffix(s []byte) bool {
	for i := len(q) - 1; i >= 0; i-- {
		if x := q[i]; x.text != nil {
			if !bytes.HasSuffix(s, x.text) {
				return false
			}
			s = s[:len(s)-len(x.text)]
			continue
		}
		r, size := utf8.DecodeLastRune(s)
		if size == 0 || q[i].dash && !isDash(r) {
			return false
		}
		s = s[:len(s)-size]
	}
	return true
}

// after returns what follows the first place of s that the part matches.
func (q part) after(s []byte) (rest []byte, ok bool) {
	if len(q) == 0 {
		return s, true
	}
	lead := q[0].text
	for {
		if lead != nil {
			i := bytes.Index(s, lead)
			if i < 0 {
				return nil, false
			}
			s = s[i:]
		}
		if n, ok := q.prefix(s); ok {
			return s[n:], true
		}
		if len(s) == 0 {
			return nil, false
		}
		_, size := utf8.DecodeRune(s)
		s = s[size:]
	}
}

// longest returns the longest literal piece; nil if there is none.
func (p *pattern) longest() []byte {
	best := p.lit
	for _, q := range p.parts {
		for _, x := range q {
			if len(x.text) > len(best) {
				best = x.text
			}
		}
	}
	return best
}

// shape says how the pattern's only literal is bound, if it is made of one literal and leading and trailing '*' only.
func (p *pattern) shape() (s shape, ok bool) {
	switch n := len(p.parts); {
	case n == 0:
		return p.bound, true
	case n == 1 && len(p.parts[0]) == 1 && p.parts[0][0].text != nil:
		return shapeEquals, true
	case n == 2 && len(p.parts[0]) == 1 && len(p.parts[1]) == 0 && p.parts[0][0].text != nil:
		return shapePrefix, true
	case n == 2 && len(p.parts[0]) == 0 && len(p.parts[1]) == 1 && p.parts[1][0].text != nil:
		return shapeSuffix, true
	case n == 3 && len(p.parts[0]) == 0 && len(p.parts[2]) == 0 && len(p.parts[1]) == 1 && p.parts[1][0].text != nil:
		return shapeContains, true
	}
	return 0, false
}

// shape is how a literal is bound to its value.
type shape uint8

const (
	shapeContains shape = iota
	shapePrefix
	shapeSuffix
	shapeEquals
	shapeOther // a hit of the literal is a reason to look closer
)

// join makes neighbouring literals one.
func (p *pattern) join() {
	for k, q := range p.parts {
		var out part
		for _, x := range q {
			if last := len(out) - 1; last >= 0 && x.text != nil && out[last].text != nil {
				out[last].text = append(out[last].text[:len(out[last].text):len(out[last].text)], x.text...)
				continue
			}
			out = append(out, x)
		}
		p.parts[k] = out
	}
}
