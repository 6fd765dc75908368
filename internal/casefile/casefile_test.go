package casefile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

var at = time.Date(2026, 3, 2, 8, 41, 17, 215_000_100, time.UTC)

func testFinding(title string) *finding.Finding {
	id := uint64(7)
	f := &finding.Finding{Time: at, Host: "WS1", Level: "high", Title: title, Rule: finding.Rule{Kind: "sigma", ID: "r1", Title: title}, Fields: []byte(`{"a":"b"}`)}
	f.Evidence = []finding.Evidence{{Path: "a.evtx", RecordID: &id, Offset: 4096}}
	f.ID = finding.NewID(f)
	return f
}

func linesOf(f *finding.Finding) *Lines {
	l := &Lines{}
	l.Add(f)
	return l
}

func testEvidence() *EvidenceFile {
	offset := int64(12)
	return &EvidenceFile{Path: "a.evtx", Bytes: 100, Status: StatusPartly, Records: 5, Recovered: 1, ProblemCount: 9, Problems: []Problem{{Offset: &offset, What: "read chunk 0"}}, Hosts: []HostStat{{Name: "WS1", Records: 6}}}
}

// write makes a case at dir.
func write(dir string, overwrite bool, titles ...string) error {
	w, err := Create(dir, overwrite)
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := w.Evidence(testEvidence()); err != nil {
		return err
	}
	for _, title := range titles {
		if err := w.Findings(linesOf(testFinding(title))); err != nil {
			return err
		}
	}
	err = w.Output("sub/extra.txt", func(o *OutputFile) error {
		_, err := o.Write([]byte("extra\n"))
		return err
	})
	if err != nil {
		return err
	}
	return w.Finish(&Case{Tool: Tool{Version: "1"}, Command: []string{"goshawk"}})
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if rel != "." {
			all = append(all, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "case")
	if err := write(dir, false, "one", "two"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"case.json", "evidence.jsonl", "findings.jsonl", "sub", "sub/extra.txt"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"case"}, entries(t, filepath.Dir(dir))); diff != "" {
		t.Errorf("beside the case (-want +got):\n%s", diff)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var findings []*finding.Finding
	for f, err := range r.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		findings = append(findings, f)
	}
	if diff := cmp.Diff([]*finding.Finding{testFinding("one"), testFinding("two")}, findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for f, err := range r.Evidence() {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(testEvidence(), f); diff != "" {
			t.Errorf("evidence (-want +got):\n%s", diff)
		}
	}
	want := Totals{Files: 1, FilesPartly: 1, Bytes: 100, Records: 5, Recovered: 1, Problems: 9, Findings: 2, Levels: map[string]int64{"high": 2}, First: at, Last: at}
	if diff := cmp.Diff(want, r.Case().Totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if len(r.Case().Outputs) != 3 {
		t.Errorf("%d outputs, want 3", len(r.Case().Outputs))
	}
	for _, o := range r.Case().Outputs {
		data, err := os.ReadFile(filepath.Join(dir, o.File))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if o.SHA256 != hex.EncodeToString(sum[:]) || o.Bytes != int64(len(data)) {
			t.Errorf("%s: case.json says %d bytes, %s", o.File, o.Bytes, o.SHA256)
		}
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list {
		all = append(all, e.Name())
	}
	return all
}

func TestAbortLeavesNothing(t *testing.T) {
	root := t.TempDir()
	w, err := Create(filepath.Join(root, "a", "b", "case"), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Findings(linesOf(testFinding("x"))); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "a", "b", "case")); err == nil {
		t.Error("the case is there before Finish")
	}
	w.Abort()
	if got := entries(t, root); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
	if err := w.Finish(&Case{}); err == nil {
		t.Error("Finish after Abort gave no error")
	}
}

// TestRefused holds that a folder which isn't plainly ours stays as it is.
func TestRefused(t *testing.T) {
	tests := map[string]struct {
		prepare   func(t *testing.T, dir string)
		overwrite bool
		want      string
	}{
		"foreign_folder":           {foreign, false, "holds no goshawk case"},
		"foreign_folder_overwrite": {foreign, true, "holds no goshawk case"},
		"case_without_overwrite":   {ours, false, "--overwrite"},
		"case_with_notes": {func(t *testing.T, dir string) {
			ours(t, dir)
			put(t, dir, "notes.txt", "mine")
		}, true, `"notes.txt"`},
		"case_of_somebody_else": {func(t *testing.T, dir string) { put(t, dir, CaseName, `{"format":1,"tool":{"name":"other"}}`) }, true, "holds no goshawk case"},
		"case_of_the_future":    {func(t *testing.T, dir string) { put(t, dir, CaseName, `{"format":99,"tool":{"name":"goshawk"}}`) }, true, "holds no goshawk case"},
		"a_file": {func(t *testing.T, dir string) {
			if err := os.WriteFile(dir, nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}, true, "is a file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "case")
			test.prepare(t, dir)
			before := names(t, root)
			_, err := Create(dir, test.overwrite)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if diff := cmp.Diff(before, names(t, root)); diff != "" {
				t.Errorf("the folder changed (-before +after):\n%s", diff)
			}
		})
	}
}

func foreign(t *testing.T, dir string) { put(t, dir, "thesis.doc", "years of work") }

func ours(t *testing.T, dir string) {
	t.Helper()
	if err := write(dir, false, "old"); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestReplaced(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, string){"case": ours, "empty_folder": func(t *testing.T, dir string) {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "case")
			prepare(t, dir)
			if err := write(dir, true, "new"); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(dir, FindingsName))
			if err != nil || strings.Contains(string(data), "old") || !strings.Contains(string(data), "new") {
				t.Errorf("findings are %s, %v", data, err)
			}
			if got := entries(t, root); len(got) != 1 {
				t.Errorf("left behind: %q", got)
			}
		})
	}
}

// TestForeignFileMeanwhile puts a file into the old case while the new one is being built.
func TestForeignFileMeanwhile(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "case")
	ours(t, dir)
	w, err := Create(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "notes.txt", "mine")
	if err := w.Finish(&Case{}); err == nil || !strings.Contains(err.Error(), "notes.txt") {
		t.Errorf("error %v, want one with notes.txt", err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "notes.txt")); err != nil || string(data) != "mine" {
		t.Errorf("the file is %q, %v", data, err)
	}
	if got := entries(t, root); len(got) != 1 {
		t.Errorf("left behind: %q", got)
	}
}

// TestHostileOutputs replaces a case that claims files outside of its folder.
func TestHostileOutputs(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "case")
	put(t, root, "precious.txt", "keep me")
	put(t, dir, CaseName, `{"format":1,"tool":{"name":"goshawk"},"outputs":[{"file":"../precious.txt"},{"file":"`+filepath.ToSlash(root)+`/precious.txt"},{"file":"x/../../precious.txt"}]}`)
	if err := write(dir, true, "new"); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(root, "precious.txt")); err != nil || string(data) != "keep me" {
		t.Errorf("the file is %q, %v", data, err)
	}
}

func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	root := t.TempDir()
	w, err := Create(filepath.Join(root, "case"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	w.findings.file.Close()
	w.findings.file = full
	w.findings.buf.Reset(full)
	for err == nil {
		err = w.Findings(linesOf(testFinding(strings.Repeat("x", 10_000))))
	}
	finishErr := w.Finish(&Case{})
	if !errors.Is(finishErr, syscall.ENOSPC) || strings.Contains(finishErr.Error(), "partial") {
		t.Errorf("error %v: want that of a full disk, without the name of a temporary folder", finishErr)
	}
	if got := entries(t, root); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}

func TestOutputError(t *testing.T) {
	root := t.TempDir()
	w, err := Create(filepath.Join(root, "case"), false)
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	w.Output("x.csv", func(*OutputFile) error { return boom })
	if err := w.Finish(&Case{}); !errors.Is(err, boom) {
		t.Errorf("Finish gave %v, want the output's error", err)
	}
	if got := entries(t, root); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}

// TestLinesAreSafe holds that no line can act on a terminal, and that nothing is lost by it.
func TestLinesAreSafe(t *testing.T) {
	hostile := "\x1b[31mred\x1b[0m \u202egnp.exe \u0085 \u200b \u2028 \U000e0041 </script> \x7f ﷽ 名前"
	f := testFinding(hostile)
	f.Fields = []byte("{\"k\u202e\":\"v\u009b\"}")
	line, err := appendLine(nil, f)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(line)-1; {
		r, n := utf8.DecodeRune(line[i:])
		if r < 0x20 || r == 0x7f || r >= 0x80 && !hasGlyph(r) {
			t.Errorf("U+%04X at %d is not escaped", r, i)
		}
		i += n
	}
	dir := t.TempDir()
	put(t, dir, FindingsName, string(line))
	for got, err := range (&Reader{dir: dir}).Findings() {
		if err != nil || got.Title != hostile {
			t.Errorf("read back %q, %v", got.Title, err)
		}
	}
}

func TestDamagedLine(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, FindingsName, "{\"title\":\"a\"}\n{\"title\":")
	var errs, got int
	for _, err := range (&Reader{dir: dir}).Findings() {
		if err != nil {
			errs++
			if !strings.Contains(err.Error(), "findings.jsonl, line 2") {
				t.Errorf("error %v doesn't name the line", err)
			}
		} else {
			got++
		}
	}
	if errs != 1 || got != 1 {
		t.Errorf("%d findings and %d errors, want one of each", got, errs)
	}
}
