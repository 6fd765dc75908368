package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// rendered is a worker that makes JSON lines of records, a few at a time.
type rendered struct{ lines []byte }

// Records renders some.
func (w *rendered) Records(batch []*event.Record, give func([]byte)) {
	for _, r := range batch {
		if w.lines = append(r.AppendJSON(w.lines), '\n'); len(w.lines) >= 200 {
			lines, _ := w.Rest()
			give(lines)
		}
	}
}

// Rest hands on what is left.
func (w *rendered) Rest() ([]byte, bool) {
	lines := w.lines
	w.lines = nil
	return lines, len(lines) > 0
}

// reading is what a run made of its files.
type reading struct {
	Lines    map[string]string // of each file
	Files    []string          // in the order of Sink.File: path, size, hash, records, problems
	switches int               // how often a batch was of another file than the one before
	ahead    int               // the most files that a batch was ahead of those spoken of
}

func readAll(ctx context.Context, o Options, mixed bool) (*reading, error) {
	lines := map[string][]byte{}
	out := &reading{Lines: map[string]string{}}
	var before *File
	err := Run(ctx, o, func() Worker[[]byte] { return &rendered{} }, Sink[[]byte]{
		Mixed: mixed,
		Batch: func(f *File, b []byte) error {
			if before != f {
				out.switches++
			}
			before = f
			out.ahead = max(out.ahead, f.Number-len(out.Files))
			lines[f.Path] = append(lines[f.Path], b...)
			return nil
		},
		File: func(f *File) error {
			out.Files = append(out.Files, fmt.Sprintf("%s %d %s %d %v %s", f.Path, f.Size, f.SHA256, f.Records, f.Problems, f.Kind))
			return nil
		},
	})
	for path := range lines {
		out.Lines[path] = string(lines[path])
	}
	return out, err
}

// TestMixed reads two files at a time and makes of each file what it makes of it alone, and speaks of the files in the same
// order: long ones and short ones, such as have problems, such as can't be read in parts, and more of them beside a long one than
// may wait for it.
func TestMixed(t *testing.T) {
	texts := map[string]string{}
	for i := range 90 {
		lines := i * 37 % 23
		if i%30 == 4 {
			lines = 2500
		}
		var b strings.Builder
		for k := range lines {
			fmt.Fprintf(&b, "h%d line %d of %d\n", k%3, k, i)
			if (i+k)%41 == 0 {
				b.WriteString("bad\n")
			}
		}
		texts[fmt.Sprintf("f%02d.txt", i)] = b.String()
	}
	dir := folder(t, texts)
	whole := *lines
	whole.Split = func(in *evidence.Input) []int64 { return []int64{0, 0} } // an empty part
	seen := func(path string, _ []byte) *parser.Parser {
		switch path[len(path)-5] {
		case '3':
			return &whole
		case '6':
			return nil
		}
		return lines
	}
	o := options(dir, 1)
	o.testOnlyFind = seen
	want, err := readAll(context.Background(), o, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(want.Lines); want.switches != n {
		t.Fatalf("%d files in %d pieces: a run that isn't mixed mixes", n, want.switches)
	}
	for _, f := range want.Files {
		path, _, _ := strings.Cut(f, " ")
		if sum := sha256.Sum256([]byte(texts[path])); !strings.Contains(f, hex.EncodeToString(sum[:])) {
			t.Errorf("%s has another hash", f)
		}
	}
	for _, workers := range []int{1, 2, 7} {
		o.Workers = workers
		got, err := readAll(context.Background(), o, true)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Files, got.Files); diff != "" {
			t.Errorf("%d workers, files: %s", workers, diff)
		}
		if !maps.Equal(want.Lines, got.Lines) {
			t.Errorf("%d workers: other lines", workers)
		}
		if got.switches < 2*want.switches {
			t.Errorf("%d workers: %d switches between files, %d without mixing: they are not read together", workers, got.switches, want.switches)
		}
		if got.ahead != filesAhead {
			t.Errorf("%d workers: the walk was %d files ahead of one under way", workers, got.ahead)
		}
	}
}

// TestMixedThatShrink cuts two files that are read together after their sizes were asked.
func TestMixedThatShrink(t *testing.T) {
	text := strings.Repeat("a line of 16 by\n", 40)
	for _, left := range [][2]int{{0, 640}, {63, 64}, {300, 0}, {65, 639}, {1, 1}} {
		var want *reading
		for _, mixed := range []bool{false, true} {
			dir := folder(t, map[string]string{"a.txt": text, "b.txt": text, "c.txt": text})
			o := options(dir, 2)
			o.testOnlyFind = func(path string, _ []byte) *parser.Parser {
				shrinking := *lines
				shrinking.Split = func(in *evidence.Input) []int64 {
					if i := slices.Index([]string{"a.txt", "b.txt"}, path); i >= 0 {
						if err := os.Truncate(filepath.Join(dir, path), int64(left[i])); err != nil {
							t.Error(err)
						}
					}
					return lines.Split(in)
				}
				return &shrinking
			}
			got, err := readAll(context.Background(), o, mixed)
			if err != nil {
				t.Fatal(err)
			}
			got.switches, got.ahead = 0, 0
			if !mixed {
				want = got
			} else if diff := cmp.Diff(want, got, cmp.AllowUnexported(reading{})); diff != "" {
				t.Errorf("%v bytes left: %s", left, diff)
			}
		}
	}
}

// TestMixedStopped stops a run in which two files are under way and one waits. The files that were begun have their hashes.
func TestMixedStopped(t *testing.T) {
	text := strings.Repeat("a line of 16 by\n", 400)
	dir := folder(t, map[string]string{"a.txt": text, "b.txt": text, "c.txt": text, "d.txt": text})
	sum := sha256.Sum256([]byte(text))
	for _, at := range []string{"a.txt", "b.txt", "c.txt", "d.txt"} {
		ctx, stop := context.WithCancel(context.Background())
		o := options(dir, 2)
		o.testOnlyFind = func(path string, _ []byte) *parser.Parser {
			if path == at {
				stop()
			}
			return lines
		}
		got, err := readAll(ctx, o, true)
		stop()
		if err != context.Canceled {
			t.Errorf("stopped at %s: %v", at, err)
		}
		for i, f := range got.Files {
			path, _, _ := strings.Cut(f, " ")
			if path != fmt.Sprintf("%c.txt", 'a'+i) || got.Lines[path] != "" && !strings.Contains(f, hex.EncodeToString(sum[:])) {
				t.Errorf("stopped at %s: file %d is %s", at, i, f)
			}
		}
		if !strings.HasPrefix(got.Files[len(got.Files)-1], at) {
			t.Errorf("stopped at %s: the last file is %s", at, got.Files[len(got.Files)-1])
		}
	}
}

// TestPartsEndTogether lets a file begin beside one that is in the midst of a part: from then on a worker that reads parts of both reads
// each to its end, so that whoever has it in its caches does it.
func TestPartsEndTogether(t *testing.T) {
	const size = 512 << 10
	dir := folder(t, map[string]string{"a.txt": strings.Repeat("x", 3*size+700), "b.txt": strings.Repeat("y", 9*size), "c.txt": strings.Repeat("z", 5*size)})
	o := options(dir, 1)
	o.testOnlyFind = func(string, []byte) *parser.Parser {
		cutting := *lines
		cutting.Split = func(in *evidence.Input) (cuts []int64) {
			for at := int64(0); at < in.Size; at += size {
				cuts = append(cuts, at)
			}
			return cuts
		}
		return &cutting
	}
	walker := 0
	f := &feeder{o: &o, reader: &walker, atOnce: 2}
	yielded := map[string]int{}
	for p := range f.parts(t.Context()) {
		yielded[p.file.Path]++
		for _, l := range f.lanes {
			if p.file.Path == "c.txt" && l.file.Path == "b.txt" && l.next != nil {
				t.Errorf("part %d of c.txt is complete, and %d bytes of the next part of b.txt were read", yielded["c.txt"], l.n)
			}
		}
	}
	if f.failed != nil || yielded["a.txt"] != 4 || yielded["b.txt"] != 9 || yielded["c.txt"] != 5 {
		t.Errorf("%v, %v", yielded, f.failed)
	}
}

// TestLogsThatShrink cuts logs that are read in parts after their sizes were asked, near an end of a part: that is said once, and not again
// by a part that looks beyond its own end.
func TestLogsThatShrink(t *testing.T) {
	const part = 1 << 20
	texts := map[string]string{}
	for name, line := range map[string]string{"a.json": `{"EventID": 4624, "Channel": "Security", "n": %d}`, "b.log": "2024-01-02T03:04:05Z host sshd[12]: message %d"} {
		var b strings.Builder
		for i := 0; b.Len() < 3*part; i++ {
			fmt.Fprintf(&b, line+"\n", i)
		}
		texts[name] = b.String()
	}
	for _, left := range []int64{part, part + 1, part + 1000, 2 * part, 2*part + 70_000, part - 5} {
		dir := folder(t, texts)
		o := Options{Args: []string{dir}, Workers: 2}
		o.testOnlyFind = func(path string, head []byte) *parser.Parser {
			p := *parser.For(path, head, nil)
			split := p.Split
			p.Split = func(in *evidence.Input) []int64 {
				cuts := split(in)
				if err := os.Truncate(filepath.Join(dir, path), left); err != nil {
					t.Error(err)
				}
				return cuts
			}
			return &p
		}
		got, err := readAll(t.Context(), o, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range got.Files {
			if n := strings.Count(f, "read at"); n != 1 {
				t.Errorf("%d bytes left, said %d times: %s", left, n, f)
			}
		}
	}
}
