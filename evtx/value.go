package evtx

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"
)

// Type is the type of a value, as BinXML numbers them.
type Type uint8

// The types of value. An array has the type of its items and IsArray.
const (
	TypeNull       Type = 0x00
	TypeString     Type = 0x01 // UTF-16 little-endian
	TypeAnsiString Type = 0x02 // taken for Windows-1252
	TypeInt8       Type = 0x03
	TypeUint8      Type = 0x04
	TypeInt16      Type = 0x05
	TypeUint16     Type = 0x06
	TypeInt32      Type = 0x07
	TypeUint32     Type = 0x08
	TypeInt64      Type = 0x09
	TypeUint64     Type = 0x0a
	TypeReal32     Type = 0x0b
	TypeReal64     Type = 0x0c
	TypeBool       Type = 0x0d // four bytes
	TypeBinary     Type = 0x0e
	TypeGUID       Type = 0x0f
	TypeSize       Type = 0x10 // four or eight bytes, shown as hexadecimal
	TypeFileTime   Type = 0x11
	TypeSystemTime Type = 0x12
	TypeSID        Type = 0x13
	TypeHexInt32   Type = 0x14
	TypeHexInt64   Type = 0x15
	TypeHandle     Type = 0x20
	TypeBinXML     Type = 0x21
	TypeXML        Type = 0x23 // text that holds XML, UTF-16
	// TypeText is not of the format: UTF-8 text that was put together of several parts.
	TypeText Type = 0x7f

	arrayBit = 0x80
)

// IsArray says whether the value is a list.
func (t Type) IsArray() bool { return t&arrayBit != 0 }

// Item returns the type of an array's items.
func (t Type) Item() Type { return t &^ arrayBit }

// itemSizes holds the size in bytes of the types whose values all have one size, else 0.
var itemSizes = [arrayBit]uint8{
	TypeInt8: 1, TypeUint8: 1, TypeInt16: 2, TypeUint16: 2, TypeInt32: 4, TypeUint32: 4, TypeInt64: 8, TypeUint64: 8,
	TypeReal32: 4, TypeReal64: 8, TypeBool: 4, TypeGUID: 16, TypeFileTime: 8, TypeSystemTime: 16,
	TypeHexInt32: 4, TypeHexInt64: 8,
}

// known says whether t is a type that the format defines.
func (t Type) known() bool {
	switch i := t.Item(); {
	case i <= TypeHexInt64, i == TypeHandle, i == TypeBinXML, i == TypeXML:
		return true
	}
	return false
}

// Value is one value as it lies in the chunk. Raw is borrowed: it is valid until the next record.
type Value struct {
	Type Type
	Raw  []byte
}

// IsNull says whether there is no value: the type null, or a type of fixed size with too few bytes for it.
func (v Value) IsNull() bool {
	if v.Type == TypeNull {
		return true
	}
	return v.Type < arrayBit && len(v.Raw) < int(itemSizes[v.Type])
}

// isEmpty says whether an optional substitution by this value leaves nothing.
func (v Value) isEmpty() bool {
	switch v.Type {
	case TypeNull:
		return true
	case TypeString:
		return len(v.Raw) < 2 || v.Raw[0] == 0 && v.Raw[1] == 0
	case TypeAnsiString, TypeBinary, TypeBinXML, TypeText:
		return len(v.Raw) == 0
	}
	return v.Type.IsArray() && len(v.Raw) == 0
}

// Text16 returns the UTF-16 text of a string, which ends before the first NUL, and whether v is one.
func (v Value) Text16() ([]byte, bool) {
	if v.Type != TypeString && v.Type != TypeXML {
		return nil, false
	}
	return cutNUL(v.Raw), true
}

// Uint returns the number of an unsigned or hexadecimal integer, a size or a truth value.
func (v Value) Uint() (uint64, bool) {
	le := binary.LittleEndian
	switch n := len(v.Raw); v.Type {
	case TypeUint8:
		if n >= 1 {
			return uint64(v.Raw[0]), true
		}
	case TypeUint16:
		if n >= 2 {
			return uint64(le.Uint16(v.Raw)), true
		}
	case TypeUint32, TypeHexInt32, TypeBool:
		if n >= 4 {
			return uint64(le.Uint32(v.Raw)), true
		}
	case TypeUint64, TypeHexInt64:
		if n >= 8 {
			return le.Uint64(v.Raw), true
		}
	case TypeSize:
		if n >= 8 {
			return le.Uint64(v.Raw), true
		}
		if n == 4 {
			return uint64(le.Uint32(v.Raw)), true
		}
	}
	return 0, false
}

// Int returns the number of a signed integer.
func (v Value) Int() (int64, bool) {
	le := binary.LittleEndian
	switch {
	case v.IsNull():
	case v.Type == TypeInt8:
		return int64(int8(v.Raw[0])), true
	case v.Type == TypeInt16:
		return int64(int16(le.Uint16(v.Raw))), true
	case v.Type == TypeInt32:
		return int64(int32(le.Uint32(v.Raw))), true
	case v.Type == TypeInt64:
		return int64(le.Uint64(v.Raw)), true
	}
	return 0, false
}

// Float returns the number of a floating-point value.
func (v Value) Float() (float64, bool) {
	le := binary.LittleEndian
	switch {
	case v.IsNull():
	case v.Type == TypeReal32:
		return float64(math.Float32frombits(le.Uint32(v.Raw))), true
	case v.Type == TypeReal64:
		return math.Float64frombits(le.Uint64(v.Raw)), true
	}
	return 0, false
}

// Time returns the instant of a FILETIME or a SYSTEMTIME.
func (v Value) Time() (time.Time, bool) {
	switch {
	case v.IsNull():
	case v.Type == TypeFileTime:
		return FileTime(binary.LittleEndian.Uint64(v.Raw)), true
	case v.Type == TypeSystemTime:
		return systemTime(v.Raw)
	}
	return time.Time{}, false
}

// zeroUnit sets the highest bit of the first of the four units in u that is zero, if there is one, and of none if there is
// none.
func zeroUnit(u uint64) uint64 { return (u - 0x0001000100010001) &^ u }

// cutNUL returns the part of a UTF-16 text before its first NUL, of an even number of bytes.
func cutNUL(raw []byte) []byte {
	n := len(raw) &^ 1
	// A string's terminator is by far the likeliest NUL, and the high byte of ASCII text is zero, so the
	// search looks at units, not bytes.
	i := 0
	le := binary.LittleEndian
	const high = 0x8000800080008000
	// Fast path: sixteen units at once, then four, of which none is zero.
	for ; i+32 <= n; i += 32 {
		b := raw[i : i+32]
		if (zeroUnit(le.Uint64(b))|zeroUnit(le.Uint64(b[8:]))|zeroUnit(le.Uint64(b[16:]))|zeroUnit(le.Uint64(b[24:])))&high != 0 {
			break
		}
	}
	for ; i+8 <= n; i += 8 {
		if z := zeroUnit(le.Uint64(raw[i:i+8])) & high; z != 0 {
			return raw[:i+firstUnit(z)]
		}
	}
	if n >= 8 && i < n { // the last four once more, of which those before i are not zero
		if z := zeroUnit(le.Uint64(raw[n-8:n])) & high; z != 0 {
			return raw[:n-8+firstUnit(z)]
		}
		return raw[:n]
	}
	for ; i < n; i += 2 {
		if raw[i] == 0 && raw[i+1] == 0 {
			return raw[:i]
		}
	}
	return raw[:n]
}

// firstUnit returns where the first of four units begins that z marks by its highest bit.
func firstUnit(z uint64) int { return bits.TrailingZeros64(z) / 16 * 2 }

// Len returns how many items an array has; 1 for any other value.
func (v Value) Len() int {
	if !v.Type.IsArray() {
		return 1
	}
	item := v.Type.Item()
	if size := int(itemSizes[item]); size > 0 {
		return len(v.Raw) / size
	}
	switch item {
	case TypeString, TypeAnsiString, TypeSID:
		n := 0
		for raw := v.Raw; len(raw) > 0; n++ {
			_, raw = cutItem(item, raw)
		}
		return n
	}
	return 1
}

// At returns item k of an array, or the value itself if it is none.
func (v Value) At(k int) Value {
	if !v.Type.IsArray() {
		return v
	}
	item := v.Type.Item()
	if size := int(itemSizes[item]); size > 0 {
		if k < 0 || (k+1)*size > len(v.Raw) {
			return Value{}
		}
		return Value{item, v.Raw[k*size : (k+1)*size]}
	}
	switch item {
	case TypeString, TypeAnsiString, TypeSID:
		raw := v.Raw
		for len(raw) > 0 {
			var one []byte
			if one, raw = cutItem(item, raw); k == 0 {
				return Value{item, one}
			}
			k--
		}
		return Value{}
	}
	return Value{TypeBinary, v.Raw}
}

// cutItem cuts the first item off an array whose items differ in size.
func cutItem(item Type, raw []byte) (one, rest []byte) {
	switch item {
	case TypeString:
		one = cutNUL(raw)
		return one, raw[min(len(one)+2, len(raw)):]
	case TypeAnsiString:
		for i, c := range raw {
			if c == 0 {
				return raw[:i], raw[i+1:]
			}
		}
	case TypeSID:
		if len(raw) > 8 {
			n := min(8+4*int(raw[1]), len(raw))
			return raw[:n], raw[n:]
		}
	}
	return raw, nil
}
