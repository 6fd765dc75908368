package parser

import (
	"bytes"
	"errors"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

// result is what a parser made of a file.
type result struct {
	records  []string // as JSON
	problems []string
}

func inputOf(name string, data []byte) *evidence.Input {
	return &evidence.Input{
		ReaderAt: bytes.NewReader(data), Origin: &event.Origin{Path: name}, Size: int64(len(data)), To: int64(len(data)),
	}
}

// collect runs a parser over one part of a file and holds what it yields to the rules that all parsers follow.
func collect(t testing.TB, p *Parser, in *evidence.Input) result {
	t.Helper()
	var out result
	for r, err := range p.Parse(in) {
		if err != nil {
			var problem *evidence.Problem
			if !errors.As(err, &problem) {
				t.Fatalf("%s: %v is not an *evidence.Problem", p.Name, err)
			}
			if r != nil {
				t.Fatalf("%s: a record and a problem at once", p.Name)
			}
			if problem.What == "" || problem.Err == nil || problem.Offset < -1 || problem.Offset > in.Size {
				t.Fatalf("%s: problem %+v is incomplete or lies outside of the file's %d bytes", p.Name, problem, in.Size)
			}
			out.problems = append(out.problems, problem.Error())
			continue
		}
		if r.Schema == nil || r.Origin == nil || r.Values == nil || r.Schema.Source == "" {
			t.Fatalf("%s: record %+v is incomplete", p.Name, r)
		}
		if r.Offset < 0 || r.Offset >= in.Size {
			t.Fatalf("%s: offset 0x%x is outside of the file's %d bytes", p.Name, r.Offset, in.Size)
		}
		if fast, plain := r.AppendFields(nil), r.PlainFields(nil); !bytes.Equal(fast, plain) {
			t.Fatalf("%s: fields at 0x%x are written as\n%s\nand, value by value, as\n%s", p.Name, r.Offset, fast, plain)
		}
		if plain, spelt := r.PlainFields(nil), event.AppendUnmarked(nil, r.AppendMarked(nil)); !bytes.Equal(spelt, plain) {
			t.Fatalf("%s: fields at 0x%x come out of their marks as\n%s\nand are\n%s", p.Name, r.Offset, spelt, plain)
		}
		checkRaw(t, r)
		out.records = append(out.records, string(r.AppendJSON(nil)))
	}
	return out
}

func (r *result) add(other result) {
	r.records = append(r.records, other.records...)
	r.problems = append(r.problems, other.problems...)
}

// golden is the text that a golden file holds: the records as JSON lines, then the problems.
func (r *result) golden() []byte {
	var b bytes.Buffer
	for _, s := range r.records {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, s := range r.problems {
		b.WriteString("problem: ")
		b.WriteString(s)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
