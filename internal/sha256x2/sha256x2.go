// Package sha256x2 makes two SHA-256 hashes (FIPS 180-4) at once. A round of one hash has to wait for the round before it, and the
// processor's SHA instructions could do one of another hash in the meantime: so two streams take little more time than one, on
// amd64 with these instructions. Elsewhere, and with the build tag purego, they are hashed one after the other.
//
// Of streams, only whole blocks that both have are done here. All else (a block that was begun, what one stream has alone, padding)
// stays with crypto/sha256: the state is taken out of its hashes and put back in their binary form.
package sha256x2

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
)

// Pair is the memory in which two hashes go on. The zero Pair is ready; it is for one goroutine, and for any hashes.
type Pair struct {
	first, second form
	p, q          []byte // messages of Sums, padded
}

// Write writes p to a and q to b, which are hashes by crypto/sha256's New, as a.Write(p) and b.Write(q) would.
func (m *Pair) Write(a, b hash.Hash, p, q []byte) { m.write(a, b, p, q, available) }

// state is A to H of the standard in the order in which the instructions want them: F, E, B, A and H, G, D, C.
type state [8]uint32

// place says which word of a state is A, B and so on.
var place = [8]int{3, 2, 7, 6, 1, 0, 5, 4}

const blockSize = 64

// initial is the state before the first block, FIPS 180-4, 5.3.3.
var initial = func() (s state) {
	for i, word := range [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {
		s[place[i]] = word
	}
	return s
}()

// Sums returns the hashes of two messages, which are copied: it is for short ones.
func (m *Pair) Sums(p, q []byte) (a, b [sha256.Size]byte) { return m.sums(p, q, available) }

func (m *Pair) sums(p, q []byte, both bool) (a, b [sha256.Size]byte) {
	if !both {
		return sha256.Sum256(p), sha256.Sum256(q)
	}
	m.p, m.q = appendPadded(m.p[:0], p), appendPadded(m.q[:0], q)
	s, t, none := initial, initial, initial
	n := min(len(m.p), len(m.q)) / blockSize
	blocks(&s, &t, &m.p[0], &m.q[0], n)
	if rest := m.p[n*blockSize:]; len(rest) > 0 { // the other one is at its end
		blocks(&s, &none, &rest[0], &rest[0], len(rest)/blockSize)
	}
	if rest := m.q[n*blockSize:]; len(rest) > 0 {
		blocks(&t, &none, &rest[0], &rest[0], len(rest)/blockSize)
	}
	return s.sum(), t.sum()
}

// appendPadded appends a message and its padding, FIPS 180-4, 5.1.1.
func appendPadded(dst, p []byte) []byte {
	var zeros [blockSize]byte
	dst = append(append(dst, p...), 0x80)
	dst = append(dst, zeros[:(2*blockSize-8-len(dst)%blockSize)%blockSize]...)
	return binary.BigEndian.AppendUint64(dst, 8*uint64(len(p)))
}

func (s *state) sum() (sum [sha256.Size]byte) {
	for i, at := range place {
		binary.BigEndian.PutUint32(sum[4*i:], s[at])
	}
	return sum
}

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
