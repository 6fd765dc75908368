package bin

// Scratch is memory for texts that are put together for one owner at a time. A text is valid until another owner asks for one.
type Scratch struct {
	buf   []byte
	owner any
}

// maxScratch is how much is kept in one piece of memory. What an owner has beyond it lies elsewhere, as long as somebody has it.
const maxScratch = 2 << 20

// Append returns what add appends to the bytes that it is given.
func (s *Scratch) Append(owner any, add func(dst []byte) []byte) []byte {
	if s.owner != owner {
		s.owner, s.buf = owner, s.buf[:0]
	}
	if len(s.buf) > maxScratch {
		s.buf = make([]byte, 0, 2*maxScratch)
	}
	start := len(s.buf)
	s.buf = add(s.buf)
	return s.buf[start:len(s.buf):len(s.buf)]
}

// Forget takes back the texts of an owner, if it is the last that asked for one.
func (s *Scratch) Forget(owner any) {
	if s.owner == owner {
		s.owner = nil
	}
}

// Cap returns how many bytes are held.
func (s *Scratch) Cap() int { return cap(s.buf) }
