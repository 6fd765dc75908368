package pipeline

import (
	"context"
	"sync"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// Renderer appends one record to dst in some output form.
type Renderer func(dst []byte, r *event.Record) []byte

// Events hands every record on, rendered, in order of path and offset: write gets whole records, many at a time, and does not
// keep them.
func Events(ctx context.Context, o Options, render Renderer, write func([]byte) error, file func(*File) error) error {
	// Each batch is a large buffer; made anew every time they would keep the garbage collector busy.
	pool := &sync.Pool{New: func() any { return &text{buf: make([]byte, 0, batchBytes+batchBytes/4)} }}
	newWorker := func() Worker[*text] { return &lister{render: render, pool: pool, text: pool.Get().(*text)} }
	return Run(ctx, o, newWorker, Sink[*text]{
		Batch: func(_ *File, b *text) error {
			err := write(b.buf)
			b.buf = b.buf[:0]
			pool.Put(b)
			return err
		},
		File: file,
	})
}

type text struct{ buf []byte }

// lister is the worker that renders records.
type lister struct {
	render Renderer
	pool   *sync.Pool
	text   *text
}

// Record renders one record.
func (l *lister) Records(batch []*event.Record) {
	for _, r := range batch {
		l.text.buf = l.render(l.text.buf, r)
	}
}

// Take hands the text on.
func (l *lister) Take(end bool) (*text, bool) {
	if n := len(l.text.buf); n == 0 || !end && n < batchBytes {
		return nil, false
	}
	b := l.text
	l.text = l.pool.Get().(*text)
	return b, true
}
