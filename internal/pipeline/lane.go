package pipeline

import (
	"slices"

	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// lane is a file that is read once, part by part, for its hash and for the workers, who find their parts in memory. A file under way is
// read to its end even when the run is stopped: what was found in it bears its hash.
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
}

func (l *lane) begun() bool { return l.parts > 0 }

func (l *lane) done() bool {
	return !l.file.Unhashed() || l.next == nil && l.parts == len(l.cuts)
}

// step reads on in the files under way. Two files go on by as much as both parts have room for, whatever the lengths of the
// parts; a file that is alone, or has to catch up, goes on by a part.
func (f *feeder) step() {
	if l := f.alone(); l != nil {
		f.took(l, l.file.ReadNext(f.room(l)))
	} else {
		l, m := f.lanes[0], f.lanes[1]
		n, other := evidence.ReadBoth(l.file.File, m.file.File, f.room(l), f.room(m))
		f.took(l, n)
		f.took(m, other)
	}
	f.lanes = slices.DeleteFunc(f.lanes, func(l *lane) bool { return l.done() })
}

// littleLeft is how much of a part is read without the other file, so that parts of both end together from then on.
const littleLeft = 8 << 10

// alone returns the file that goes on by itself; nil if both do. One that is in the midst of a part ends it before another file is begun
// beside it, and before the other goes on if little is left: if their parts end together, one worker reads both, and does both.
func (f *feeder) alone() *lane {
	if len(f.lanes) == 1 {
		return f.lanes[0]
	}
	for i, l := range f.lanes {
		if other := f.lanes[1-i]; l.next != nil && other.next == nil && (!other.begun() || len(l.buf)-l.n <= littleLeft) {
			return l
		}
	}
	return nil
}

// room returns the memory that the next bytes of a file are to be read into.
func (f *feeder) room(l *lane) []byte {
	if l.next == nil {
		l.next = f.newPart(l.file, l.parser, l.in, l.cuts, l.parts)
		l.parts++
		l.buf, l.n = f.buffer(l.next.by, int(l.next.input.To-l.next.input.From)), 0
	}
	return l.buf[l.n:]
}

// took takes in that n bytes were read into the room of a file, and hands the part on when it is complete.
func (f *feeder) took(l *lane, n int) {
	l.n += n
	if l.n < len(l.buf) && l.file.Unhashed() {
		return
	}
	p, buf := l.next, l.buf[:l.n]
	l.next, l.buf = nil, nil
	drop := p.input.Hold(p.input.From, buf)
	p.done = func() { drop(); f.memory.put(p.by, buf) }
	if l.n == 0 && l.parts > 1 { // the file ended with the part before
		p.parser = nil
	}
	if l.done() {
		l.last(p)
	}
	f.yield(p)
}

// last makes a part the last one of the file, wherever that has ended.
func (l *lane) last(p *part) {
	p.input.Size, p.input.To = l.file.Size, l.file.Size
	p.last, p.late = true, l.file.File.Problems[l.had:]
	if l.file.Size == 0 {
		p.parser, l.file.Parser = nil, ""
	}
}
