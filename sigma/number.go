package sigma

import (
	"math"
	"strconv"
	"strings"
)

// number is a number out of a rule or an event: a whole one of 64 bits, compared exactly, or a double.
type number struct {
	whole bool
	neg   bool
	abs   uint64 // magnitude of a whole number
	float float64
}

// maxNumberText bounds what is tried as a number.
const maxNumberText = 64

// parseNumber reads decimal numbers, with fraction and exponent, and hexadecimal ones with 0x, as logs write them.
func parseNumber(s string) (n number, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxNumberText {
		return n, false
	}
	digits := s
	if digits[0] == '-' || digits[0] == '+' {
		n.neg = digits[0] == '-'
		digits = digits[1:]
	}
	if digits == "" || (digits[0] < '0' || digits[0] > '9') && digits[0] != '.' || strings.IndexByte(digits, '_') >= 0 {
		return n, false
	}
	base := 10
	if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' {
		base, digits = 16, digits[2:]
	}
	if abs, err := strconv.ParseUint(digits, base, 64); err == nil {
		n.whole, n.abs, n.float = true, abs, float64(abs)
		if n.neg {
			n.float = -n.float
		}
		return n, true
	}
	if base == 16 {
		return n, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return n, false
	}
	return wholeFloat(number{neg: n.neg, float: f}), true
}

// wholeFloat makes 5.0 and 1e3 whole numbers.
func wholeFloat(n number) number {
	if abs := math.Abs(n.float); abs == math.Trunc(abs) && abs < 1<<53 {
		n.whole, n.abs = true, uint64(abs)
	}
	return n
}

// compare returns -1, 0 or 1.
func (n number) compare(m number) int {
	if !n.whole || !m.whole {
		switch {
		case n.float < m.float:
			return -1
		case n.float > m.float:
			return 1
		}
		return 0
	}
	nNeg, mNeg := n.neg && n.abs > 0, m.neg && m.abs > 0
	switch {
	case nNeg && !mNeg:
		return -1
	case !nNeg && mNeg:
		return 1
	case n.abs == m.abs:
		return 0
	case (n.abs < m.abs) != nNeg:
		return -1
	}
	return 1
}

// String gives the number in its usual form.
func (n number) String() string {
	if n.whole {
		s := strconv.FormatUint(n.abs, 10)
		if n.neg && n.abs > 0 {
			s = "-" + s
		}
		return s
	}
	return strconv.FormatFloat(n.float, 'g', -1, 64)
}

// relation is a comparison of numbers.
type relation uint8

const (
	relEqual relation = iota
	relLess
	relLessEqual
	relGreater
	relGreaterEqual
)

func (r relation) holds(c int) bool {
	switch r {
	case relLess:
		return c < 0
	case relLessEqual:
		return c <= 0
	case relGreater:
		return c > 0
	case relGreaterEqual:
		return c >= 0
	}
	return c == 0
}
