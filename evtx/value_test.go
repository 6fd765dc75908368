package evtx

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func bytes64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

func systemTimeOf(f ...uint16) []byte {
	var b []byte
	for _, n := range f {
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	return b
}

func TestValue(t *testing.T) {
	sid := []byte{1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0}
	guid := []byte{0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0x78, 0x56, 1, 2, 3, 4, 5, 6, 7, 8}
	for _, tt := range []struct {
		name       string
		v          Value
		text, json string
	}{
		{"null", Value{}, "", "null"},
		{"string", str("Zürich 🦅 \"\\\n\x01"), "Zürich 🦅 \"\\\n\x01", `"Zürich 🦅 \"\\\n\u0001"`},
		{"string_ends_at_nul", str("a\x00b"), "a", `"a"`},
		{"string_odd", Value{TypeString, []byte{'a', 0, 'b'}}, "a", `"a"`},
		{"string_lone_surrogate", Value{TypeString, []byte{0x3d, 0xd8, 'a', 0}}, "\uFFFDa", "\"\uFFFDa\""},
		{"ansi", Value{TypeAnsiString, []byte("a\x80\xe9\x00")}, "a€é", `"a€é"`},
		{"int8", Value{TypeInt8, []byte{0xff}}, "-1", "-1"},
		{"uint8", Value{TypeUint8, []byte{0xff}}, "255", "255"},
		{"int16", Value{TypeInt16, []byte{0xfe, 0xff}}, "-2", "-2"},
		{"uint16", num16(65534), "65534", "65534"},
		{"int32", Value{TypeInt32, []byte{0xfd, 0xff, 0xff, 0xff}}, "-3", "-3"},
		{"uint32", num32(1 << 31), "2147483648", "2147483648"},
		{"int64", Value{TypeInt64, bytes64(1 << 63)}, "-9223372036854775808", "-9223372036854775808"},
		{"uint64", num64(1<<64 - 1), "18446744073709551615", "18446744073709551615"},
		{"real32", Value{TypeReal32, binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.1))}, "0.1", "0.1"},
		{"real64", Value{TypeReal64, bytes64(math.Float64bits(-2))}, "-2.0", "-2.0"},
		{"real64_nan", Value{TypeReal64, bytes64(math.Float64bits(math.NaN()))}, "NaN", `"NaN"`},
		{"true", Value{TypeBool, []byte{1, 0, 0, 0}}, "true", "true"},
		{"bool_mask", Value{TypeBool, []byte{0xff, 0xff, 0xff, 0xff}}, "-1", "-1"},
		{"binary", Value{TypeBinary, []byte{0, 0xab}}, "00AB", `"00AB"`},
		{"guid", Value{TypeGUID, guid}, "{12345678-1234-5678-0102-030405060708}", `"{12345678-1234-5678-0102-030405060708}"`},
		{"size32", Value{TypeSize, []byte{0, 1, 0, 0}}, "0x100", `"0x100"`},
		{"size64", Value{TypeSize, bytes64(0xabc)}, "0xabc", `"0xabc"`},
		{"filetime", Value{TypeFileTime, bytes64(testTime + 1)}, "2026-03-01T12:00:00.0000001Z", `"2026-03-01T12:00:00.0000001Z"`},
		{"filetime_out_of_range", Value{TypeFileTime, bytes64(1 << 63)}, "0000-00-00T00:00:00.0000000Z", `"0000-00-00T00:00:00.0000000Z"`},
		{"systemtime", Value{TypeSystemTime, systemTimeOf(2024, 2, 4, 29, 1, 2, 3, 4)}, "2024-02-29T01:02:03.0040000Z", `"2024-02-29T01:02:03.0040000Z"`},
		{"systemtime_no_date", Value{TypeSystemTime, systemTimeOf(2023, 2, 4, 29, 1, 2, 3, 4)}, "1601-01-01T00:00:00.0000000Z", `"1601-01-01T00:00:00.0000000Z"`},
		{"sid", Value{TypeSID, sid}, "S-1-5-32-544", `"S-1-5-32-544"`},
		{"sid_short", Value{TypeSID, sid[:5]}, "S-?", `"S-?"`},
		{"sid_cut", Value{TypeSID, sid[:14]}, "S-1-5-32", `"S-1-5-32"`},
		{"hex32", Value{TypeHexInt32, []byte{0xe7, 3, 0, 0}}, "0x3e7", `"0x3e7"`},
		{"hex64", Value{TypeHexInt64, bytes64(0x8020000000000000)}, "0x8020000000000000", `"0x8020000000000000"`},
		{"handle", Value{TypeHandle, []byte{1}}, "01", `"01"`},
		{"xml", Value{TypeXML, utf16le("<a/>")}, "<a/>", `"<a/>"`},
		{"unknown", Value{0x66, []byte{1, 2}}, "0102", `"0102"`},
		{"too_short", Value{TypeUint32, []byte{1, 2}}, "", "null"},
		{"strings", Value{TypeString | arrayBit, utf16le("a\x00\x00b\x00")}, "a,,b", `["a","","b"]`},
		{"ansi_strings", Value{TypeAnsiString | arrayBit, []byte("a\x00b")}, "a,b", `["a","b"]`},
		{"numbers", Value{TypeUint16 | arrayBit, []byte{1, 0, 2, 0, 3}}, "1,2", "[1,2]"},
		{"sids", Value{TypeSID | arrayBit, append(append([]byte(nil), sid...), sid...)}, "S-1-5-32-544,S-1-5-32-544", `["S-1-5-32-544","S-1-5-32-544"]`},
		{"guids", Value{TypeGUID | arrayBit, guid}, "{12345678-1234-5678-0102-030405060708}", `["{12345678-1234-5678-0102-030405060708}"]`},
		{"empty_array", Value{TypeUint16 | arrayBit, nil}, "", "[]"},
		{"handles", Value{TypeHandle | arrayBit, []byte{9}}, "09", `["09"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.v.AppendText(nil)); got != tt.text {
				t.Errorf("text is %q, not %q", got, tt.text)
			}
			got := string(tt.v.AppendJSON(nil))
			if got != tt.json {
				t.Errorf("JSON is %s, not %s", got, tt.json)
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("%s is not JSON", got)
			}
		})
	}
}

func TestValueNumbers(t *testing.T) {
	if n, ok := (Value{TypeHexInt32, []byte{1, 0, 0, 0}}).Uint(); !ok || n != 1 {
		t.Errorf("hexadecimal: %d, %t", n, ok)
	}
	if _, ok := str("1").Uint(); ok {
		t.Error("a string is a number")
	}
	if n, ok := (Value{TypeInt8, []byte{0x80}}).Int(); !ok || n != -128 {
		t.Errorf("int8: %d, %t", n, ok)
	}
	want := time.Date(2026, 3, 1, 12, 0, 0, 100, time.UTC)
	if got, ok := (Value{TypeFileTime, bytes64(testTime + 1)}).Time(); !ok || !got.Equal(want) {
		t.Errorf("time: %s, %t", got, ok)
	}
	if _, ok := (Value{TypeSystemTime, make([]byte, 16)}).Time(); ok {
		t.Error("an unset SYSTEMTIME is a time")
	}
	if v := (Value{TypeUint16 | arrayBit, []byte{1, 0}}).At(1); !v.IsNull() {
		t.Errorf("item behind the last: %v", v)
	}
}

// TestCutNUL compares with a search unit by unit.
func TestCutNUL(t *testing.T) {
	const seed = 11
	r := rand.New(rand.NewPCG(seed, 1))
	units := [][]byte{{0, 0}, {0, 1}, {1, 0}, {0, 0x80}, {0xff, 0xff}, {'a', 0}}
	for range 100_000 {
		var raw []byte
		for n, likely := r.IntN(60), 1+r.IntN(5); n > 0; n-- {
			raw = append(raw, units[min(len(units)-1, r.IntN(len(units)*likely*likely))]...)
		}
		raw = raw[:max(0, len(raw)-r.IntN(2))]
		want := raw[:len(raw)&^1]
		for i := 0; i < len(want); i += 2 {
			if want[i] == 0 && want[i+1] == 0 {
				want = want[:i]
			}
		}
		if got := cutNUL(raw); len(got) != len(want) {
			t.Fatalf("seed %d: %x is cut after %d bytes, want %d", seed, raw, len(got), len(want))
		}
	}
}
