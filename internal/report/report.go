// Package report makes the outputs of a case out of its findings, one file an output: the page that a person reads
// (report.html), the timeline, the indicators, the Navigator layer. An output registers itself; adding one edits no
// other file.
//
// All outputs read one Model, which sums up the case in memory bounded by what a case may hold of hosts, rules and
// indicators, not by its findings. Nothing here reads a clock, a host name or a version, so that the same case gives the same bytes.
package report

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/casefile"
)

// Output makes one file of a case.
type Output struct {
	Name  string // what it is, for messages: "timeline"
	File  string // in the case folder, "/"-separated
	Doc   string // one line for a reader of the case: what the file is for
	Write func(ctx context.Context, m *Model, w io.Writer) error
	// Last marks an output that shows the hashes of the others: it is written after them.
	Last bool
}

var registered []Output

// register makes o known; called from init. It panics for a file that is taken.
func register(o Output) {
	if o.Name == "" || o.File == "" || o.Doc == "" || o.Write == nil {
		panic(fmt.Sprintf("output %q is incomplete", o.Name))
	}
	for _, have := range registered {
		if have.File == o.File || have.Name == o.Name {
			panic(fmt.Sprintf("output %q is registered twice", o.Name))
		}
	}
	registered = append(registered, o)
	slices.SortFunc(registered, func(a, b Output) int {
		switch {
		case a.Last != b.Last && b.Last:
			return -1
		case a.Last != b.Last:
			return 1
		}
		return strings.Compare(a.File, b.File)
	})
}

// All returns the outputs in the order in which they are written.
func All() []Output { return slices.Clone(registered) }

// WriteAll makes every output of the case that w has the evidence and the findings of. It is called once, after the last
// finding and before Finish. It returns what the outputs were made of; its Reader is not valid after Finish.
func WriteAll(ctx context.Context, w *casefile.Writer, c *casefile.Case) (*Model, error) {
	r, err := w.Reader(c)
	if err != nil {
		return nil, err
	}
	m, err := Build(ctx, r)
	if err != nil {
		return nil, err
	}
	m.Scratch = w.Dir()
	for _, o := range registered {
		if r, err = w.Reader(c); err != nil {
			return nil, err
		}
		m.Case = r.Case()
		if err := w.Output(o.File, func(f *casefile.OutputFile) error { return o.Write(ctx, m, f) }); err != nil {
			return nil, err
		}
	}
	return m, nil
}
