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

// Records renders records.
func (l *lister) Records(batch []*event.Record, give func(*text)) {
	for _, r := range batch {
		if l.text.buf = l.render(l.text.buf, r); len(l.text.buf) >= batchBytes {
			give(l.swap())
		}
	}
}

// Rest returns the text that was not given away.
func (l *lister) Rest() (*text, bool) {
	if len(l.text.buf) == 0 {
		return nil, false
	}
	return l.swap(), true
}

// swap returns the text, and begins another.
func (l *lister) swap() *text {
	b := l.text
	l.text = l.pool.Get().(*text)
	return b
}
