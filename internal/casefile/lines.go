package casefile

import "github.com/goshawk-ir/goshawk/internal/finding"

// Lines is lines of findings.jsonl, made ready for Writer.Findings. Any goroutine may make some; it is meant to be used
// again.
type Lines struct {
	text   []byte
	totals Totals // of these findings
	known  finding.Known
}

// Add adds the line of f.
func (l *Lines) Add(f *finding.Finding) {
	l.text = AppendFinding(l.text, f, &l.known)
	t := &l.totals
	if t.Levels == nil {
		t.Levels = map[string]int64{}
	}
	t.Findings++
	t.Levels[f.Level]++
	t.widen(f.Time)
}

// Size is how many bytes the lines have.
func (l *Lines) Size() int { return len(l.text) }

// Reset empties l.
func (l *Lines) Reset() {
	clear(l.totals.Levels)
	l.text, l.totals = l.text[:0], Totals{Levels: l.totals.Levels}
}
