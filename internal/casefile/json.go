package casefile

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/simd"
)

const hexDigits = "0123456789abcdef"

// AppendFinding appends f as a line of findings.jsonl, with the escapes that appendLine makes. Every output of findings
// as JSON lines uses it, so that they can be compared byte by byte.
func AppendFinding(dst []byte, f *finding.Finding, known *finding.Known) []byte {
	start := len(dst)
	dst = known.AppendJSON(dst, f)
	// Fast path: nearly every finding is safe as it stands.
	if i := start + safeRun(dst[start:]); i < len(dst) {
		dst = AppendSafe(dst[:i], slices.Clone(dst[i:]))
	}
	return append(dst, '\n')
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
	for len(data) > 0 {
		// Fast path: what stands for itself is copied by the run.
		n := safeRun(data)
		dst, data = append(dst, data[:n]...), data[n:]
		if len(data) > 0 {
			r, n := utf8.DecodeRune(data)
			dst, data = appendEscape(dst, r), data[n:]
		}
	}
	return dst
}

// safeRun returns how many bytes at the beginning of data stand for themselves.
func safeRun(data []byte) int {
	i := 0
	for {
		if i += plainRun(data[i:]); i == len(data) {
			return i
		}
		r, n := utf8.DecodeRune(data[i:])
		if !hasGlyph(r) {
			return i
		}
		i += n
	}
}

// plainRun returns how many bytes at the beginning of data are below 0x7f.
func plainRun(data []byte) int {
	const lowest, highest = 0x0101010101010101, 0x8080808080808080 // bit of each of eight bytes
	i := simd.PlainRun(data)
	for ; i+32 <= len(data); i += 32 {
		// Adding one takes 0x7f to 0x80; a byte that is above it, and may carry, has the highest bit itself.
		d := data[i : i+32]
		u, v := binary.LittleEndian.Uint64(d), binary.LittleEndian.Uint64(d[8:])
		w, x := binary.LittleEndian.Uint64(d[16:]), binary.LittleEndian.Uint64(d[24:])
		if (u|(u+lowest)|v|(v+lowest)|w|(w+lowest)|x|(x+lowest))&highest != 0 {
			break
		}
	}
	for i < len(data) && data[i] < 0x7f {
		i++
	}
	return i
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
