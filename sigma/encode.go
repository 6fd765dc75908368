package sigma

import (
	"encoding/base64"
	"unicode/utf16"
)

// encodeUTF16 gives the bytes of text in UTF-16.
func encodeUTF16(text []byte, bigEndian bool) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(string(text))) {
		if bigEndian {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

// encodeBase64 gives the text in Base64, with padding.
func encodeBase64(text []byte) []byte {
	return []byte(base64.StdEncoding.EncodeToString(text))
}

// encodeOffsets gives the three forms that text takes inside a longer Base64 text, by its distance from a multiple
// of three bytes. Characters that hold bits of the neighbours are left out at both ends.
func encodeOffsets(text []byte) [][]byte {
	skip := [3]int{0, 2, 3}
	var out [][]byte
	for offset := range 3 {
		padded := append(make([]byte, offset, offset+len(text)), text...)
		full := base64.RawStdEncoding.EncodeToString(padded)
		whole := len(padded) * 8 / 6 // characters that are all the text's own
		if whole > skip[offset] {
			out = append(out, []byte(full[skip[offset]:whole]))
		}
	}
	return out
}
