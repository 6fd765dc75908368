package evtx

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/bin"
)

const upperHex = "0123456789ABCDEF"

// AppendText appends the value as text, as evtx_dump writes it. The items of an array are separated by commas.
func (v Value) AppendText(dst []byte) []byte {
	if v.Type.IsArray() {
		for k := range v.Len() {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = v.At(k).AppendText(dst)
		}
		return dst
	}
	if v.IsNull() {
		return dst
	}
	switch v.Type {
	case TypeText:
		return append(dst, v.Raw...)
	case TypeString, TypeXML:
		return appendUTF16(dst, cutNUL(v.Raw))
	case TypeAnsiString:
		return appendANSI(dst, v.Raw)
	case TypeInt8, TypeInt16, TypeInt32, TypeInt64:
		n, _ := v.Int()
		return strconv.AppendInt(dst, n, 10)
	case TypeUint8, TypeUint16, TypeUint32, TypeUint64:
		n, _ := v.Uint()
		return bin.AppendUint(dst, n)
	case TypeBool:
		return appendBool(dst, binary.LittleEndian.Uint32(v.Raw))
	case TypeReal32:
		return appendFloat(dst, v, 32)
	case TypeReal64:
		return appendFloat(dst, v, 64)
	case TypeGUID:
		return appendGUID(dst, v.Raw)
	case TypeHexInt32, TypeHexInt64, TypeSize:
		return appendHexInt(dst, v)
	case TypeFileTime:
		return appendFileTime(dst, binary.LittleEndian.Uint64(v.Raw))
	case TypeSystemTime:
		return appendSystemTime(dst, v.Raw)
	case TypeSID:
		return appendSID(dst, v.Raw)
	}
	return appendHex(dst, v.Raw) // binary, handles, and what the format does not define
}

// IsNumber says whether the value stands without quotes in JSON: integers, finite floating-point numbers and truth
// values.
func (v Value) IsNumber() bool {
	switch t := v.Type; {
	case v.IsNull():
		return false
	case t >= TypeInt8 && t <= TypeUint64, t == TypeBool:
		return true
	case t == TypeReal32, t == TypeReal64:
		f, _ := v.Float()
		return !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return false
}

// AppendJSON appends the value as JSON: a number, a truth value, a string, an array of these, or null.
func (v Value) AppendJSON(dst []byte) []byte {
	switch {
	case v.Type.IsArray():
		dst = append(dst, '[')
		for k := range v.Len() {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = v.At(k).AppendJSON(dst)
		}
		return append(dst, ']')
	case v.IsNull():
		return append(dst, "null"...)
	case v.IsNumber():
		return v.AppendText(dst)
	}
	return append(v.appendEscaped(append(dst, '"'), asJSON), '"')
}

// appendEscaped appends the text of the value with what must not stand as it is in JSON or XML escaped.
func (v Value) appendEscaped(dst []byte, e *escaper) []byte {
	switch {
	case v.IsNull():
		return dst
	case v.Type == TypeString || v.Type == TypeXML:
		return e.utf16(dst, cutNUL(v.Raw))
	case v.Type == TypeAnsiString, v.Type == TypeText, v.Type == TypeString|arrayBit, v.Type == TypeAnsiString|arrayBit:
		for _, r := range string(v.AppendText(nil)) {
			dst = e.escape(dst, r)
		}
		return dst
	}
	return v.AppendText(dst)
}

// escaper writes the characters of a text so that they can stand in JSON or XML.
type escaper struct {
	plain  [utf8.RuneSelf]bool // characters that stand for themselves
	escape func(dst []byte, r rune) []byte
}

func newEscaper(escape func(dst []byte, r rune) []byte) *escaper {
	e := &escaper{escape: escape}
	for c := range e.plain {
		e.plain[c] = string(escape(nil, rune(c))) == string(rune(c))
	}
	return e
}

var (
	asText      = newEscaper(utf8.AppendRune)
	asJSON      = newEscaper(escapeJSON)
	asXML       = newEscaper(escapeXML)
	asAttribute = newEscaper(escapeAttribute)
)

func (e *escaper) string(dst []byte, s string) []byte {
	for _, r := range s {
		dst = e.escape(dst, r)
	}
	return dst
}

// utf16 appends little-endian UTF-16. A lone surrogate becomes U+FFFD, an odd last byte is left out.
func (e *escaper) utf16(dst, raw []byte) []byte {
	dst = slices.Grow(dst, len(raw)/2+8)
	for i := 0; i+1 < len(raw); i += 2 {
		r := rune(raw[i]) | rune(raw[i+1])<<8
		if r < utf8.RuneSelf && e.plain[r] {
			dst = append(dst, byte(r))
			continue
		}
		if r >= utf8.RuneSelf {
			var size int
			r, size = bin.Rune16(raw[i:])
			i += size - 2
		}
		dst = e.escape(dst, r)
	}
	return dst
}

func appendUTF16(dst, raw []byte) []byte { return bin.AppendUTF16(dst, raw) }

// windows1252 holds the characters of 0x80 to 0x9f; the five bytes that Windows-1252 leaves open stand for the C1
// controls.
var windows1252 = [32]rune{
	0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
}

// appendANSI appends text of a code page that nothing in the file names, taken for Windows-1252, without NULs.
func appendANSI(dst, raw []byte) []byte {
	for _, c := range raw {
		switch {
		case c == 0:
		case c >= 0x80 && c < 0xa0:
			dst = utf8.AppendRune(dst, windows1252[c-0x80])
		default:
			dst = utf8.AppendRune(dst, rune(c))
		}
	}
	return dst
}

// appendBool keeps what is neither 0 nor 1 as the number it is: some providers put masks there.
func appendBool(dst []byte, n uint32) []byte {
	switch n {
	case 0:
		return append(dst, "false"...)
	case 1:
		return append(dst, "true"...)
	}
	return strconv.AppendInt(dst, int64(int32(n)), 10)
}

// appendFloat writes the shortest decimal that reads back as the same number, always with a point or an exponent.
func appendFloat(dst []byte, v Value, bits int) []byte {
	f, _ := v.Float()
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 0):
		return append(dst, map[bool]string{true: "-inf", false: "inf"}[f < 0]...)
	}
	start := len(dst)
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-5 || a >= 1e16) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, bits)
	for _, c := range dst[start:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

func appendHex(dst, raw []byte) []byte {
	for _, c := range raw {
		dst = append(dst, upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

func appendHexInt(dst []byte, v Value) []byte {
	n, ok := v.Uint()
	if !ok {
		return appendHex(dst, v.Raw)
	}
	return bin.AppendHex(append(dst, "0x"...), n)
}

// appendGUID writes a GUID. Its first three numbers are little-endian, the other bytes stand in order.
func appendGUID(dst, raw []byte) []byte {
	const size = 38
	le, be := binary.LittleEndian, binary.BigEndian
	start := len(dst)
	dst = slices.Grow(dst, size)[:start+size]
	b := dst[start:]
	two := bin.Hex8(uint32(le.Uint16(raw[4:]))<<16|uint32(le.Uint16(raw[6:])), bin.LowerHex)
	rest := bin.Hex8(be.Uint32(raw[8:]), bin.LowerHex)
	b[0], b[9], b[14], b[19], b[24], b[37] = '{', '-', '-', '-', '-', '}'
	le.PutUint64(b[1:], bin.Hex8(le.Uint32(raw), bin.LowerHex))
	le.PutUint32(b[10:], uint32(two))
	le.PutUint32(b[15:], uint32(two>>32))
	le.PutUint32(b[20:], uint32(rest))
	le.PutUint32(b[25:], uint32(rest>>32))
	le.PutUint64(b[29:], bin.Hex8(be.Uint32(raw[12:]), bin.LowerHex))
	return dst
}

// appendSID writes a security identifier: revision, count, six bytes of authority (big-endian), and count times four
// bytes of sub-authority.
func appendSID(dst, raw []byte) []byte {
	if len(raw) < 8 {
		return append(dst, "S-?"...)
	}
	authority := binary.BigEndian.Uint64(raw) & (1<<48 - 1)
	dst = bin.AppendUint(append(dst, "S-"...), uint64(raw[0]))
	dst = bin.AppendUint(append(dst, '-'), authority)
	for k := 0; k < int(raw[1]) && 12+4*k <= len(raw); k++ {
		dst = bin.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(raw[8+4*k:])))
	}
	return dst
}

// Seconds from 1601-01-01, where a FILETIME begins, to 1970-01-01, and a FILETIME's units in a second.
const (
	epochSeconds = 11644473600
	perSecond    = 10_000_000
)

// FileTime returns the instant of a FILETIME: 100 ns units since 1601-01-01 UTC.
func FileTime(ft uint64) time.Time {
	return time.Unix(int64(ft/perSecond)-epochSeconds, int64(ft%perSecond)*100).UTC()
}

func appendFileTime(dst []byte, ft uint64) []byte {
	if ft > math.MaxInt64 {
		return append(dst, "0000-00-00T00:00:00.0000000Z"...)
	}
	t := FileTime(ft)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return appendTime(dst, [6]int{year % 10000, int(month), day, hour, minute, second}, t.Nanosecond()/100)
}

// systemTimeFields returns year, month, day, hour, minute, second and millisecond, and whether they make a date.
func systemTimeFields(raw []byte) (f [7]int, ok bool) {
	for i, at := range [7]int{0, 2, 6, 8, 10, 12, 14} { // the day of the week stands at 4
		f[i] = int(binary.LittleEndian.Uint16(raw[at:]))
	}
	ok = f[0] >= 1601 && f[0] <= 30827 && f[1] >= 1 && f[1] <= 12 && f[2] >= 1 && f[3] < 24 && f[4] < 60 && f[5] < 60 && f[6] < 1000 &&
		f[2] <= time.Date(f[0], time.Month(f[1])+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return f, ok
}

func systemTime(raw []byte) (time.Time, bool) {
	f, ok := systemTimeFields(raw)
	if !ok {
		return time.Time{}, false
	}
	return time.Date(f[0], time.Month(f[1]), f[2], f[3], f[4], f[5], f[6]*1e6, time.UTC), true
}

func appendSystemTime(dst, raw []byte) []byte {
	f, ok := systemTimeFields(raw)
	if !ok {
		f = [7]int{1601, 1, 1}
	}
	return appendTime(dst, [6]int{f[0] % 10000, f[1], f[2], f[3], f[4], f[5]}, f[6]*10_000)
}

// appendTime writes a time with the seven digits after the second that a FILETIME counts.
func appendTime(dst []byte, f [6]int, ticks int) []byte {
	start := len(dst)
	dst = append(dst, "0000-00-00T00:00:00.0000000Z"...)
	b := dst[start:]
	bin.PutUint(b[:4], uint64(f[0]))
	for i, n := range f[1:] {
		bin.PutUint(b[5+3*i:7+3*i], uint64(n))
	}
	bin.PutUint(b[20:27], uint64(ticks))
	return dst
}

func escapeJSON(dst []byte, r rune) []byte {
	switch {
	case r == '"', r == '\\':
		return append(dst, '\\', byte(r))
	case r == '\n':
		return append(dst, '\\', 'n')
	case r == '\r':
		return append(dst, '\\', 'r')
	case r == '\t':
		return append(dst, '\\', 't')
	case r < 0x20:
		return append(dst, '\\', 'u', '0', '0', upperHex[r>>4], upperHex[r&15])
	}
	return utf8.AppendRune(dst, r)
}
