package report

import (
	"context"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

func init() {
	register(Output{
		Name: "timeline", File: "timeline.csv",
		Doc:   "Every record that a finding rests on, in order of time; Timesketch imports it as it is.",
		Write: writeTimeline,
	})
}

// Timesketch asks for the first three columns by these names.
var timelineColumns = []string{
	"datetime", "timestamp_desc", "message", "host", "level", "title", "rule", "techniques", "path", "record_id", "offset", "recovered", "finding",
}

// maxMessage bounds the message, in runes.
const maxMessage = 400

// writeTimeline writes a row for each finding and record that it rests on. A correlation speaks when its window is over, so
// its records lie before it: rows are sorted once more. Findings without a time are left out, since a timeline
// has no place for them; the page counts them.
func writeTimeline(ctx context.Context, m *Model, w io.Writer) error {
	rows := &sorter{dir: m.Scratch}
	defer rows.close()
	n := 0
	for f, err := range m.Reader.Findings() {
		if err != nil {
			return err
		}
		if n++; n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := addTimeline(rows, f); err != nil {
			return err
		}
	}
	if _, err := w.Write(AppendCSV(nil, timelineColumns...)); err != nil {
		return err
	}
	return rows.writeTo(w)
}

func addTimeline(rows *sorter, f *finding.Finding) error {
	message := f.Title
	if g, ok := gist(fieldsOf(f)); ok {
		message += " | " + g.Name + ": " + g.Value
	}
	if text, left := clip(message, maxMessage); left > 0 {
		message = text + "…"
	}
	for _, e := range f.Evidence {
		t := evidenceTime(f, &e)
		if t.IsZero() {
			continue
		}
		record := ""
		if e.RecordID != nil {
			record = strconv.FormatUint(*e.RecordID, 10)
		}
		err := rows.add(orderOf(t), AppendCSV(nil,
			stamp(t), "Time of the record", message, f.Host, f.Level, f.Title, f.Rule.ID, strings.Join(f.Attack, " "),
			e.Path, record, strconv.FormatInt(e.Offset, 10), strconv.FormatBool(e.Recovered), f.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

// evidenceTime is the time of one record of a finding: its own, or, where only the finding has one, that.
func evidenceTime(f *finding.Finding, e *finding.Evidence) time.Time {
	switch {
	case !e.Time.IsZero():
		return e.Time
	case len(f.Evidence) > 1 && !f.First.IsZero():
		return f.First
	}
	return f.Time
}

// Times whose nanoseconds since 1970 fit into 64 bits.
var (
	firstNano = time.Unix(0, math.MinInt64)
	lastNano  = time.Unix(0, math.MaxInt64)
)

// orderOf is a number by which times stand in order. What lies too far away stands at the ends, in the order of the findings.
func orderOf(t time.Time) int64 {
	switch {
	case t.Before(firstNano):
		return math.MinInt64
	case t.After(lastNano):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// stamp writes a time with all its precision, in UTC.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
