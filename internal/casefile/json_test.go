package casefile

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	line := string(AppendFinding([]byte("x"), f))
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
