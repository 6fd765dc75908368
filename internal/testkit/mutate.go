package testkit

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
)

// Mutate returns a damaged copy of b, as storage, copying and malice damage files: bytes flipped, the end cut off, a
// piece taken out or put in so that all behind it shifts, lengths made huge, a piece moved over another. The
// same seed damages in the same way; b is left alone.
func Mutate(b []byte, seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 0x676f736861776b))
	b = bytes.Clone(b)
	if len(b) == 0 {
		return b
	}
	switch seed % 6 {
	case 0: // bytes flipped
		for range 1 + rnd.IntN(20) {
			b[rnd.IntN(len(b))] ^= byte(1 + rnd.IntN(255))
		}
	case 1: // cut
		b = b[:rnd.IntN(len(b))]
	case 2: // a piece taken out
		from := rnd.IntN(len(b))
		b = append(b[:from], b[min(len(b), from+1+rnd.IntN(200)):]...)
	case 3: // a piece put in
		piece := make([]byte, 1+rnd.IntN(200))
		for i := range piece {
			piece[i] = byte(rnd.Uint32())
		}
		at := rnd.IntN(len(b))
		b = append(b[:at:at], append(piece, b[at:]...)...)
	case 4: // lengths
		huge := []uint32{0xffffffff, 0x7fffffff, 0, 0x80000001, 0x10000}
		for range 1 + rnd.IntN(20) {
			if at := rnd.IntN(len(b)); at+4 <= len(b) {
				binary.LittleEndian.PutUint32(b[at:], huge[rnd.IntN(len(huge))])
			}
		}
	case 5: // a piece over another
		copy(b[rnd.IntN(len(b)):], bytes.Clone(b[rnd.IntN(len(b)):]))
	}
	return b
}
