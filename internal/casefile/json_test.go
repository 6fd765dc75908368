package casefile

import (
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// TestFarTimes keeps a case whole whose evidence holds a record of the year 60000, which JSON can't write.
func TestFarTimes(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "case"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	good, far := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(60000, 1, 1, 0, 0, 0, 0, time.UTC)
	f := &EvidenceFile{Path: "x", Status: StatusRead, First: good, Last: far, Hosts: []HostStat{{Name: "h", First: far, Last: far}}}
	if err := w.Evidence(f); err != nil {
		t.Fatal(err)
	}
	if !f.First.Equal(good) || !f.Last.IsZero() || !f.Hosts[0].First.IsZero() {
		t.Errorf("times are %v to %v, of the host %v", f.First, f.Last, f.Hosts[0].First)
	}
	if err := w.Finish(&Case{}); err != nil {
		t.Fatal(err)
	}
}

// TestAppendFinding writes one line that says the same as encoding/json, without a character that a terminal would act on.
func TestAppendFinding(t *testing.T) {
	f := &finding.Finding{
		ID: "1", Host: "pc\u202e\u200b\u009b2J\x1b", Title: "t\u2028\n", Level: "low",
		Evidence: []finding.Evidence{{Path: "a\nb\x7f"}}, Fields: json.RawMessage(`{"a":"` + "\u200b" + `"}`),
	}
	line := string(AppendFinding([]byte("x"), f, &finding.Known{}))
	if line[0] != 'x' || strings.Index(line, "\n") != len(line)-1 {
		t.Errorf("not one line: %q", line)
	}
	if i := strings.IndexAny(line[:len(line)-1], "\u202e\u200b\u009b\u2028\x1b\x7f\n"); i >= 0 {
		t.Errorf("unescaped at %d: %q", i, line)
	}
	var back finding.Finding
	if err := json.Unmarshal([]byte(line[1:]), &back); err != nil {
		t.Fatal(err)
	}
	if back.Host != f.Host || back.Title != f.Title || back.Evidence[0].Path != f.Evidence[0].Path {
		t.Errorf("read back %+v", back)
	}
}

// plainSafe is AppendSafe, character by character.
func plainSafe(dst, data []byte) []byte {
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == 0x7f || r > 0x7f && !hasGlyph(r) {
			dst = appendEscape(dst, r)
		} else {
			dst = append(dst, data[:n]...)
		}
		data = data[n:]
	}
	return dst
}

// TestAppendSafe compares with the plain way, with characters of every kind at every place of a word.
func TestAppendSafe(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	odd := []string{"é", "中", "\u200b", "\u202e", "\u0085", "\x7f", "\xff", "\x80", "\U0001f600", "\U000e0001", "\ufeff", "\ufffd", "~", "\x00"}
	var known finding.Known
	for range 5000 {
		var data []byte
		for range r.IntN(5) {
			data = append(data, strings.Repeat("0123456789", 8)[:r.IntN(80)]...)
			data = append(data, odd[r.IntN(len(odd))]...)
		}
		want := string(plainSafe([]byte("x"), data))
		if got := string(AppendSafe([]byte("x"), data)); got != want {
			t.Fatalf("%q gives %q, want %q", data, got, want)
		}
		f := &finding.Finding{Level: "low", Fields: data, Evidence: []finding.Evidence{{Path: "é\u200b"}}}
		if got, want := string(AppendFinding(nil, f, &known)), string(plainSafe(nil, f.AppendJSON(nil)))+"\n"; got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}

// TestAppendFindingAllocates nothing for a finding that is safe as it stands.
func TestAppendFindingAllocates(t *testing.T) {
	f := testFinding("größer")
	var known finding.Known
	buf := AppendFinding(nil, f, &known)
	if n := testing.AllocsPerRun(100, func() { buf = AppendFinding(buf[:0], f, &known) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestLines adds up what Writer.Findings takes over.
func TestLines(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "case"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	early, late := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var l Lines
	for _, batch := range [][]time.Time{{{}, late}, {early}, {{}}, {}} {
		l.Reset()
		for _, at := range batch {
			l.Add(&finding.Finding{Level: "high", Time: at})
		}
		if err := w.Findings(&l); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.Totals(); got.Findings != 4 || got.Levels["high"] != 4 || !got.First.Equal(early) || !got.Last.Equal(late) {
		t.Errorf("totals %+v", got)
	}
}
