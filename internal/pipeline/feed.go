package pipeline

import (
	"cmp"
	"context"
	"iter"

	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// maxHeld bounds the part of a file that is read into memory for its worker: what parsers that split make is about half as
// long.
const maxHeld = 2<<20 + 4096

// usualPart is the length of most parts, which are those of event logs.
const usualPart = 512<<10 + 4096

// filesAhead bounds how far the walk goes on while a file is under way: so many files may have to wait for it, since Sink.File
// is called in the walk's order.
const filesAhead = 16

// feeder walks the evidence and yields the parts of its files.
//
// Where the sink takes the parts of two files in turn, two files are read at a time, so that their hashes are made at once
// (see sha256x2). A file that finds no second one beside it waits, open, while the walk goes on. Whatever can't be
// read in parts is done with in between, when the walk comes to it.
type feeder struct {
	o      *Options
	yield  func(*part) bool
	failed error         // what ended the walk before its end
	memory shelf[[]byte] // of parts that are done
	reader *int          // which worker is walking at present
	lanes  []*lane       // files that are being read, or wait for a second one, in the walk's order
	atOnce int           // how many are read together: 1 or 2
}

// parts yields all parts. Afterwards failed says what was in the way.
func (f *feeder) parts(ctx context.Context) iter.Seq[*part] {
	return func(yield func(*part) bool) {
		f.yield = yield
		f.failed = f.walk(ctx)
	}
}

func (f *feeder) walk(ctx context.Context) error {
	f.o.Evidence.LateHash = true
	number := 0
	var failed error
	for found, err := range evidence.Walk(ctx, f.o.Args, f.o.Evidence) {
		if err != nil {
			failed = err
			break
		}
		file := newFile(found, number)
		number++
		f.o.Progress.found(file)
		for len(f.lanes) > 0 && file.Number-f.lanes[0].file.Number > filesAhead {
			f.step()
		}
		f.file(file)
	}
	for len(f.lanes) > 0 {
		if l := f.lanes[0]; ctx.Err() != nil && !l.begun() { // so nothing was found in it
			f.lanes = f.lanes[1:]
			f.whole(l.file, l.in, l.parser, l.cuts)
			continue
		}
		f.step()
	}
	return cmp.Or(failed, ctx.Err())
}

// file opens a file and cuts it up. There is at least one part, so that each file reaches the sink.
func (f *feeder) file(file *File) {
	in, p, cuts := f.cut(file)
	if !file.Unhashed() || in == nil || p == nil || !canHold(cuts, in.Size) {
		f.whole(file, in, p, cuts)
		return
	}
	f.lanes = append(f.lanes, &lane{file: file, in: in, parser: p, cuts: cuts, had: len(file.File.Problems)})
	for len(f.lanes) == f.atOnce {
		f.step()
	}
}

// whole makes the hash of a file, if it is still to be made, before its workers read their parts themselves.
func (f *feeder) whole(file *File, in *evidence.Input, p *parser.Parser, cuts []int64) {
	if file.Unhashed() {
		size := file.Size
		had := len(file.File.Problems)
		file.Hash()
		file.late(file.File.Problems[had:])
		if file.Size != size {
			in, p, cuts = f.cut(file)
		}
	}
	for i := range cuts {
		part := f.newPart(file, p, in, cuts, i)
		part.last = i == len(cuts)-1
		f.yield(part)
	}
}

// cut opens a file, unless it is open, finds its parser and says where its parts begin.
func (f *feeder) cut(file *File) (*evidence.Input, *parser.Parser, []int64) {
	file.release()
	file.Parser = ""
	in, p := file.open(f.o)
	cuts := []int64{0}
	if p != nil && p.Split != nil {
		if c := p.Split(in); len(c) > 0 {
			cuts = c
			cuts[0] = 0
		}
	}
	return in, p, cuts
}

func (f *feeder) newPart(file *File, p *parser.Parser, in *evidence.Input, cuts []int64, i int) *part {
	made := &part{by: *f.reader, file: file, parser: p, tally: tallies.Get().(*tally)}
	if p == nil {
		return made
	}
	piece := *in
	piece.From, piece.To = cuts[i], in.Size
	if i+1 < len(cuts) {
		piece.To = cuts[i+1]
	}
	made.input = &piece
	return made
}

// canHold says whether all parts of a file can be read into memory: none is too long, and none is empty.
func canHold(cuts []int64, size int64) bool {
	for i, from := range cuts {
		to := size
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		if to <= from || to-from > maxHeld {
			return false
		}
	}
	return true
}

// buffer returns memory for a part that a worker is to read.
func (f *feeder) buffer(by, size int) []byte {
	if buf, ok := f.memory.get(by); ok && cap(buf) >= size {
		return buf[:size]
	}
	return make([]byte, size, max(size, usualPart))
}
