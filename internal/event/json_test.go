package event

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// plainUnescaped is AppendUnescaped, byte by byte.
func plainUnescaped(raw []byte) (dst []byte) {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' || i+1 == len(raw) {
			r, n := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		if at := strings.IndexByte(`bfnrt"\/`, raw[i+1]); at >= 0 {
			dst = append(dst, "\b\f\n\r\t\"\\/"[at])
			i += 2
			continue
		}
		if r, n := unicodeEscape(raw[i+2:]); raw[i+1] == 'u' && n > 0 {
			dst = utf8.AppendRune(dst, r)
			i += 2 + n
			continue
		}
		dst = append(dst, '\\')
		i++
	}
	return dst
}

// FuzzUnescape compares with the plain way.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{``, `plain`, `C:\\Windows\\x.exe`, `\"\/\b\f\n\r\t`, `\u00e9\ud83d\ude00\ud83d`, `\u12`, `\`, `\x\\`, "\xe2\x84\\n", "é\xff\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got, want := AppendUnescaped([]byte("x"), raw), plainUnescaped(raw); string(got) != "x"+string(want) {
			t.Errorf("%q comes to %q, plainly %q", raw, got[1:], want)
		}
	})
}
