package parser

import (
	"iter"

	"github.com/goshawk-ir/goshawk/evtx"
	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

// carve yields the records that lie in a file of no known kind. A file without any gives nothing, and no problem.
func (l *evtxLogs) carve(in *evidence.Input) iter.Seq2[[]*event.Record, error] {
	return func(yield func([]*event.Record, error) bool) {
		r := l.newReader()
		r.begin(in.Origin, yield)
		for batch, err := range evtx.CarveBatches(in, in.Size, r.chunk) {
			if !r.take(batch, err) {
				return
			}
		}
	}
}
