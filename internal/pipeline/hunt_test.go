package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// letters is a detector for these tests. Rule n sees the letter 'a'+n in a line; 'a' is shown and joins, 'b' joins only,
// others are shown. Hits are reported in falling order of rule. Every third hit that joins makes a finding.
type letters struct{ name string }

const letterRules = 6

// Scanner makes one.
func (l letters) Scanner() detect.Scanner { return l }

// Report says nothing.
func (l letters) Report() *detect.Report { return &detect.Report{} }

// Notes says nothing.
func (l letters) Notes() []string { return nil }

// Scan reports the letters of a line.
func (l letters) Scan(batch []*event.Record, hit func(int, *detect.Hit)) {
	for i, r := range batch {
		text := string(r.Values.At(0, 0).Raw)
		for rule := letterRules - 1; rule >= 0; rule-- {
			if strings.ContainsRune(text, rune('a'+rule)) {
				h := detect.Hit{Rule: rule, Shown: rule != 1, Joins: rule <= 1}
				if h.Joins {
					h.Needs = []detect.Need{{Text: []byte(text), Present: true}}
				}
				hit(i, &h)
			}
		}
	}
}

// Joiner makes one.
func (l letters) Joiner(func(int) *event.Origin) (detect.Joiner, error) {
	return &letterJoiner{name: l.name}, nil
}

type letterJoiner struct {
	name string
	n    int
	text string
	last detect.Hit
}

// Add makes a finding of every third hit.
func (j *letterJoiner) Add(h *detect.Hit, emit func(*finding.Finding, *detect.Hit)) {
	j.text += fmt.Sprintf("%d%s ", h.Rule, h.Needs[0].Text)
	j.last.Seen = h.Seen
	if j.n++; j.n%3 == 0 {
		j.fire(emit)
	}
}

// Close makes one of the rest.
func (j *letterJoiner) Close(emit func(*finding.Finding, *detect.Hit)) {
	if j.text != "" {
		j.fire(emit)
	}
}

func (j *letterJoiner) fire(emit func(*finding.Finding, *detect.Hit)) {
	emit(&finding.Finding{ID: fmt.Sprintf("%s%04d", j.name, j.n), Time: j.last.Time, Title: j.text}, &j.last)
	j.text = ""
}

// Finding names the hit.
func (j *letterJoiner) Finding(h *detect.Hit, f *finding.Finding) bool {
	*f = finding.Finding{Time: h.Time, Title: fmt.Sprintf("%s rule %d", j.name, h.Rule), Host: h.Host, Fields: h.Fields}
	return h.Rule != 5
}

// titles is a worker that keeps what a finding says.
type titles struct{ lines []string }

// Findings keeps some.
func (t *titles) Findings(batch []*finding.Finding, give func([]string)) {
	for _, f := range batch {
		if t.lines = append(t.lines, findingLine(f)); len(t.lines) >= 2 {
			lines, _ := t.Rest()
			give(lines)
		}
	}
}

// Rest hands on what is left of two at a time.
func (t *titles) Rest() ([]string, bool) {
	lines := t.lines
	t.lines = nil
	return lines, len(lines) > 0
}

func findingLine(f *finding.Finding) string {
	return fmt.Sprintf("%d %s %s %s", f.Time.Unix(), f.Title, f.Host, f.Fields)
}

func huntLetters(dir string, workers int, memory int64, take func([]string) error) error {
	o := options(dir, workers)
	o.testOnlyMemory = memory
	engines := []detect.Engine{letters{"first"}, letters{"second"}}
	return Hunt(context.Background(), o, engines, HuntSink[[]string]{
		Worker: func() FindingWorker[[]string] { return &titles{} }, Findings: take,
	})
}

func letterEvidence() map[string]string {
	files := map[string]string{}
	for i := range 12 {
		var b strings.Builder
		for k := range 20 + 17*i {
			fmt.Fprintf(&b, "%c%c%c line of x%d\n", 'a'+k%7, 'a'+(k*i)%11, 'a'+(k*k+i)%13, k)
		}
		files[fmt.Sprintf("f%02d", i)] = b.String()
	}
	return files
}

// TestFindingsInOrder gives what the plain way gives, hit by hit in memory, whatever the number of workers and the memory of the
// sorters.
func TestFindingsInOrder(t *testing.T) {
	files := letterEvidence()
	dir := folder(t, files)
	want := plainFindings(files)
	for _, workers := range []int{1, 2, 7} {
		for _, memory := range []int64{0, 4096, 300} {
			var got []string
			if err := huntLetters(dir, workers, memory, func(lines []string) error { got = append(got, lines...); return nil }); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d workers, %d bytes: %d findings, want %d", workers, memory, len(got), len(want))
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Fatalf("finding %d is %q, want %q", i, got[i], want[i])
					}
				}
			}
		}
	}
}

// plainFindings finds letters without sorters, entries and workers.
func plainFindings(files map[string]string) (lines []string) {
	type hit struct {
		at           time.Time
		file         int
		offset       int64
		engine, rule int
		text         string
	}
	var hits []hit
	for i := range len(files) {
		offset := int64(0)
		for line := range strings.Lines(files[fmt.Sprintf("f%02d", i)]) {
			text := strings.TrimSpace(line)
			for engine := range 2 {
				for rule := range letterRules {
					if strings.ContainsRune(text, rune('a'+rule)) {
						hits = append(hits, hit{time.Unix(offset, 0).UTC(), i, offset, engine, rule, text})
					}
				}
			}
			offset += int64(len(line))
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset), cmp.Compare(a.engine, b.engine), cmp.Compare(a.rule, b.rule))
	})
	type found struct {
		key  string
		line string
	}
	var all []found
	joiners := []*letterJoiner{{name: "first"}, {name: "second"}}
	place := func(s *detect.Seen) string { return string(s.AppendKey(nil)) }
	emit := func(f *finding.Finding, first *detect.Hit) {
		all = append(all, found{place(&first.Seen) + "~" + f.ID, findingLine(f)})
	}
	for _, h := range hits {
		made := detect.Hit{
			Seen:   detect.Seen{Time: h.at, File: h.file, Offset: h.offset, Host: h.text[:1], Fields: []byte(fmt.Sprintf(`{"text":%q}`, h.text))},
			Engine: h.engine, Rule: h.rule, Needs: []detect.Need{{Text: []byte(h.text), Present: true}},
		}
		j := joiners[h.engine]
		var f finding.Finding
		if h.rule != 1 && j.Finding(&made, &f) {
			all = append(all, found{fmt.Sprintf("%s%c%c", place(&made.Seen), h.engine, h.rule), findingLine(&f)})
		}
		if h.rule <= 1 {
			j.Add(&made, emit)
		}
	}
	for _, j := range joiners {
		j.Close(emit)
	}
	slices.SortStableFunc(all, func(a, b found) int { return strings.Compare(a.key, b.key) })
	for _, f := range all {
		lines = append(lines, f.line)
	}
	return lines
}

// TestErrorOfTheFindingsSink ends the hunt with the sink's error.
func TestErrorOfTheFindingsSink(t *testing.T) {
	dir := folder(t, letterEvidence())
	full := errors.New("disk full")
	for _, workers := range []int{1, 4} {
		calls := 0
		err := huntLetters(dir, workers, 0, func([]string) error { calls++; return full })
		if !errors.Is(err, full) || calls != 1 {
			t.Errorf("%d workers: error %v after %d calls", workers, err, calls)
		}
	}
}

// faulty is an engine of which the first batch sees a hit and a panic.
type faulty struct {
	letters
	panicked *bool
}

// Scanner makes one.
func (f faulty) Scanner() detect.Scanner { return f }

// Scan hits the first record, and fails the first time.
func (f faulty) Scan(_ []*event.Record, hit func(int, *detect.Hit)) {
	if !*f.panicked {
		*f.panicked = true
		hit(0, &detect.Hit{Rule: 1, Shown: true, Joins: true})
		panic("told to")
	}
}

// TestHunterAfterFault holds that what was seen before a panic is not taken for something in the records after it.
func TestHunterAfterFault(t *testing.T) {
	w := newHunter([]detect.Engine{faulty{panicked: new(bool)}}, func() *Sorter { return &Sorter{} })
	func() {
		defer func() { _ = recover() }()
		w.Records([]*event.Record{{}}, nil)
	}()
	w.Records([]*event.Record{{}}, nil)
	if n := len(w.hits.held.entries) + len(w.joins.held.entries); n > 0 {
		t.Errorf("%d entries", n)
	}
}
