package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/goshawk-ir/goshawk/internal/pipeline"
)

// evidenceTally gathers what was and was not read.
type evidenceTally struct {
	files, parsed, unread, unknown int
	bytes                          int64
	records, recovered             int64
	problems                       []string
	more                           int64
}

// maxListed bounds the problems that are listed at the end of a run.
const maxListed = 50

func (t *evidenceTally) file(f *pipeline.File) error {
	t.files++
	t.bytes += f.Size
	t.records += f.Records
	t.recovered += f.Recovered
	switch {
	case f.Unread():
		t.unread++
	case f.Parser == "" && f.Records+f.Recovered == 0 && !f.Container:
		t.unknown++
	}
	if f.Parser != "" {
		t.parsed++
	}
	if !f.Unread() {
		return nil // what was left alone on purpose
	}
	if f.Stopped {
		t.problems = append(t.problems, f.Path+": the run was stopped before its end")
	}
	for _, p := range f.Problems {
		if len(t.problems) < maxListed {
			t.problems = append(t.problems, fmt.Sprintf("%s: %v", f.Path, p))
		} else {
			t.more++
		}
	}
	t.more += f.ProblemCount - int64(len(f.Problems))
	return nil
}

// finish ends a run whose results are in out: makes them appear, lists what was not read and gives the error
// that stands for the exit status.
func (t *evidenceTally) finish(env *environment, out *output, err error) error {
	if err != nil && !isInterrupted(err) {
		return err
	}
	if commitErr := out.commit(); commitErr != nil {
		return commitErr
	}
	t.list(env)
	switch {
	case err != nil:
		return err
	case t.unread > 0:
		return errUnread
	}
	return nil
}

// list says on standard error what could not be read in full.
func (t *evidenceTally) list(env *environment) {
	if t.unread == 0 {
		return
	}
	fmt.Fprintf(env.stderr, "goshawk: %s could not be read in full:\n", plural(t.unread, "file"))
	for _, p := range t.problems {
		fmt.Fprintln(env.stderr, " ", clean(p))
	}
	if t.more > 0 {
		fmt.Fprintf(env.stderr, "  ... and %s\n", plural(t.more, "more problem"))
	}
}

func isInterrupted(err error) bool { return errors.Is(err, context.Canceled) }
