package pipeline

import (
	"slices"

	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// lane is a file that is read once, part by part, for its hash and for the workers, who find their parts in memory. A
// part is handed on when the next one was read: so a file that ends sooner than its size says ends for the parts there as
// it does when it was read through before. A file under way is read to its end even when the run is stopped: what was
// found in it bears its hash.
type lane struct {
	file   *File
	in     *evidence.Input
	parser *parser.Parser
	cuts   []int64
	had    int // problems of the file before it was read

	parts int    // that were begun
	next  *part  // is being read; nil between two parts
	buf   []byte // its memory
	n     int    // how much of it was read
	ready *part  // was read before that
}

func (l *lane) begun() bool { return l.parts > 0 }

func (l *lane) done() bool {
	return !l.file.Unhashed() || l.next == nil && l.parts == len(l.cuts)
}

// step reads on in the files under way. Two files go on by as much as both parts have room for, whatever the lengths of the
// parts; a file that is alone goes on by a part.
func (f *feeder) step() {
	if len(f.lanes) == 1 {
		l := f.lanes[0]
		f.took(l, l.file.ReadNext(f.room(l)))
	} else {
		l, m := f.lanes[0], f.lanes[1]
		n, other := evidence.ReadBoth(l.file.File, m.file.File, f.room(l), f.room(m))
		f.took(l, n)
		f.took(m, other)
	}
	f.lanes = slices.DeleteFunc(f.lanes, func(l *lane) bool { return l.done() })
}

// room returns the memory that the next bytes of a file are to be read into.
func (f *feeder) room(l *lane) []byte {
	if l.next == nil {
		l.next = newPart(l.file, l.parser, l.in, l.cuts, l.parts)
		l.parts++
		l.buf, l.n = f.buffer(int(l.next.input.To-l.next.input.From)), 0
	}
	return l.buf[l.n:]
}

// took takes in that n bytes were read into the room of a file.
func (f *feeder) took(l *lane, n int) {
	l.n += n
	if l.n < len(l.buf) && l.file.Unhashed() {
		return
	}
	next, buf, read := l.next, l.buf, l.n
	l.next, l.buf = nil, nil
	if read == 0 && l.ready != nil { // the file ended with the part before
		f.release(buf)
	} else {
		drop := next.input.Hold(next.input.From, buf[:read])
		next.done = func() { drop(); f.release(buf) }
		if !l.file.Unhashed() {
			next.end(l.file.Size)
		}
		if l.ready != nil {
			if !l.file.Unhashed() {
				l.ready.input.Size = l.file.Size
			}
			f.yield(l.ready)
		}
		l.ready = next
	}
	if l.done() {
		f.last(l)
	}
}

// last hands on the last part of a file.
func (f *feeder) last(l *lane) {
	l.ready.end(l.file.Size)
	l.ready.last, l.ready.late = true, l.file.File.Problems[l.had:]
	if l.file.Size == 0 {
		l.ready.parser, l.file.Parser = nil, ""
	}
	f.yield(l.ready)
}

// end makes the part the last one of a file of size bytes.
func (p *part) end(size int64) { p.input.Size, p.input.To = size, size }
