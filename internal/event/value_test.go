package event

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func TestValue(t *testing.T) {
	for _, tt := range []struct {
		name       string
		v          Value
		text, json string
	}{
		{"null", Value{}, "", `""`},
		{"text", TextValue("a<b>\"\\\n"), "a<b>\"\\\n", `"a\u003cb\u003e\"\\\n"`},
		{"invalid_text", Value{Kind: Text, Raw: []byte("a\xff\xfeb")}, "a\uFFFD\uFFFDb", "\"a\uFFFD\uFFFDb\""},
		{"utf16", Value{Kind: UTF16, Raw: utf16le("Zürich 🦅")}, "Zürich 🦅", `"Zürich 🦅"`},
		{"utf16_lone_surrogate", Value{Kind: UTF16, Raw: []byte{0x3d, 0xd8, 'a', 0}}, "\uFFFDa", "\"\uFFFDa\""},
		{"utf16_odd", Value{Kind: UTF16, Raw: []byte{'a', 0, 'b'}}, "a", `"a"`},
		{"escaped", Value{Kind: Escaped, Raw: []byte(`a\u00e9\ud83e\udd85\/\n\q`)}, "aé🦅/\n\\q", `"aé🦅/\n\\q"`},
		{"escaped_cut", Value{Kind: Escaped, Raw: []byte(`\u12`)}, `\u12`, `"\\u12"`},
		{"number", Value{Kind: Number, Raw: []byte("-1.5e3")}, "-1.5e3", "-1.5e3"},
		{"int", Value{Kind: Int, Num: uint64(1<<64 - 7)}, "-7", "-7"},
		{"uint", Value{Kind: Uint, Num: math.MaxUint64}, "18446744073709551615", "18446744073709551615"},
		{"float", Value{Kind: Float, Num: math.Float64bits(0.25)}, "0.25", "0.25"},
		{"nan", Value{Kind: Float, Num: math.Float64bits(math.NaN())}, "NaN", `"NaN"`},
		{"bool", Value{Kind: Bool, Num: 1}, "true", `"true"`},
		{"bidi", TextValue("a\u202eb\x1b[2J"), "a\u202eb\x1b[2J", `"a\u202eb\u001b[2J"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.v.AppendText(nil)); got != tt.text {
				t.Errorf("text is %q, not %q", got, tt.text)
			}
			if got := string(tt.v.AppendJSON(nil)); got != tt.json {
				t.Errorf("JSON is %s, not %s", got, tt.json)
			}
		})
	}
}

// FuzzValue holds every kind to: the JSON form is valid, safe to print, and says the same as the text.
func FuzzValue(f *testing.F) {
	f.Add([]byte("a\\u12<\xff"), byte(Text))
	f.Add([]byte{0x3d, 0xd8, 0x3d, 0xd8, 7}, byte(UTF16))
	f.Add([]byte(`\ud800\u0041\"`), byte(Escaped))
	f.Fuzz(func(t *testing.T, raw []byte, kind byte) {
		v := Value{Kind: Kind(kind), Raw: raw, Num: uint64(len(raw))}
		switch {
		case v.Kind > Bool:
			return
		case v.Kind == Number:
			return // the parser has checked it
		}
		text, out := string(v.AppendText(nil)), v.AppendJSON(nil)
		if !utf8.ValidString(text) {
			t.Fatalf("text %q is not UTF-8", text)
		}
		if v.IsNumber() {
			return
		}
		var back string
		if err := json.Unmarshal(out, &back); err != nil || back != text {
			t.Fatalf("JSON %s says %q (%v), text is %q", out, back, err, text)
		}
		if strings.ContainsAny(string(out), "<>&\x1b\u202e") {
			t.Fatalf("JSON %s is not safe to print", out)
		}
	})
}

func TestAppendJSONString(t *testing.T) {
	for _, s := range []string{"", "plain", "\x00\x7f\u0080\u2028", "<script>", "\xed\xa0\x80"} {
		out := AppendJSONString(nil, s)
		var back string
		if err := json.Unmarshal(out, &back); err != nil || back != strings.ToValidUTF8(s, "\uFFFD") && !strings.Contains(s, "\xed") {
			t.Errorf("%q becomes %s, read back as %q (%v)", s, out, back, err)
		}
	}
}

// TestAppendTime compares the fast form with the standard library's.
func TestAppendTime(t *testing.T) {
	var r Record
	for _, at := range []time.Time{
		time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 23, 59, 59, 90, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 1, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(1969, 12, 31, 0, 0, 0, 1e6, time.UTC), time.Date(-3, 12, 31, 0, 0, 7, 1e6, time.UTC), time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
		time.Date(30828, 9, 14, 2, 48, 5, 0, time.UTC), time.Date(2026, 3, 1, 2, 0, 0, 120000, time.FixedZone("", 7200)),
	} {
		if got, want := string(AppendTime(nil, at)), at.UTC().Format(time.RFC3339Nano); got != want {
			t.Errorf("time is %s, not %s", got, want)
		}
		for range 2 {
			r.Time = at
			if got, want := string(r.appendTime(nil)), at.UTC().Format(time.RFC3339Nano); got != want {
				t.Errorf("a record's time is %s, not %s", got, want)
			}
		}
	}
}

// TestUTF16JSON compares the ways for four and for single units, whichever a text needs, with that for plain text.
func TestUTF16JSON(t *testing.T) {
	const text = "plain text of some length"
	for _, odd := range []string{"\\", "\"", "<", "\n", "\x7f", "é", "\u2028", "🦅", ""} {
		for n := range len(text) {
			for at := range n + 1 {
				s := text[:at] + odd + text[at:n]
				raw := utf16le(s)
				want := string(AppendJSONString(nil, s))
				for _, raw := range [][]byte{raw[:len(raw):len(raw)], append(raw, "\"\x00<\x00\x01\xffxyzxyzxyz"...)[:len(raw)]} {
					if got := string(Value{Kind: UTF16, Raw: raw}.AppendJSON(nil)); got != want {
						t.Fatalf("%q is written as %s, not %s", s, got, want)
					}
				}
			}
		}
	}
}
