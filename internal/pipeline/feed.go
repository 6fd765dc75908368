package pipeline

import (
	"context"

	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// maxHeld bounds the part of a file that is read into memory for its worker: what parsers that split make is about half as
// long.
const maxHeld = 2<<20 + 4096

// feeder walks the evidence and queues the parts of its files, for the workers and, in the same order, for the consumer.
type feeder[B any] struct {
	o           *Options
	work, order chan<- *part[B]
	free        chan []byte // memory of parts that are done
}

func (f *feeder[B]) walk(ctx context.Context) error {
	f.o.Evidence.LateHash = true
	number := 0
	for found, err := range evidence.Walk(ctx, f.o.Args, f.o.Evidence) {
		if err != nil {
			return err
		}
		file := newFile(found, number)
		number++
		f.o.Progress.found(file)
		f.file(file)
	}
	return ctx.Err()
}

func (f *feeder[B]) send(p *part[B]) {
	f.order <- p
	f.work <- p // parts are taken in order, so the one that the consumer waits for is always under way
}

// file opens a file and cuts it up. There is at least one part, so that each file reaches the consumer.
func (f *feeder[B]) file(file *File) {
	in, p, cuts := f.cut(file)
	if file.Unhashed() {
		if in != nil && p != nil && canHold(cuts, in.Size) {
			f.read(file, in, p, cuts)
			return
		}
		size := file.Size
		had := len(file.File.Problems)
		file.Hash()
		file.late(file.File.Problems[had:])
		if file.Size != size {
			in, p, cuts = f.cut(file)
		}
	}
	for i := range cuts {
		part := newPart[B](file, p, in, cuts, i)
		part.last = i == len(cuts)-1
		f.send(part)
	}
}

// cut opens a file, unless it is open, finds its parser and says where its parts begin.
func (f *feeder[B]) cut(file *File) (*evidence.Input, *parser.Parser, []int64) {
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

func newPart[B any](file *File, p *parser.Parser, in *evidence.Input, cuts []int64, i int) *part[B] {
	made := &part[B]{file: file, parser: p, batches: make(chan B, batchesAhead)}
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

// canHold says whether no part of a file is too long to be read into memory.
func canHold(cuts []int64, size int64) bool {
	for i, from := range cuts {
		to := size
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		if to < from || to-from > maxHeld {
			return false
		}
	}
	return true
}

// read reads a file once, part by part, for its hash and for the workers, who find their parts in memory. A part
// is handed on when the next one was read: so a file that ends sooner than its size says ends for the parts there as
// it does when it was read through before. A file under way is read to its end even when the run is stopped: what was
// found in it bears its hash.
func (f *feeder[B]) read(file *File, in *evidence.Input, p *parser.Parser, cuts []int64) {
	had := len(file.File.Problems)
	var ready *part[B]
	for i := 0; i < len(cuts) && file.Unhashed(); i++ {
		next := newPart[B](file, p, in, cuts, i)
		buf := f.buffer(int(next.input.To - next.input.From))
		n := file.ReadNext(buf)
		if n == 0 && ready != nil { // the file ended with the part before
			f.release(buf)
			break
		}
		drop := next.input.Hold(next.input.From, buf[:n])
		next.done = func() { drop(); f.release(buf) }
		if !file.Unhashed() {
			next.end(file.Size)
		}
		if ready != nil {
			if !file.Unhashed() {
				ready.input.Size = file.Size
			}
			f.send(ready)
		}
		ready = next
	}
	ready.end(file.Size)
	ready.last, ready.late = true, file.File.Problems[had:]
	if file.Size == 0 {
		ready.parser, file.Parser = nil, ""
	}
	f.send(ready)
}

// end makes the part the last one of a file of size bytes.
func (p *part[B]) end(size int64) { p.input.Size, p.input.To = size, size }

func (f *feeder[B]) buffer(size int) []byte {
	select {
	case buf := <-f.free:
		if cap(buf) >= size {
			return buf[:size]
		}
	default:
	}
	return make([]byte, size, max(size, 1<<20+4096))
}

func (f *feeder[B]) release(buf []byte) {
	select {
	case f.free <- buf:
	default: // more than are ever needed at a time
	}
}
