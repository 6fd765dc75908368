package parser

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// TestTextOffsets reads lines of every encoding, over the borders of what is read at a time, and holds each line's offset
// to the file.
func TestTextOffsets(t *testing.T) {
	var lines []string
	for n := range 9000 {
		lines = append(lines, fmt.Sprintf("%d ", n)+strings.Repeat("aé語🦅", n%17))
	}
	text := strings.Join(lines, "\n")
	encode := func(big bool) []byte {
		out := []byte{0xff, 0xfe}
		if big {
			out = []byte{0xfe, 0xff}
		}
		for _, u := range utf16.Encode([]rune(text)) {
			if big {
				out = append(out, byte(u>>8), byte(u))
			} else {
				out = append(out, byte(u), byte(u>>8))
			}
		}
		return out
	}
	for name, data := range map[string][]byte{
		"utf8": []byte(text), "utf8_mark": []byte("\xef\xbb\xbf" + text), "utf16le": encode(false), "utf16be": encode(true),
	} {
		t.Run(name, func(t *testing.T) {
			var r textReader
			r.open(inputOf("x", data), 0)
			for n := 0; ; n++ {
				line, whole, ok := r.line()
				if !ok {
					if n != len(lines) || r.err != nil {
						t.Fatalf("%d lines of %d, %v", n, len(lines), r.err)
					}
					return
				}
				if !whole || string(line) != lines[n] {
					t.Fatalf("line %d is %q, not %q", n, line, lines[n])
				}
				enc, _ := sniffEncoding(data)
				at := data[r.at(0):]
				if enc != utf8Text {
					at = appendFromUTF16(nil, at[:min(len(at), 400)&^1], enc)
				}
				if want := lines[n][:min(len(lines[n]), 40)]; !bytes.HasPrefix(at, []byte(want)) {
					t.Fatalf("line %d: at 0x%x stands %q", n, r.at(0), at[:40])
				}
			}
		})
	}
}

func TestParseTime(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		zoned      bool
	}{
		{"2026-03-02T14:15:03.345Z", "2026-03-02 14:15:03.345 +0000 UTC", true},
		{"2026-03-02 14:15:03", "2026-03-02 14:15:03 +0000 UTC", false},
		{"2026-03-02T14:15:03,1234567891+01:00", "2026-03-02 13:15:03.123456789 +0000 UTC", true},
		{"2026-03-02T14:15:03-0530", "2026-03-02 19:45:03 +0000 UTC", true},
		{"2026-03-02 14:15:03+08", "2026-03-02 06:15:03 +0000 UTC", true},
		{"2026-03-02 14:15:03 UTC", "2026-03-02 14:15:03 +0000 UTC", true},
		{"2026-12-31T23:59:60Z", "2027-01-01 00:00:00 +0000 UTC", true},
		{"2026-02-29T00:00:00Z", "", false},
		{"2026-03-02T24:00:00Z", "", false},
		{"2026-03-02T14:15:03 CET", "", false},
		{"2026-03-02T14:15", "", false},
		{"0000-01-01T00:00:00Z", "", false},
	} {
		got, zoned, ok := parseTime([]byte(tt.text))
		text := ""
		if ok {
			text = got.String()
		}
		if text != tt.want || zoned != tt.zoned {
			t.Errorf("%q is %s (zoned: %v), not %s (%v)", tt.text, text, zoned, tt.want, tt.zoned)
		}
	}
}
