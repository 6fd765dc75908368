// Package sha256x2 makes two SHA-256 hashes (FIPS 180-4) at once. A round of one hash has to wait for the round before it, and the
// processor's SHA instructions could do one of another hash in the meantime: so two streams take little more time than one, on
// amd64 with these instructions. Elsewhere, and with the build tag purego, they are hashed one after the other.
//
// Only whole blocks that both streams have are done here. All else (a block that was begun, what one stream has alone, padding)
// stays with crypto/sha256: the state is taken out of its hashes and put back in their binary form.
package sha256x2

import (
	"encoding"
	"encoding/binary"
	"hash"
)

// Pair is the memory in which two hashes go on. The zero Pair is ready; it is for one goroutine, and for any hashes.
type Pair struct{ first, second form }

// Write writes p to a and q to b, which are hashes by crypto/sha256's New, as a.Write(p) and b.Write(q) would.
func (m *Pair) Write(a, b hash.Hash, p, q []byte) { m.write(a, b, p, q, available) }

// state is A to H of the standard in the order in which the instructions want them: F, E, B, A and H, G, D, C.
type state [8]uint32

// place says which word of a state is A, B and so on.
var place = [8]int{3, 2, 7, 6, 1, 0, 5, 4}

const blockSize = 64

func (m *Pair) write(a, b hash.Hash, p, q []byte, both bool) {
	// Fast path: what is left out is the work of crypto/sha256 on whole blocks of both streams; blocks does the same to the
	// same states. A hash that doesn't take its state back has lost nothing, and gets its bytes in the plain way.
	if both && min(len(p), len(q)) >= 2*blockSize {
		s, t := &m.first, &m.second
		var okS, okT bool
		p, okS = s.begin(a, p)
		q, okT = t.begin(b, q)
		if n := min(len(p), len(q)) / blockSize; okS && okT && n > 0 {
			blocks(&s.state, &t.state, &p[0], &q[0], n)
			p, q = s.end(a, p, n), t.end(b, q, n)
		}
	}
	a.Write(p)
	b.Write(q)
}

// form is the binary form of a crypto/sha256 hash: "sha\x03", A to H, a block that was begun, the length so far; big-endian. Its
// magic number changes with it.
type form struct {
	state state
	text  [formSize]byte
}

const (
	magic    = "sha\x03"
	lengthAt = len(magic) + 8*4 + blockSize
	formSize = lengthAt + 8
)

// begin takes the state out of a hash, after writing as much of p as fills up a block that was begun, and returns the rest.
// p is at least a block.
func (f *form) begin(h hash.Hash, p []byte) ([]byte, bool) {
	if !f.from(h) {
		return p, false
	}
	if begun := int(f.length() % blockSize); begun > 0 {
		h.Write(p[:blockSize-begun])
		p = p[blockSize-begun:]
		if !f.from(h) {
			return p, false
		}
	}
	for i, at := range place {
		f.state[at] = binary.BigEndian.Uint32(f.text[len(magic)+4*i:])
	}
	return p, true
}

func (f *form) from(h hash.Hash) bool {
	hash, ok := h.(encoding.BinaryAppender)
	if !ok {
		return false
	}
	text, err := hash.AppendBinary(f.text[:0])
	return err == nil && len(text) == formSize && string(text[:len(magic)]) == magic
}

func (f *form) length() uint64 { return binary.BigEndian.Uint64(f.text[lengthAt:]) }

// end puts the state back after n blocks of p and returns what is left to be written.
func (f *form) end(h hash.Hash, p []byte, n int) []byte {
	for i, at := range place {
		binary.BigEndian.PutUint32(f.text[len(magic)+4*i:], f.state[at])
	}
	binary.BigEndian.PutUint64(f.text[lengthAt:], f.length()+uint64(n)*blockSize)
	hash, ok := h.(encoding.BinaryUnmarshaler)
	if !ok || hash.UnmarshalBinary(f.text[:]) != nil {
		return p
	}
	return p[n*blockSize:]
}
