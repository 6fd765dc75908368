package parser

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// TestRFC3339 compares the fast way to read times with the standard library's, on times with some bytes changed.
func TestRFC3339(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, text := range []string{
		"", "2021-05-10T06:22:54.633626900Z", "2021-05-10T06:22:54Z", "2021-05-10T06:22:54.Z", "2021-12-31T23:59:59.9Z", "2020-02-29T00:00:00.1234567890Z",
		"2021-05-10T06:22:54.6336269+02:00", "0000-01-01T00:00:00Z", "2021-02-29T06:22:54.633626900Z",
	} {
		for range 2000 {
			b := []byte(text)
			if got, ok := rfc3339(b); true {
				want, err := time.Parse(time.RFC3339Nano, string(b))
				if ok != (err == nil) || ok && !got.Equal(want) {
					t.Fatalf("%q is %v %v, not %v %v", b, got, ok, want, err)
				}
			}
			if len(b) == 0 {
				continue
			}
			b[rnd.IntN(len(b))] = "0123456789T:Z-+. ,"[rnd.IntN(18)]
			text = string(b)
			if rnd.IntN(3) == 0 {
				text = "2021-05-10T06:22:54.633626900Z"[:20+rnd.IntN(11)]
			}
		}
	}
}

// TestDecimal compares with the standard library.
func TestDecimal(t *testing.T) {
	for _, s := range []string{"", "0", "007", "18446744073709551615", "18446744073709551616", "99999999999999999999", "1 ", "-1", "+1", "1_0", "12a"} {
		want, err := strconv.ParseUint(s, 10, 64)
		if got, ok := decimal([]byte(s)); ok != (err == nil) || ok && got != want {
			t.Errorf("%q is %d %v", s, got, ok)
		}
	}
}
