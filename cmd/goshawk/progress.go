package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/goshawk-ir/goshawk/internal/pipeline"
)

// showProgress keeps one line of progress on a terminal until the returned function is called, once or more; it is silent
// where w is none.
func showProgress(w io.Writer, p *pipeline.Progress, quiet bool) (stop func()) {
	if quiet || !isTerminal(w) {
		return func() {}
	}
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		start := time.Now()
		for {
			select {
			case <-done:
				fmt.Fprint(w, "\r\x1b[K")
				return
			case <-tick.C:
				fmt.Fprint(w, "\r\x1b[K", fit(progressLine(p, time.Since(start)), newTerminal(w, true).width-1))
			}
		}
	}()
	return sync.OnceFunc(func() { close(done); <-gone })
}

func progressLine(p *pipeline.Progress, passed time.Duration) string {
	bytes, records := p.BytesDone.Load(), p.Records.Load()
	line := fmt.Sprintf("%s  %d of %d files  %s of %s  %s", passed.Round(time.Second),
		p.FilesDone.Load(), p.FilesFound.Load(), size(bytes), size(p.BytesFound.Load()), plural(records, "record"))
	if n := p.Faults.Load(); n > 0 {
		line += fmt.Sprintf("  %s with unread parts", plural(n, "file"))
	}
	return line
}
