package event

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/bin"
)

// Kind says how the bytes or the number of a Value are to be read.
type Kind uint8

// The kinds of value.
const (
	Null    Kind = iota // present, but without a value
	Text                // Raw is text, meant as UTF-8; invalid bytes are replaced when rendered
	UTF16               // Raw is text, UTF-16 little-endian
	Escaped             // Raw is the inside of a JSON string, escapes and all
	Number              // Raw is the text of a number, as the evidence writes it
	Int                 // Num is a signed integer
	Uint                // Num is an unsigned integer
	Float               // Num holds the bits of an IEEE 754 double
	Bool                // Num is 0 or 1
)

// Value is one value as it lies in the evidence. Raw is borrowed: it is valid until the parser's next step.
type Value struct {
	Kind Kind
	Raw  []byte
	Num  uint64
}

// TextValue returns s as a value.
func TextValue(s string) Value { return Value{Kind: Text, Raw: []byte(s)} }

// IsNumber says whether the value is written as a number in JSON.
func (v Value) IsNumber() bool {
	switch v.Kind {
	case Number, Int, Uint:
		return true
	case Float:
		f := math.Float64frombits(v.Num)
		return !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return false
}

// AppendText appends the value as UTF-8 text to dst.
func (v Value) AppendText(dst []byte) []byte {
	switch v.Kind {
	case Null:
		return dst
	case Text:
		return appendValid(dst, v.Raw)
	case UTF16:
		return AppendUTF16(dst, v.Raw)
	case Escaped:
		return AppendUnescaped(dst, v.Raw)
	case Number:
		return append(dst, v.Raw...)
	case Int:
		return strconv.AppendInt(dst, int64(v.Num), 10)
	case Uint:
		return bin.AppendUint(dst, v.Num)
	case Float:
		return strconv.AppendFloat(dst, math.Float64frombits(v.Num), 'g', -1, 64)
	case Bool:
		return strconv.AppendBool(dst, v.Num != 0)
	}
	return dst
}

// AppendJSON appends the value as a JSON string or number to dst.
func (v Value) AppendJSON(dst []byte) []byte {
	if v.IsNumber() {
		return v.AppendText(dst)
	}
	dst = append(dst, '"')
	switch v.Kind {
	case UTF16:
		dst = appendUTF16JSON(dst, v.Raw)
	case Text:
		dst = appendJSONText(dst, v.Raw)
	default:
		start := len(dst)
		dst = v.AppendText(dst)
		if needsEscape(dst[start:]) {
			dst = appendJSONText(dst[:start], string(dst[start:]))
		}
	}
	return append(dst, '"')
}

// AppendUTF16 appends little-endian UTF-16 as UTF-8. An odd last byte is left out; a lone surrogate becomes
// U+FFFD.
func AppendUTF16(dst, raw []byte) []byte { return bin.AppendUTF16(dst, raw) }

func appendValid(dst, raw []byte) []byte {
	if utf8.Valid(raw) {
		return append(dst, raw...)
	}
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		dst = utf8.AppendRune(dst, r)
		raw = raw[n:]
	}
	return dst
}
