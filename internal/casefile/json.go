package casefile

import (
	"encoding/json"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

const hexDigits = "0123456789abcdef"

// AppendFinding appends f as a line of findings.jsonl, with the escapes that appendLine makes. Every output of findings
// as JSON lines uses it, so that they can be compared byte by byte.
func AppendFinding(dst []byte, f *finding.Finding) []byte {
	return append(AppendSafe(dst, f.AppendJSON(nil)), '\n')
}

// appendLine appends v as one line of JSON that is safe to print on a terminal and to put into a page: besides what
// encoding/json escapes, every character without a glyph is written as an escape (controls of both
// ranges, marks that turn the direction of text, joiners, separators).
func appendLine(dst []byte, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return dst, err
	}
	return append(AppendSafe(dst, data), '\n'), nil
}

// AppendSafe escapes in data, which is valid JSON, the characters that have no glyph. Such a character can only stand
// inside a string, where an escape means the same.
func AppendSafe(dst, data []byte) []byte {
	for i := 0; i < len(data); {
		c := data[i]
		if c < 0x7f {
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if hasGlyph(r) {
			dst = append(dst, data[i:i+n]...)
		} else {
			dst = appendEscape(dst, r)
		}
		i += n
	}
	return dst
}

func appendEscape(dst []byte, r rune) []byte {
	if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
		return appendEscape(appendEscape(dst, hi), lo)
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

func hasGlyph(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r)
}
