package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
	"github.com/goshawk-ir/goshawk/internal/report"
)

// huntFlags are the flags of hunt.
type huntFlags struct {
	evidence     evidenceFlags
	rules        ruleFlags
	format, path string
	minLevel     string
	each         bool
}

func huntCommand(env *environment) *cobra.Command {
	f := &huntFlags{}
	cmd := &cobra.Command{
		Use:   "hunt EVIDENCE...",
		Short: "Find what rules say about the evidence",
		Long: `Reads the evidence, matches it against Sigma rules (the embedded ones, unless --rules names others) and prints what
was found. The table has a row for each rule and host; --each gives every finding a row of its own.`,
		Example: `  goshawk hunt ./evidence
  goshawk hunt ./evidence --rules ./sigma/rules --min-level high --each
  goshawk hunt Security.evtx --format jsonl --output findings.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error { return runHunt(cmd, env, f, args) },
	}
	f.evidence.add(cmd)
	f.rules.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "table", "table, jsonl, csv or timesketch")
	flags.StringVarP(&f.path, "output", "o", "-", "file to write; - is standard output")
	flags.StringVar(&f.minLevel, "min-level", "informational", "leave out findings below this level: "+strings.Join(finding.Levels, ", "))
	flags.BoolVar(&f.each, "each", false, "table: a row for each finding, in order of time")
	return cmd
}

func runHunt(cmd *cobra.Command, env *environment, f *huntFlags, args []string) error {
	o, err := f.evidence.options(args)
	if err != nil {
		return err
	}
	if f.minLevel = strings.ToLower(f.minLevel); !slices.Contains(finding.Levels, f.minLevel) {
		return usagef("Use one of "+strings.Join(finding.Levels, ", ")+".", "there is no level %q", f.minLevel)
	}
	newWriter, ok := findingWriters[f.format]
	if !ok {
		return usagef("Use table, jsonl, csv or timesketch.", "there is no format %q", f.format)
	}
	config, err := f.rules.config()
	if err != nil {
		return err
	}
	out, err := openOutput(env, args, f.path)
	if err != nil {
		return err
	}
	defer out.discard()
	start := env.now()
	engines, reports, err := openEngines(config, env.stderr, f.evidence.quiet)
	if err != nil {
		return err
	}
	term := newTerminal(out.screen(env), f.evidence.noColor)
	w := newWriter(out, term, f.each)
	s := &summary{reports: reports}
	stop := showProgress(env.stderr, o.Progress, f.evidence.quiet)
	err = pipeline.Hunt(cmd.Context(), o, engines, pipeline.HuntSink{
		File: s.file,
		Finding: func(found *finding.Finding) error {
			if finding.LevelRank(found.Level) < finding.LevelRank(f.minLevel) {
				return nil
			}
			s.finding(found)
			if out.live(env) {
				stop() // findings come when all evidence is read; progress would stand among them
			}
			return w.finding(found)
		},
	})
	stop()
	s.note(engines)
	if err != nil && !isInterrupted(err) {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	if !f.evidence.quiet {
		s.elapsed = env.now().Sub(start)
		if f.format == "table" && out.path == "" {
			s.print(&terminal{Writer: out, width: term.width, wrap: term.wrap, styles: term.styles})
		} else {
			s.print(newTerminal(env.stderr, f.evidence.noColor))
		}
	}
	return s.finish(env, out, err)
}

// findingWriter writes findings in one format.
type findingWriter interface {
	finding(*finding.Finding) error
	close() error
}

var findingWriters = map[string]func(w io.Writer, t *terminal, each bool) findingWriter{
	"jsonl": func(w io.Writer, _ *terminal, _ bool) findingWriter { return &jsonWriter{w: w} },
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

type jsonWriter struct {
	w   io.Writer
	buf []byte
}

func (w *jsonWriter) finding(f *finding.Finding) error {
	w.buf = casefile.AppendFinding(w.buf[:0], f)
	_, err := w.w.Write(w.buf)
	return err
}

func (w *jsonWriter) close() error { return nil }

// rowWriter writes findings as CSV.
type rowWriter struct {
	w   io.Writer
	row func(*finding.Finding) []string
	buf []byte
	err error
}

func newRowWriter(w io.Writer, columns string, row func(*finding.Finding) []string) *rowWriter {
	_, err := io.WriteString(w, columns)
	return &rowWriter{w: w, row: row, err: err}
}

func (w *rowWriter) finding(f *finding.Finding) error {
	if w.err != nil {
		return w.err
	}
	w.buf = report.AppendCSV(w.buf[:0], w.row(f)...)
	_, err := w.w.Write(w.buf)
	return err
}

func (w *rowWriter) close() error { return w.err }

const findingColumns = "time,level,host,title,rule,techniques,channel,event_id,record_id,path,offset,recovered,records,id,fields\n"

func findingRow(f *finding.Finding) []string {
	e, record := firstEvidence(f)
	eventID := ""
	if f.Channel != "" {
		eventID = fmt.Sprint(f.EventID)
	}
	return []string{
		stamp(f.Time), f.Level, f.Host, f.Title, f.Rule.ID, strings.Join(f.Attack, " "), f.Channel, eventID, record,
		e.Path, fmt.Sprint(e.Offset), fmt.Sprint(e.Recovered), fmt.Sprint(max(f.Count, len(f.Evidence))), f.ID, fieldsCell(f.Fields),
	}
}

// Timesketch asks for the first three columns by these names.
const timesketchColumns = "message,datetime,timestamp_desc,level,host,rule,techniques,record_id,path,finding,fields\n"

func timesketchRow(f *finding.Finding) []string {
	e, record := firstEvidence(f)
	return []string{f.Title, stamp(f.Time), "Finding of a detection rule", f.Level, f.Host, f.Rule.ID, strings.Join(f.Attack, " "), record, e.Path, f.ID, fieldsCell(f.Fields)}
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
