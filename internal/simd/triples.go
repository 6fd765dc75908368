package simd

// Triples is up to eight sets of three bytes each of which may be one of several, to be found where the three stand two bytes apart, as
// the lower halves of UTF-16 units do. (The method is that of Hyperscan's Teddy: two tables by half a byte for each place, which an
// instruction looks up for 32 bytes at once.) It finds all that was added and, since the halves of a byte are looked up by themselves,
// some things more.
type Triples struct {
	// By place: by the lower half of a byte, then by the upper half, a bit for each set that has such a byte there.
	tables [2 * places][16]uint8
	wide   [places][0x80]uint8 // by place and byte: the same for instructions that look up a whole byte of ASCII
	ready  bool                // wide says what tables does
}

const places = 3

// Sets is how many sets there can be.
const Sets = 8

// TripleSize is the bytes from the beginning of a triple to its last one's end.
const TripleSize = 2*places - 1

// LeastTriples is how many bytes In needs, at least.
const LeastTriples = 32 + TripleSize - 1

const leastWide = 64 + TripleSize - 1

// Add lets the byte at a place, 0 to 2, of a set be c, which is ASCII.
func (t *Triples) Add(set, place int, c byte) {
	t.ready = false
	t.tables[2*place][c&15] |= 1 << set
	t.tables[2*place+1][c>>4] |= 1 << set
}

// Ready is to be called after the last Add: In takes less time then.
func (t *Triples) Ready() {
	for place := range t.wide {
		for c := range t.wide[place] {
			t.wide[place][c] = t.at(place, byte(c))
		}
	}
	t.ready = true
}

// Has says whether a byte at a place of a set may be c.
func (t *Triples) Has(set, place int, c byte) bool { return t.at(place, c)>>set&1 != 0 }

func (t *Triples) at(place int, c byte) uint8 {
	return t.tables[2*place][c&15] & t.tables[2*place+1][c>>4]
}

// In says whether b, of at least LeastTriples bytes, has a triple that begins at any of its bytes.
func (t *Triples) In(b []byte) bool {
	if Wide && t.ready && len(b) >= leastWide {
		return triplesWide(&t.wide, &b[0], len(b)-TripleSize+1)
	}
	if Available && len(b) >= LeastTriples {
		return triplesIn(t, &b[0], len(b)-TripleSize+1)
	}
	return t.plainIn(b)
}

// plainIn is In, byte by byte.
func (t *Triples) plainIn(b []byte) bool {
	for ; len(b) >= TripleSize; b = b[1:] {
		if t.at(0, b[0])&t.at(1, b[2])&t.at(2, b[4]) != 0 {
			return true
		}
	}
	return false
}
