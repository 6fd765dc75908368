package evtxwriter

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Type is the type of a value, numbered as BinXML numbers it.
type Type uint8

// The types of value. An array is its element's type with Array added.
const (
	Null       Type = 0x00
	String     Type = 0x01 // UTF-16
	Ansi       Type = 0x02
	Int8       Type = 0x03
	Uint8      Type = 0x04
	Int16      Type = 0x05
	Uint16     Type = 0x06
	Int32      Type = 0x07
	Uint32     Type = 0x08
	Int64      Type = 0x09
	Uint64     Type = 0x0a
	Float      Type = 0x0b
	Double     Type = 0x0c
	Bool       Type = 0x0d
	Binary     Type = 0x0e
	GUIDType   Type = 0x0f
	Size       Type = 0x10 // declared so in the template; the value itself is written as Hex64, as Windows does
	FileTime   Type = 0x11
	SystemTime Type = 0x12
	SIDType    Type = 0x13
	Hex32      Type = 0x14
	Hex64      Type = 0x15
	binXML     Type = 0x21
	Array      Type = 0x80
)

// GUID is a GUID as it lies in memory and in the file.
type GUID [16]byte

// ParseGUID reads "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}", with or without braces. It panics for anything
// else: GUIDs come out of the program's own tables.
func ParseGUID(s string) GUID {
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.Trim(s, "{}"), "-", ""))
	if err != nil || len(raw) != 16 {
		panic(fmt.Sprintf("%q is not a GUID", s))
	}
	var g GUID
	binary.LittleEndian.PutUint32(g[0:], binary.BigEndian.Uint32(raw[0:]))
	binary.LittleEndian.PutUint16(g[4:], binary.BigEndian.Uint16(raw[4:]))
	binary.LittleEndian.PutUint16(g[6:], binary.BigEndian.Uint16(raw[6:]))
	copy(g[8:], raw[8:])
	return g
}

// String gives the GUID in upper case, without braces.
func (g GUID) String() string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08X-%04X-%04X-%04X-%012X", le.Uint32(g[0:]), le.Uint16(g[4:]), le.Uint16(g[6:]), g[8:10], g[10:])
}

// SID is a security identifier, "S-1-5-21-...".
type SID string

// appendSID appends the binary form: revision, count, authority (6 bytes, big-endian), subauthorities.
func appendSID(dst []byte, s string) ([]byte, error) {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(parts) > 18 || parts[0] != "S" {
		return dst, fmt.Errorf("%q is not a SID", s)
	}
	var n [17]uint64
	for i, p := range parts[1:] {
		bits := 32
		switch i {
		case 0:
			bits = 8
		case 1:
			bits = 48
		}
		v, err := strconv.ParseUint(p, 10, bits)
		if err != nil {
			return dst, fmt.Errorf("%q is not a SID", s)
		}
		n[i] = v
	}
	dst = append(dst, byte(n[0]), byte(len(parts)-3), byte(n[1]>>40), byte(n[1]>>32))
	dst = binary.BigEndian.AppendUint32(dst, uint32(n[1]))
	for _, sub := range n[2 : len(parts)-1] {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(sub))
	}
	return dst, nil
}

// appendUTF16 appends s as UTF-16LE.
func appendUTF16(dst []byte, s string) []byte {
	for _, r := range s {
		if r < 0x10000 {
			dst = append(dst, byte(r), byte(r>>8))
			continue
		}
		hi, lo := utf16.EncodeRune(r)
		dst = append(dst, byte(hi), byte(hi>>8), byte(lo), byte(lo>>8))
	}
	return dst
}

// utf16Units is how many code units appendUTF16 makes of s.
func utf16Units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n
}

// fileTime is t as the number of 100 ns since 1601.
func fileTime(t time.Time) uint64 {
	return uint64(t.Unix()+11644473600)*10_000_000 + uint64(t.Nanosecond()/100)
}

// appendValue appends v, whose type the field declares, and says as which type it was written. nil becomes
// Null.
func appendValue(dst []byte, f *Field, v any) ([]byte, Type, error) {
	if v == nil {
		return dst, Null, nil
	}
	if f.Type&Array != 0 {
		out, err := appendArray(dst, f.Type&^Array, v)
		return out, f.Type, err
	}
	out, err := appendOne(dst, f.Type, v)
	if f.Type == String && !f.Counted && err == nil {
		out = append(out, 0, 0)
	}
	if f.Type == Size {
		return out, Hex64, err
	}
	return out, f.Type, err
}

func appendArray(dst []byte, t Type, v any) ([]byte, error) {
	var list []any
	switch v := v.(type) {
	case []any:
		list = v
	case []string:
		for _, s := range v {
			list = append(list, s)
		}
	default:
		return dst, fmt.Errorf("%T is not a list", v)
	}
	for _, e := range list {
		var err error
		if dst, err = appendOne(dst, t, e); err != nil {
			return dst, err
		}
		switch t {
		case String:
			dst = append(dst, 0, 0)
		case Ansi:
			dst = append(dst, 0)
		case Binary:
			return dst, fmt.Errorf("a list of binaries has no form")
		}
	}
	return dst, nil
}

// appendOne appends a single value that is not a list.
func appendOne(dst []byte, t Type, v any) ([]byte, error) {
	switch t {
	case String, Ansi, SIDType:
		return appendText(dst, t, v)
	case Binary:
		b, ok := v.([]byte)
		return append(dst, b...), mismatch(ok, t, v)
	case GUIDType:
		g, ok := v.(GUID)
		return append(dst, g[:]...), mismatch(ok, t, v)
	case FileTime:
		d, ok := v.(time.Time)
		return binary.LittleEndian.AppendUint64(dst, fileTime(d)), mismatch(ok, t, v)
	case SystemTime:
		d, ok := v.(time.Time)
		return appendSystemTime(dst, d.UTC()), mismatch(ok, t, v)
	case Float:
		n, ok := v.(float32)
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(n)), mismatch(ok, t, v)
	case Double:
		n, ok := v.(float64)
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(n)), mismatch(ok, t, v)
	}
	n, ok := integer(v)
	switch t {
	case Int8, Uint8:
		dst = append(dst, byte(n))
	case Int16, Uint16:
		dst = binary.LittleEndian.AppendUint16(dst, uint16(n))
	case Int32, Uint32, Hex32, Bool:
		dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	case Int64, Uint64, Hex64, Size:
		dst = binary.LittleEndian.AppendUint64(dst, n)
	default:
		return dst, fmt.Errorf("type 0x%x has no form", uint8(t))
	}
	return dst, mismatch(ok, t, v)
}

func appendText(dst []byte, t Type, v any) ([]byte, error) {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case SID:
		s = string(v)
	default:
		return dst, mismatch(false, t, v)
	}
	switch t {
	case String:
		return appendUTF16(dst, s), nil
	case Ansi:
		return append(dst, s...), nil
	}
	return appendSID(dst, s)
}

func appendSystemTime(dst []byte, d time.Time) []byte {
	for _, n := range []int{d.Year(), int(d.Month()), int(d.Weekday()), d.Day(), d.Hour(), d.Minute(), d.Second(), d.Nanosecond() / 1e6} {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(n))
	}
	return dst
}

func mismatch(ok bool, t Type, v any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%T given for type 0x%x", v, uint8(t))
}

func integer(v any) (uint64, bool) {
	switch v := v.(type) {
	case int:
		return uint64(v), true
	case int8:
		return uint64(v), true
	case int16:
		return uint64(v), true
	case int32:
		return uint64(v), true
	case int64:
		return uint64(v), true
	case uint8:
		return uint64(v), true
	case uint16:
		return uint64(v), true
	case uint32:
		return uint64(v), true
	case uint64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
