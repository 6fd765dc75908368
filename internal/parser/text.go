package parser

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/evidence"
)

const (
	textChunk = 256 << 10 // how much a textReader reads at a time, once it has read a little
	firstText = 16 << 10  // how much it reads first: often somebody only wants to see how a file begins
	maxUnit   = 16 << 20  // longest line or object that is kept in memory
)

// encoding is how the bytes of a text file stand for characters.
type encoding uint8

const (
	utf8Text encoding = iota
	utf16LE
	utf16BE
)

// sniffEncoding reads the byte order mark: what the text is written in, and how long the mark is.
func sniffEncoding(head []byte) (enc encoding, mark int) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return utf8Text, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16LE, 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16BE, 2
	}
	return utf8Text, 0
}

// textHead returns the first bytes of a file as UTF-8 without the byte order mark.
func textHead(head []byte) []byte {
	enc, mark := sniffEncoding(head)
	if head = head[mark:]; enc == utf8Text {
		return head
	}
	return appendFromUTF16(nil, head, enc)
}

// textReader is a window over a text file. The window is UTF-8 whatever the file is in, and every place of it can
// be named by its offset in the file. Slices of the window are valid until the next fill.
type textReader struct {
	in   *evidence.Input
	enc  encoding
	buf  []byte // the window
	pos  int    // what lies before it is done with
	next int64  // offset of the first byte of the file that is not in the window yet
	step int64  // how much is read next
	raw  []byte // bytes as read, where they are not UTF-8
	eof  bool
	err  error // why reading ended early

	begin   int   // of the line taken last
	lineOff int64 // its offset in the file
	markPos int   // a place of the window and
	markOff int64 // its offset in the file
}

// textWindows is memory for windows.
var textWindows = sync.Pool{New: func() any { b := make([]byte, 0, 2*textChunk); return &b }}

// close gives the window back. Nothing that was taken from it may be looked at any more.
func (r *textReader) close() {
	if r.buf != nil && cap(r.buf) <= 4*textChunk {
		b := r.buf[:0]
		textWindows.Put(&b)
	}
	r.buf = nil
}

// open begins at the given offset, or after the byte order mark at the file's start. close is to be called at the end.
func (r *textReader) open(in *evidence.Input, from int64) {
	head := make([]byte, 4)
	n, _ := in.ReadAt(head, 0)
	enc, mark := sniffEncoding(head[:n])
	if from < int64(mark) {
		from = int64(mark)
	}
	*r = textReader{in: in, enc: enc, next: from, markOff: from, step: firstText, buf: *textWindows.Get().(*[]byte)}
}

// fill reads on, after dropping from the window what is done with. It says whether there is more text now.
func (r *textReader) fill() bool {
	if r.eof {
		return false
	}
	r.markOff = r.offset(r.pos)
	r.markPos = 0
	if r.pos > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.pos:])]
		r.pos = 0
	}
	want := min(r.step, r.in.Size-r.next)
	r.step = min(2*r.step, textChunk)
	if want <= 0 {
		r.eof = true
		return false
	}
	n, err := r.read(int(want))
	if n < int(want) {
		r.eof = true
		if errors.Is(err, io.EOF) && r.in.To < r.in.Size && r.next >= r.in.To {
			return n > 0 // the file became shorter, behind this part: its last part says so
		}
		if r.err = evidence.ErrTruncated; err != nil && !errors.Is(err, io.EOF) {
			r.err = err
		}
	}
	return n > 0
}

// read adds up to want bytes of the file to the window.
func (r *textReader) read(want int) (n int, err error) {
	if r.enc == utf8Text {
		start := len(r.buf)
		r.buf = grow(r.buf, want)
		n, err = r.in.ReadAt(r.buf[start:], r.next)
		r.buf = r.buf[:start+n]
		r.next += int64(n)
		return n, err
	}
	r.raw = grow(r.raw[:0], want)
	n, err = r.in.ReadAt(r.raw, r.next)
	raw := r.raw[:n]
	if r.next+int64(n) < r.in.Size { // units and pairs that go on after this piece are left for the next one
		raw = raw[:n&^1]
		if k := len(raw); k > 2 && r.enc.unit(raw[k-2:])&0xfc00 == 0xd800 {
			raw = raw[:k-2]
		}
	}
	r.buf = appendFromUTF16(r.buf, raw, r.enc)
	r.next += int64(len(raw))
	return n, err
}

// offset names a place of the window by its offset in the file. Places must be asked for in rising order.
func (r *textReader) offset(pos int) int64 {
	if r.enc == utf8Text {
		return r.markOff + int64(pos-r.markPos)
	}
	for r.markPos < pos {
		c, n := utf8.DecodeRune(r.buf[r.markPos:])
		r.markPos += n
		r.markOff += 2
		if c >= 0x10000 {
			r.markOff += 2
		}
	}
	return min(r.markOff, r.in.Size)
}

// need reads on until n bytes of text, or all that is left, are in the window; it says whether there are any.
func (r *textReader) need(n int) bool {
	for len(r.buf)-r.pos < n && r.fill() {
	}
	return r.pos < len(r.buf)
}

// line takes the next line, without its newline. whole is false where it is longer than maxUnit: then line is its
// beginning, and the rest is passed over. ok is false at the end of the text.
func (r *textReader) line() (line []byte, whole, ok bool) {
	seen := 0
	for {
		if i := bytes.IndexByte(r.buf[r.pos+seen:], '\n'); i >= 0 {
			end := r.pos + seen + i
			line, r.begin, r.pos = r.buf[r.pos:end], r.pos, end+1
			r.lineOff = r.offset(r.begin)
			return line, len(line) <= maxUnit, true
		}
		if seen = len(r.buf) - r.pos; seen > maxUnit {
			r.lineOff = r.offset(r.pos)
			line = append([]byte(nil), r.buf[r.pos:r.pos+textChunk]...)
			r.skipLine()
			return line, false, true
		}
		if !r.fill() {
			break
		}
	}
	if r.pos == len(r.buf) {
		return nil, false, false
	}
	line, r.begin, r.pos = r.buf[r.pos:], r.pos, len(r.buf)
	r.lineOff = r.offset(r.begin)
	return line, true, true
}

// at returns the offset of place i of the line that was taken last. Places must be asked for in rising order.
func (r *textReader) at(i int) int64 {
	if i == 0 {
		return r.lineOff
	}
	return r.offset(r.begin + i)
}

// skipLine goes to the start of the next line.
func (r *textReader) skipLine() {
	for {
		if i := bytes.IndexByte(r.buf[r.pos:], '\n'); i >= 0 {
			r.pos += i + 1
			return
		}
		r.pos = len(r.buf)
		if !r.fill() {
			return
		}
	}
}

// openLines begins with the first line that starts in [in.From, in.To).
func (r *textReader) openLines(in *evidence.Input) {
	if in.From <= 0 {
		r.open(in, 0)
		return
	}
	r.open(in, in.From-1) // whether a line starts at From, the byte before it says
	if r.markOff >= in.From {
		return
	}
	for r.fill() {
		if i := bytes.IndexByte(r.buf[r.pos:], '\n'); i >= 0 {
			r.pos += i + 1
			return
		}
		r.pos = len(r.buf)
		if r.offset(r.pos) >= in.To {
			return
		}
	}
}

// splitLines cuts a text file of lines into parts of about n bytes.
func splitLines(size, n int64) []int64 {
	parts := []int64{0}
	for at := n; at < size; at += n {
		parts = append(parts, at)
	}
	return parts
}

func (e encoding) unit(b []byte) uint16 {
	if e == utf16BE {
		return uint16(b[0])<<8 | uint16(b[1])
	}
	return uint16(b[0]) | uint16(b[1])<<8
}

// appendFromUTF16 appends UTF-16 as UTF-8: two bytes of the file become one character below U+10000, four one
// above, so that offsets can be counted back.
func appendFromUTF16(dst, raw []byte, e encoding) []byte {
	for i := 0; i+1 < len(raw); i += 2 {
		c := rune(e.unit(raw[i:]))
		if c < utf8.RuneSelf {
			dst = append(dst, byte(c))
			continue
		}
		if utf16.IsSurrogate(c) {
			low := rune(utf8.RuneError)
			if i+3 < len(raw) {
				low = rune(e.unit(raw[i+2:]))
			}
			if c = utf16.DecodeRune(c, low); c != utf8.RuneError {
				i += 2
			}
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b[:len(b)+n]
	}
	bigger := make([]byte, len(b)+n, max(len(b)+n, 2*cap(b)))
	copy(bigger, b)
	return bigger
}
