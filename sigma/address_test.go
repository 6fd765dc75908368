package sigma

import (
	"net/netip"
	"testing"
)

// TestParseAddress compares what is read without netip with what netip reads.
func TestParseAddress(t *testing.T) {
	for _, text := range []string{
		"", ".", ":", "1.2.3.4", "0.0.0.0", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "01.2.3.4", "1.02.3.4", "1.2.3.00", "1.2.3.004",
		"1.2.3.1000", "1..2.3", "1.2.3.4 ", "1.2.3.a", "a.b.c.d", "::1", "fe80::1%eth0", "::ffff:1.2.3.4", "::ffff:1.2.3.400", "1:2", "1.2.3.4:80", "1.2.3.4%x", "host.example", "LOCAL", "-", "100.200.30.4",
	} {
		checkAddress(t, text)
	}
}

func checkAddress(t *testing.T, text string) {
	t.Helper()
	want, err := netip.ParseAddr(text)
	got, ok := parseAddress([]byte(text))
	if ok != (err == nil) || ok && got != want {
		t.Errorf("%q: %v, %v; by netip %v, %v", text, got, ok, want, err)
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("1.2.3.4")
	f.Add("::1")
	f.Fuzz(checkAddress)
}
