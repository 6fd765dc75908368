package evidence

import (
	"bufio"
	"fmt"
	"io"
	"math/bits"
)

// deflate64Reader unpacks Deflate64, which Windows' own zip writes for large files. It is Deflate (RFC 1951) with a window of 64 KiB,
// two more distance codes, and lengths of up to 64 KiB under length code 285. No library of ours reads it.
type deflate64Reader struct {
	in   *bufio.Reader
	acc  uint64 // bits read ahead, lowest first
	have uint

	window [1 << 17]byte // the last 64 KiB and what is not handed out yet, as a ring
	at     int           // where the next byte goes
	total  int64         // bytes made
	given  int64         // bytes handed out

	last     bool // the block is the last one
	inBlock  bool
	stored   int // bytes left of a stored block
	isStored bool
	copyLeft int // of a match that didn't fit
	distance int
	literals huffman
	offsets  huffman
	err      error
}

const (
	ringMask   = 1<<17 - 1
	maxPending = 1 << 16 // bytes made ahead of the caller; the rest of the ring is the window
	maxBits    = 15
)

func newDeflate64Reader(r io.Reader) io.Reader {
	return &deflate64Reader{in: bufio.NewReaderSize(r, 32<<10)}
}

func (d *deflate64Reader) Read(p []byte) (int, error) {
	for d.given == d.total && d.err == nil {
		d.err = d.step()
	}
	n := 0
	for n < len(p) && d.given < d.total {
		from := int(d.given & ringMask)
		k := copy(p[n:], d.window[from:min(len(d.window), from+int(d.total-d.given))])
		n += k
		d.given += int64(k)
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, d.err
}

// step makes some output, at most maxPending bytes.
func (d *deflate64Reader) step() error {
	if !d.inBlock {
		if d.last {
			return io.EOF
		}
		return d.header()
	}
	if d.isStored {
		return d.copyStored()
	}
	for d.total-d.given < maxPending {
		if d.copyLeft > 0 {
			d.copyMatch()
			continue
		}
		end, err := d.symbol()
		if err != nil {
			return err
		}
		if end {
			d.inBlock = false
			return nil
		}
	}
	return nil
}

func (d *deflate64Reader) put(b byte) {
	d.window[d.at] = b
	d.at = (d.at + 1) & ringMask
	d.total++
}

func (d *deflate64Reader) copyMatch() {
	n := min(d.copyLeft, int(maxPending-(d.total-d.given)))
	for range n {
		d.put(d.window[(d.at-d.distance)&ringMask])
	}
	d.copyLeft -= n
}

func (d *deflate64Reader) copyStored() error {
	for d.stored > 0 && d.total-d.given < maxPending {
		b, err := d.in.ReadByte()
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		d.put(b)
		d.stored--
	}
	d.inBlock = d.stored > 0
	return nil
}

// Length and distance codes: the first value of each and how many bits follow.
var (
	lengthBase  = [...]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3}
	lengthExtra = [...]uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16}
	distBase    = [...]int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
		6145, 8193, 12289, 16385, 24577, 32769, 49153}
	codeOrder = [...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// symbol reads a literal or a match; end says that the block is over.
func (d *deflate64Reader) symbol() (end bool, err error) {
	s, err := d.decode(&d.literals)
	if err != nil {
		return false, err
	}
	switch {
	case s < 256:
		d.put(byte(s))
		return false, nil
	case s == 256:
		return true, nil
	case s > 285:
		return false, fmt.Errorf("%w: length code %d", ErrCorrupt, s)
	}
	extra, err := d.bits(lengthExtra[s-257])
	if err != nil {
		return false, err
	}
	length := lengthBase[s-257] + int(extra)
	code, err := d.decode(&d.offsets)
	if err != nil {
		return false, err
	}
	extra, err = d.bits(uint(max(0, code/2-1)))
	if err != nil {
		return false, err
	}
	d.distance = distBase[code] + int(extra)
	if int64(d.distance) > d.total {
		return false, fmt.Errorf("%w: a match before the start", ErrCorrupt)
	}
	d.copyLeft = length
	return false, nil
}

// header reads the start of a block.
func (d *deflate64Reader) header() error {
	h, err := d.bits(3)
	if err != nil {
		return err
	}
	d.last, d.inBlock, d.isStored = h&1 != 0, true, false
	switch h >> 1 {
	case 0:
		return d.storedHeader()
	case 1:
		return d.fixedCodes()
	case 2:
		return d.dynamicCodes()
	}
	return fmt.Errorf("%w: block type 3", ErrCorrupt)
}

func (d *deflate64Reader) storedHeader() error {
	d.acc >>= d.have & 7
	d.have -= d.have & 7
	v, err := d.bits(32)
	if err != nil {
		return err
	}
	if uint16(v) != ^uint16(v>>16) {
		return fmt.Errorf("%w: length of a stored block", ErrCorrupt)
	}
	d.stored, d.isStored = int(uint16(v)), true
	for ; d.have >= 8; d.have -= 8 { // bytes read ahead belong to the block
		if err := d.in.UnreadByte(); err != nil {
			return err
		}
	}
	d.acc, d.have = 0, 0
	return nil
}

func (d *deflate64Reader) fixedCodes() error {
	var lengths [288]byte
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	var dist [32]byte
	for i := range dist {
		dist[i] = 5
	}
	if err := d.literals.build(lengths[:]); err != nil {
		return err
	}
	return d.offsets.build(dist[:])
}

// dynamicCodes reads the code lengths of a block, which are themselves packed.
func (d *deflate64Reader) dynamicCodes() error {
	v, err := d.bits(14)
	if err != nil {
		return err
	}
	literals, dists, codes := int(v&31)+257, int(v>>5&31)+1, int(v>>10)+4
	if literals > 286 {
		return fmt.Errorf("%w: %d literal codes", ErrCorrupt, literals)
	}
	var order [19]byte
	for i := range codes {
		n, err := d.bits(3)
		if err != nil {
			return err
		}
		order[codeOrder[i]] = byte(n)
	}
	if err := d.literals.build(order[:]); err != nil {
		return err
	}
	var lengths [286 + 32]byte
	for i := 0; i < literals+dists; {
		s, err := d.decode(&d.literals)
		if err != nil {
			return err
		}
		if s < 16 {
			lengths[i] = byte(s)
			i++
			continue
		}
		n, err := d.bits([...]uint{2, 3, 7}[s-16])
		if err != nil {
			return err
		}
		repeat, value := int(n)+[...]int{3, 3, 11}[s-16], byte(0)
		if s == 16 {
			if i == 0 {
				return fmt.Errorf("%w: code lengths begin with a repeat", ErrCorrupt)
			}
			value = lengths[i-1]
		}
		if i+repeat > literals+dists {
			return fmt.Errorf("%w: too many code lengths", ErrCorrupt)
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	if err := d.literals.build(lengths[:literals]); err != nil {
		return err
	}
	return d.offsets.build(lengths[literals : literals+dists])
}

// bits reads n bits, lowest first.
func (d *deflate64Reader) bits(n uint) (uint32, error) {
	for d.have < n {
		b, err := d.in.ReadByte()
		if err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		d.acc |= uint64(b) << d.have
		d.have += 8
	}
	v := uint32(d.acc & (1<<n - 1))
	d.acc >>= n
	d.have -= n
	return v, nil
}

// decode reads one symbol.
func (d *deflate64Reader) decode(h *huffman) (int, error) {
	for {
		e := h.table[d.acc&(1<<maxBits-1)]
		if n := uint(e & 15); n > 0 && n <= d.have {
			d.acc >>= n
			d.have -= n
			return int(e >> 4), nil
		}
		if d.have >= maxBits {
			return 0, fmt.Errorf("%w: no such code", ErrCorrupt)
		}
		b, err := d.in.ReadByte()
		if err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		d.acc |= uint64(b) << d.have
		d.have += 8
	}
}

// huffman maps the next 15 bits to a symbol and the length of its code, 0 for bits that are no code.
type huffman struct{ table [1 << maxBits]uint16 }

// build makes the table of the canonical code with these lengths.
func (h *huffman) build(lengths []byte) error {
	var count, next [maxBits + 2]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	code := 0
	for n := 1; n <= maxBits; n++ {
		code = (code + count[n-1]) << 1
		next[n] = code
		if code+count[n] > 1<<n {
			return fmt.Errorf("%w: more codes than there are", ErrCorrupt)
		}
	}
	clear(h.table[:])
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		first := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		for i := first; i < len(h.table); i += 1 << n {
			h.table[i] = uint16(symbol)<<4 | uint16(n)
		}
	}
	return nil
}
