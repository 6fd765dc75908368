package sigma

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// op is what an atom asks of a value.
type op uint8

const (
	opPattern  op = iota // a text with wildcards
	opRegexp             // a regular expression, somewhere in the value
	opNumber             // a number in a relation to the atom's
	opTimePart           // the same for a part of a time
	opCIDR               // an address in a network
	opExists             // the field is there
	opNull               // the field is not there, or null
	opFieldRef           // equal to, or starting, ending with or containing, another field's value
)

// atom is one test of one field. Atoms that ask the same are one atom of an engine.
type atom struct {
	id       int    // in its engine
	constant int    // 1 + position among the engine's atoms over fields that can be constant; 0 for none
	field    string // "" for keywords: any field
	op       op
	cased    bool
	indexed  bool    // its literals are in the index: where none is found, it does not hold
	pattern  pattern // opPattern; folded unless cased
	expr     *expression
	*operand // of the other ops; nil for opPattern, opExists and opNull, which are nearly all atoms
}

// operand is what an atom compares with, where that is no pattern.
type operand struct {
	text  string   // opRegexp: the expression, with its flags; opNumber: the number as the rule writes it
	rel   relation // opNumber, opTimePart
	num   number
	part  timePart
	net   netip.Prefix
	other string // opFieldRef
	shape shape  // opFieldRef
}

// ofValue says whether the atom asks something of single values, and not of a field as a whole.
func (a *atom) ofValue() bool { return a.op < opExists }

// appendKey appends a text that is the same for atoms that ask the same.
func (a *atom) appendKey(b []byte) []byte {
	b = append(append(b, a.field...), 0, byte(a.op))
	b = strconv.AppendBool(b, a.cased)
	switch a.op {
	case opPattern:
		b = a.pattern.appendKey(b)
	case opRegexp:
		b = append(b, a.text...)
	case opNumber, opTimePart:
		b = append(b, byte(a.rel), byte(a.part))
		b = append(b, a.num.String()...)
		b = append(b, 0)
		b = append(b, a.text...)
	case opCIDR:
		b = append(b, a.net.String()...)
	case opFieldRef:
		b = append(b, byte(a.shape))
		b = append(b, a.other...)
	}
	return b
}

// matchText says whether one value, not null, passes; folded is the value folded. late says that an expression ran
// out of time. Not for opExists, opNull and opFieldRef, which look at whole fields.
func (a *atom) matchText(text, folded []byte) (matched, late bool) {
	switch a.op {
	case opPattern:
		if a.cased {
			return a.pattern.match(text), false
		}
		return a.pattern.match(folded), false
	case opRegexp:
		return a.expr.match(text)
	case opNumber:
		return a.matchNumber(text), false
	case opTimePart:
		t, ok := parseTime(string(text))
		return ok && a.rel.holds(number{whole: true, abs: uint64(a.part.of(t)), float: float64(a.part.of(t))}.compare(a.num)), false
	case opCIDR:
		if len(text) > maxAddressText {
			return false, false
		}
		text = bytes.TrimSpace(text)
		addr, ok := parseAddress(text)
		return ok && a.net.Contains(addr.Unmap().WithZone("")), false
	}
	return false, false
}

const maxAddressText = 128

// parseAddress reads what netip.ParseAddr reads. Fast path: most values are addresses of four numbers, or none, and neither needs a copy of
// the text, or an error that says why.
func parseAddress(text []byte) (a netip.Addr, ok bool) {
	if !bytes.ContainsAny(text[:min(len(text), len("ffff:"))], ".:") {
		return a, false
	}
	if bytes.IndexByte(text, ':') < 0 {
		quad, ok := parseQuad(text)
		return netip.AddrFrom4(quad), ok
	}
	a, err := netip.ParseAddr(string(text))
	return a, err == nil
}

// parseQuad reads an address of four decimal numbers, without zeros before them.
func parseQuad(text []byte) (quad [4]byte, ok bool) {
	for i := range quad {
		n, digits := 0, 0
		for len(text) > 0 && text[0] >= '0' && text[0] <= '9' && digits < 3 {
			n, text, digits = 10*n+int(text[0]-'0'), text[1:], digits+1
		}
		if digits == 0 || n > 255 || digits > 1 && n < 10 || digits > 2 && n < 100 {
			return quad, false
		}
		quad[i] = byte(n)
		if i < len(quad)-1 {
			if len(text) == 0 || text[0] != '.' {
				return quad, false
			}
			text = text[1:]
		}
	}
	return quad, len(text) == 0
}

// matchNumber compares numbers. A value that is written as the rule writes it is equal, too.
func (a *atom) matchNumber(text []byte) bool {
	if a.isWritten(text) {
		return true
	}
	n, ok := numberOf(text)
	return ok && a.rel.holds(n.compare(a.num))
}

// isWritten says whether a text equals the atom's number as the rule writes it, where equal is what is asked.
func (a *atom) isWritten(text []byte) bool { return a.rel == relEqual && string(text) == a.text }

// numberOf returns the number that a value is.
func numberOf(text []byte) (n number, ok bool) {
	if len(text) == 0 || len(text) > maxNumberText || text[0] > '9' && text[0] != ' ' {
		return number{}, false
	}
	return parseNumber(string(text))
}

// matchField evaluates the atom plainly: this is the reference for the fast way, and decides atoms over constants.
// other is the second field of opFieldRef; emptyIsNull is Schema.EmptyIsNull.
func (a *atom) matchField(values, other *Values, emptyIsNull bool) (matched, late bool) {
	switch a.op {
	case opExists:
		return values.Len() > 0, false
	case opNull:
		for i := range values.Len() {
			if text, null := values.Text(i); !null && (len(text) > 0 || !emptyIsNull) {
				return false, false
			}
		}
		return true, false
	case opFieldRef:
		return a.matchReference(values, other, emptyIsNull), false
	}
	var folded []byte
	for i := range values.Len() {
		text, null := values.Text(i)
		if null && !emptyIsNull {
			continue
		}
		if a.op == opPattern && !a.cased {
			folded = appendFold(folded[:0], text)
		}
		m, l := a.matchText(text, folded)
		late = late || l
		if m {
			return true, late
		}
	}
	return false, late
}

// matchReference says whether any value stands in the asked relation to any value of the other field.
func (a *atom) matchReference(values, other *Values, emptyIsNull bool) bool {
	for i := range values.Len() {
		text, null := values.Text(i)
		if null && !emptyIsNull {
			continue
		}
		if !a.cased {
			text = appendFold(nil, text)
		}
		for k := range other.Len() {
			ref, null := other.Text(k)
			if null && !emptyIsNull {
				continue
			}
			if !a.cased {
				ref = appendFold(nil, ref)
			}
			if a.shape.holds(text, ref) {
				return true
			}
		}
	}
	return false
}

// holds says whether lit stands in text as the shape says.
func (s shape) holds(text, lit []byte) bool {
	switch s {
	case shapePrefix:
		return bytes.HasPrefix(text, lit)
	case shapeSuffix:
		return bytes.HasSuffix(text, lit)
	case shapeEquals:
		return bytes.Equal(text, lit)
	}
	return bytes.Contains(text, lit)
}

// trimField takes the blanks off a field name.
func trimField(s string) string { return strings.TrimSpace(s) }
