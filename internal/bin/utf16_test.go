package bin

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

// FuzzUTF16 compares the fast way to decode UTF-16 with the standard library's.
func FuzzUTF16(f *testing.F) {
	f.Add([]byte("p\x00l\x00a\x00i\x00n\x00 \x00t\x00e\x00x\x00t\x00\xe9\x00s\x00"))
	f.Add([]byte{0x3d, 0xd8, 0x85, 0xdd, 0x3d, 0xd8, 'a', 0, 'b', 0, 'c', 0, 'd', 0, 'e', 0, 'f', 0, 'g', 0, 'h'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(raw[2*i:])
		}
		if got, want := AppendUTF16([]byte("x"), raw), []byte("x"+string(utf16.Decode(units))); !bytes.Equal(got, want) {
			t.Errorf("%x is decoded as %q, not %q", raw, got, want)
		}
	})
}
