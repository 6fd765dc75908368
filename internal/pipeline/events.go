package pipeline

import (
	"context"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// Renderer appends one record to dst in some output form.
type Renderer func(dst []byte, r *event.Record) []byte

// Events hands every record on, rendered, in order of path and offset: write gets whole records, many at a time.
func Events(ctx context.Context, o Options, render Renderer, write func([]byte) error, file func(*File) error) error {
	newWorker := func() Worker[[]byte] { return &lister{render: render} }
	return Run(ctx, o, newWorker, Sink[[]byte]{
		Batch: func(_ *File, b []byte) error { return write(b) },
		File:  file,
	})
}

// lister is the worker that renders records.
type lister struct {
	render Renderer
	buf    []byte
}

// Record renders one record.
func (l *lister) Record(r *event.Record) { l.buf = l.render(l.buf, r) }

// Take hands the text on.
func (l *lister) Take(end bool) ([]byte, bool) {
	if len(l.buf) == 0 || !end && len(l.buf) < batchBytes {
		return nil, false
	}
	b := l.buf
	l.buf = make([]byte, 0, batchBytes+batchBytes/4)
	return b, true
}
