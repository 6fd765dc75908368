package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
	"github.com/goshawk-ir/goshawk/internal/report"
)

// findingBatch is what one goroutine made of findings that stand behind one another.
type findingBatch struct {
	text   []byte
	known  *finding.Known // of the worker that has the batch
	lines  casefile.Lines
	groups groups
}

// Sizes from which a batch is handed on.
const (
	batchText   = 128 << 10
	batchGroups = 1024
)

func (b *findingBatch) size() int { return len(b.text) + b.lines.Size() }

// findingMakers makes the workers of a hunt, gives them batches and sums up what they counted.
type findingMakers struct {
	render func(b *findingBatch, f *finding.Finding)
	wanted func(f *finding.Finding) bool // nil: all of them
	made   []*findingMaker
	pool   sync.Pool
}

func (m *findingMakers) worker() pipeline.FindingWorker[*findingBatch] {
	w := &findingMaker{makers: m}
	w.swap()
	m.made = append(m.made, w)
	return w
}

// release takes back a batch that was written.
func (m *findingMakers) release(b *findingBatch) {
	b.text, b.known = b.text[:0], nil
	b.lines.Reset()
	b.groups.reset()
	m.pool.Put(b)
}

// tally adds to s what was counted, when the hunt is over.
func (m *findingMakers) tally(s *summary) {
	for _, w := range m.made {
		s.add(&w.tally)
	}
}

// findingMaker is one of a hunt's workers.
type findingMaker struct {
	makers *findingMakers
	batch  *findingBatch
	tally  findingTally
	known  finding.Known
	some   []*finding.Finding // scratch
}

// Findings counts and renders some.
func (w *findingMaker) Findings(batch []*finding.Finding, give func(*findingBatch)) {
	w.some = w.some[:0]
	for _, f := range batch {
		if w.makers.wanted == nil || w.makers.wanted(f) {
			w.tally.finding(f)
			w.some = append(w.some, f)
		}
	}
	w.known.Expect(w.some)
	for _, f := range w.some {
		w.makers.render(w.batch, f)
		if w.batch.size() >= batchText || len(w.batch.groups.rows) >= batchGroups {
			give(w.swap())
		}
	}
}

// Rest returns what was rendered and not given away.
func (w *findingMaker) Rest() (*findingBatch, bool) {
	if w.batch.size()+len(w.batch.groups.rows) == 0 {
		return nil, false
	}
	return w.swap(), true
}

// swap returns the batch, and begins another.
func (w *findingMaker) swap() *findingBatch {
	b := w.batch
	var ok bool
	if w.batch, ok = w.makers.pool.Get().(*findingBatch); !ok {
		w.batch = &findingBatch{}
	}
	w.batch.known = &w.known
	return b
}

// findingWriter writes findings in one format. What can be done with each finding by itself is done by several goroutines.
type findingWriter interface {
	render(b *findingBatch, f *finding.Finding) // adds f to what b holds; called by any goroutine
	write(b *findingBatch) error                // in order
	close() error
}

var findingWriters = map[string]func(w io.Writer, t *terminal, each bool) findingWriter{
	"jsonl": func(w io.Writer, _ *terminal, _ bool) findingWriter {
		return &textWriter{w: w, append: func(b *findingBatch, f *finding.Finding) {
			b.text = casefile.AppendFinding(b.text, f, b.known)
		}}
	},
	"csv": func(w io.Writer, _ *terminal, _ bool) findingWriter {
		return newRowWriter(w, findingColumns, findingRow)
	},
	"timesketch": func(w io.Writer, _ *terminal, _ bool) findingWriter {
		return newRowWriter(w, timesketchColumns, timesketchRow)
	},
	"table": func(w io.Writer, t *terminal, each bool) findingWriter {
		if each {
			return newEachTable(w, t)
		}
		return newTable(w, t)
	},
}

// textWriter writes findings of which each is a piece of text by itself.
type textWriter struct {
	w      io.Writer
	append func(b *findingBatch, f *finding.Finding)
	err    error
}

func (w *textWriter) render(b *findingBatch, f *finding.Finding) {
	if b.text == nil {
		b.text = make([]byte, 0, batchText+batchText/8) // once, and not by doubling
	}
	w.append(b, f)
}

func (w *textWriter) write(b *findingBatch) error {
	if w.err == nil {
		_, w.err = w.w.Write(b.text)
	}
	return w.err
}

func (w *textWriter) close() error { return w.err }

// newRowWriter writes findings as CSV.
func newRowWriter(w io.Writer, columns string, row func(*finding.Finding) []string) *textWriter {
	_, err := io.WriteString(w, columns)
	return &textWriter{w: w, err: err, append: func(b *findingBatch, f *finding.Finding) { b.text = report.AppendCSV(b.text, row(f)...) }}
}

const findingColumns = "time,level,host,title,rule,techniques,channel,event_id,record_id,path,offset,recovered,records,id,fields\n"

func findingRow(f *finding.Finding) []string {
	e, record := firstEvidence(f)
	eventID := ""
	if f.Channel != "" {
		eventID = fmt.Sprint(f.EventID)
	}
	return []string{
		stamp(f.Time), f.Level, f.Host, f.Title, f.Rule.ID, strings.Join(f.Attack, " "), f.Channel, eventID, record,
		e.Path, fmt.Sprint(e.Offset), fmt.Sprint(e.Recovered), fmt.Sprint(max(f.Count, len(f.Evidence))), f.Identifier(), fieldsCell(f.Fields),
	}
}

// Timesketch asks for the first three columns by these names.
const timesketchColumns = "message,datetime,timestamp_desc,level,host,rule,techniques,record_id,path,finding,fields\n"

func timesketchRow(f *finding.Finding) []string {
	e, record := firstEvidence(f)
	return []string{f.Title, stamp(f.Time), "Finding of a detection rule", f.Level, f.Host, f.Rule.ID, strings.Join(f.Attack, " "), record, e.Path, f.Identifier(), fieldsCell(f.Fields)}
}

// fieldsCell writes fields for a cell: JSON in which every character without a glyph is an escape, so that none has to be
// shown in another way.
func fieldsCell(fields []byte) string { return string(casefile.AppendSafe(nil, fields)) }

func firstEvidence(f *finding.Finding) (e finding.Evidence, record string) {
	if len(f.Evidence) == 0 {
		return e, ""
	}
	if e = f.Evidence[0]; e.RecordID != nil {
		record = fmt.Sprint(*e.RecordID)
	}
	return e, record
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
