package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// lines is a parser for these tests: a record a line, in parts of 64 bytes; "panic" panics, "bad" is a problem.
var lines = &parser.Parser{
	Name:  "lines",
	Match: func(string, []byte) bool { return true },
	Split: func(in *evidence.Input) (cuts []int64) {
		for at := int64(0); at < in.Size; at += 64 {
			cuts = append(cuts, at)
		}
		return cuts
	},
	Parse: parseLines,
}

var lineSchema = &event.Schema{Source: "lines", Fields: []event.Field{{Name: "text"}}}

type lineValues string

func (v lineValues) Len(int) int             { return 1 }
func (v lineValues) At(_, _ int) event.Value { return event.TextValue(string(v)) }

func parseLines(in *evidence.Input) iter.Seq2[*event.Record, error] {
	return func(yield func(*event.Record, error) bool) {
		data := make([]byte, in.Size)
		in.ReadAt(data, 0)
		offset := int64(0)
		for line := range strings.Lines(string(data)) {
			at := offset
			offset += int64(len(line))
			if at < in.From || at >= in.To {
				continue
			}
			switch text := strings.TrimSpace(line); text {
			case "panic":
				panic("told to")
			case "bad":
				if !yield(nil, &evidence.Problem{Offset: at, What: "read a line", Err: evidence.ErrCorrupt}) {
					return
				}
			default:
				r := &event.Record{Origin: in.Origin, Schema: lineSchema, Offset: at, Host: text[:1], Time: time.Unix(at, 0).UTC(), Values: lineValues(text)}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func find(string, []byte) *parser.Parser { return lines }

func options(dir string, workers int) Options {
	return Options{Args: []string{dir}, Workers: workers, testOnlyFind: find}
}

// list runs Events and returns what was written and the files.
func list(t *testing.T, ctx context.Context, o Options) (string, map[string]*File, error) {
	t.Helper()
	var out strings.Builder
	files := map[string]*File{}
	render := func(dst []byte, r *event.Record) []byte { return append(r.AppendJSON(dst), '\n') }
	err := Events(ctx, o, render, func(b []byte) error { out.Write(b); return nil }, func(f *File) error { files[f.Path] = f; return nil })
	return out.String(), files, err
}

func TestOrderIsTheSameWithAnyWorkers(t *testing.T) {
	files := map[string]string{}
	for i := range 30 {
		var b strings.Builder
		for k := range i * 7 {
			fmt.Fprintf(&b, "h%d line %d\n", k%3, k)
		}
		files[fmt.Sprintf("f%02d.txt", i)] = b.String() + "x\n"
	}
	dir := folder(t, files)
	want, _, err := list(t, context.Background(), options(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(want, "\n"); n != 30+7*29*30/2 {
		t.Fatalf("%d records", n)
	}
	for _, workers := range []int{2, 3, 16} {
		if got, _, err := list(t, context.Background(), options(dir, workers)); err != nil || got != want {
			t.Errorf("%d workers: not the same output (%v)", workers, err)
		}
	}
}

func TestDamageCostsOnlyItself(t *testing.T) {
	healthy := strings.Repeat("ok line of text\n", 20)
	dir := folder(t, map[string]string{"a.txt": healthy, "b.txt": "x1\nbad\nx2\n", "c.txt": healthy + "panic\n" + healthy, "d.txt": healthy})
	out, files, err := list(t, context.Background(), options(dir, 2))
	if err != nil {
		t.Fatal(err)
	}
	if f := files["b.txt"]; f.Records != 2 || f.ProblemCount != 1 || f.Problems[0].Offset != 3 || !f.Unread() {
		t.Errorf("b.txt: %d records, problems %v", f.Records, f.Problems)
	}
	// The panic costs the rest of its part, 64 bytes, and no more.
	f := files["c.txt"]
	if f.Records < 36 || f.ProblemCount != 1 || !strings.Contains(f.Problems[0].Error(), "internal fault") {
		t.Errorf("c.txt: %d records, problems %v", f.Records, f.Problems)
	}
	for _, name := range []string{"a.txt", "d.txt"} {
		if f := files[name]; f.Records != 20 || f.Unread() || f.Hosts["o"].Records != 20 {
			t.Errorf("%s: %d records", name, f.Records)
		}
	}
	if n := strings.Count(out, "\n"); int64(n) != 42+f.Records {
		t.Errorf("%d lines written", n)
	}
}

func TestSpanOfTime(t *testing.T) {
	o := options(folder(t, map[string]string{"a.txt": strings.Repeat("abc\n", 10)}), 1)
	o.From, o.To = time.Unix(8, 0), time.Unix(20, 0)
	out, _, err := list(t, context.Background(), o)
	if err != nil || strings.Count(out, "\n") != 3 {
		t.Errorf("%v, records:\n%s", err, out)
	}
}

func TestErrorOfTheSink(t *testing.T) {
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprint(i)] = strings.Repeat("some text\n", 100)
	}
	full := errors.New("disk full")
	err := Events(context.Background(), options(folder(t, files), 4), func(dst []byte, r *event.Record) []byte { return r.AppendJSON(dst) },
		func([]byte) error { return full }, nil)
	if !errors.Is(err, full) {
		t.Errorf("error is %v", err)
	}
}

func TestStop(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("%03d", i)] = strings.Repeat("some text\n", 50)
	}
	ctx, cancel := context.WithCancel(context.Background())
	seen := 0
	o := options(folder(t, files), 2)
	err := Events(ctx, o, func(dst []byte, r *event.Record) []byte { return r.AppendJSON(dst) }, func([]byte) error { return nil },
		func(f *File) error {
			if seen++; seen == 10 {
				cancel()
			}
			return nil
		})
	if !errors.Is(err, context.Canceled) || seen < 10 || seen == 200 {
		t.Errorf("%d files handed on, error %v", seen, err)
	}
}

func TestMissingArgument(t *testing.T) {
	_, _, err := list(t, context.Background(), options(filepath.Join(t.TempDir(), "absent"), 1))
	if err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("error is %v", err)
	}
}
