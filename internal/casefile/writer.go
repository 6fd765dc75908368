package casefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Writer builds a case in a folder beside its place: ".NAME.partial-N". Finish puts it there, Abort removes it. After an
// error every further call returns the same error. A Writer is for one goroutine.
type Writer struct {
	place    place
	dir      string // where the case is built
	evidence *output
	findings *output
	totals   Totals
	outputs  []Output
	buf      []byte
	err      error
	done     bool
}

// Create begins a case that will stand at dir. A folder that is there already must be empty, or, with overwrite, a case
// of goshawk that holds nothing else.
func Create(dir string, overwrite bool) (*Writer, error) {
	p, err := findPlace(dir, overwrite)
	if err != nil {
		return nil, err
	}
	if err := p.makeParents(); err != nil {
		return nil, p.fail("make the folder for", err)
	}
	w := &Writer{place: p, totals: Totals{Levels: map[string]int64{}}}
	if w.dir, err = p.makePartial(); err == nil {
		if w.evidence, err = createOutput(w.dir, EvidenceName); err == nil {
			w.findings, err = createOutput(w.dir, FindingsName)
		}
	}
	if err != nil {
		w.Abort()
		return nil, p.fail("begin", err)
	}
	return w, nil
}

// Evidence adds a line to evidence.jsonl.
func (w *Writer) Evidence(f *EvidenceFile) error {
	f.bound()
	w.line(w.evidence, f)
	t := &w.totals
	t.Files++
	t.Bytes += f.Bytes
	t.Records += f.Records
	t.Recovered += f.Recovered
	t.Problems += max(f.ProblemCount, int64(len(f.Problems)))
	switch f.Status {
	case StatusRead:
		t.FilesRead++
	case StatusPartly:
		t.FilesPartly++
	case StatusUnreadable:
		t.FilesUnreadable++
	default:
		t.FilesNotParsed++
	}
	return w.err
}

// Findings adds lines to findings.jsonl. Findings come in order of time.
func (w *Writer) Findings(l *Lines) error {
	if w.err == nil {
		_, err := w.findings.Write(l.text)
		w.failed(w.findings.name, err)
	}
	t := &w.totals
	t.Findings += l.totals.Findings
	for level, n := range l.totals.Levels {
		t.Levels[level] += n
	}
	t.widen(l.totals.First)
	t.widen(l.totals.Last)
	return w.err
}

// widen takes a finding's time into the span of all.
func (t *Totals) widen(at time.Time) {
	if at.IsZero() {
		return
	}
	if t.First.IsZero() || at.Before(t.First) {
		t.First = at
	}
	if at.After(t.Last) {
		t.Last = at
	}
}

func (w *Writer) line(o *output, v any) {
	if w.err != nil {
		return
	}
	var err error
	if w.buf, err = appendLine(w.buf[:0], v); err == nil {
		_, err = o.Write(w.buf)
	}
	w.failed(o.name, err)
}

func (w *Writer) failed(name string, err error) {
	if err != nil && w.err == nil {
		w.err = w.place.fail("write "+name+" of", err)
	}
}

// Totals returns what was counted until now.
func (w *Writer) Totals() Totals { return w.totals }

// Dir returns the folder in which the case is being built, for scratch files of the outputs; whoever makes one
// removes it.
func (w *Writer) Dir() string { return w.dir }

// Reader returns a reader over what was written until now; c gives its Case, with the totals filled in. It is valid
// until Finish or Abort.
func (w *Writer) Reader(c *Case) (*Reader, error) {
	for _, o := range []*output{w.evidence, w.findings} {
		w.failed(o.name, o.flush())
	}
	if w.err != nil {
		return nil, w.err
	}
	filled := *c
	w.fill(&filled)
	return &Reader{dir: w.dir, c: filled}, nil
}

// Output writes a further file of the case. If write fails, so does the whole case.
func (w *Writer) Output(name string, write func(o *OutputFile) error) error {
	if w.err != nil {
		return w.err
	}
	o, err := createOutput(w.dir, name)
	if err == nil {
		if err = write((*OutputFile)(o)); err == nil {
			err = o.close()
		} else {
			o.abandon()
		}
	}
	if err == nil {
		w.outputs = append(w.outputs, o.sum())
	}
	w.failed(name, err)
	return w.err
}

// allOutputs lists the files of the case but case.json, by name.
func (w *Writer) allOutputs() []Output {
	all := append([]Output{w.evidence.sum(), w.findings.sum()}, w.outputs...)
	slices.SortFunc(all, func(a, b Output) int { return strings.Compare(a.File, b.File) })
	return all
}

// Finish completes case.json and puts the case into its place.
func (w *Writer) Finish(c *Case) error {
	for _, o := range []*output{w.evidence, w.findings} {
		w.failed(o.name, o.close())
	}
	w.fill(c)
	if w.err == nil {
		w.failed(CaseName, w.writeCase(c))
	}
	if w.err == nil {
		if err := w.place.install(w.dir); err != nil {
			w.err = w.place.fail("put into its place", err)
		}
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	w.done = true
	return nil
}

func (w *Writer) fill(c *Case) {
	c.Format, c.Totals, c.Outputs = Format, w.totals, w.allOutputs()
	if c.Tool.Name == "" {
		c.Tool.Name = toolName
	}
}

func (w *Writer) writeCase(c *Case) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, AppendSafe(nil, data), "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	return os.WriteFile(filepath.Join(w.dir, CaseName), b.Bytes(), 0o666)
}

// Abort removes what was built. After Finish it does nothing, so it can be deferred.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	for _, o := range []*output{w.evidence, w.findings} {
		if o != nil {
			o.abandon()
		}
	}
	if w.dir != "" {
		os.RemoveAll(w.dir) // made by makePartial: nothing but ours is in it
	}
	w.place.removeParents()
	if w.err == nil {
		w.err = errors.New("the case was given up")
	}
}

// fail says what could not be done with the case, and why. The path inside an error of the file system is left out: it
// names the partial folder, which nobody knows.
func (p *place) fail(what string, err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	}
	return fmt.Errorf("%s the case %q: %w", what, p.given, err)
}
