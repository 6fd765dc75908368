package report

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	keep   = flag.String("keep", "", "folder to leave the sample case in, to be looked at")
)

// TestSame makes the sample case twice: the outputs must have the same bytes.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	if *keep != "" {
		dir = *keep
	}
	first, second := writeSample(t, dir, sampleFindings(t), sampleInfo()), writeSample(t, t.TempDir(), sampleFindings(t), sampleInfo())
	for _, name := range append(outputNames(), casefile.CaseName, casefile.FindingsName, casefile.EvidenceName) {
		a, b := read(t, first, name), read(t, second, name)
		if a != b {
			t.Errorf("%s differs between two runs", name)
		}
		if a == "" {
			t.Errorf("%s is empty", name)
		}
	}
}

func outputNames() []string {
	var names []string
	for _, o := range All() {
		names = append(names, o.File)
	}
	return names
}

func read(t testing.TB, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestGolden holds every output of two small cases to what was looked at before.
func TestGolden(t *testing.T) {
	small := sampleFindings(t)
	small = append(append([]*finding.Finding{}, small[:6]...), small[len(small)-3:]...)
	for _, f := range small {
		if len(f.Fields) > 2000 {
			f.Fields = []byte(`{"CommandLine":"powershell.exe -w hidden -enc QQBCAEMA"}`)
		}
	}
	cases := map[string][]*finding.Finding{"small": small, "empty": nil}
	for name, findings := range cases {
		t.Run(name, func(t *testing.T) {
			dir := writeSample(t, t.TempDir(), findings, sampleInfo())
			for _, file := range outputNames() {
				golden(t, filepath.Join("testdata", name, file), withoutAssets(read(t, dir, file)))
			}
		})
	}
}

var assets = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|content="default-src[^"]*"`)

// withoutAssets leaves out the style and the script, which stand in files of their own.
func withoutAssets(page string) string { return assets.ReplaceAllString(page, "") }

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to make it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// hostileFindings have something hostile in every field.
func hostileFindings() []*finding.Finding {
	var all []*finding.Finding
	for i := range 40 {
		h := fmt.Sprintf("%s %d", hostileText, i%7)
		f := &finding.Finding{
			ID: fmt.Sprintf("%s%d", hostileText, i), Time: sampleStart.Add(time.Duration(i) * time.Minute), Host: h, Level: finding.Levels[i%5], Title: "=" + h, Rule: finding.Rule{Kind: h, ID: h, Title: h},
			Attack: []string{h, "T1059.001"}, Channel: h, EventID: 4, Fields: []byte(`{"` + `QueryName":"a.example.com","javascript:alert(3)":"\u003cscript\u003ealert(4)\u003c/script\u003e\u202e\u001b]0;x\u0007","CommandLine":"javascript:alert(5)","User":"@SUM(1)\u2066","url":"https://evil.test/\"><script>alert(6)</script>"}`),
		}
		f.Evidence = []finding.Evidence{{Path: h, SHA256: h, Offset: int64(i)}}
		if i%9 == 0 {
			f.Time, f.Level = time.Time{}, hostileText
		}
		all = append(all, f)
	}
	return all
}

// TestNoHiddenCharacters holds that nothing in any file of a case can act on a terminal or turn text around.
func TestNoHiddenCharacters(t *testing.T) {
	info := sampleInfo()
	info.Title, info.Command = hostileText, []string{hostileText}
	info.Rules[0].Path, info.Refused[0].What, info.Tool.Version = hostileText, hostileText, hostileText
	dir := writeSample(t, t.TempDir(), hostileFindings(), info)
	for _, name := range append(outputNames(), casefile.CaseName, casefile.FindingsName, casefile.EvidenceName) {
		for i, r := range read(t, dir, name) {
			if r != '\n' && r != '\t' && (!unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r)) || r == utf8.RuneError {
				t.Errorf("%s: U+%04X at byte %d", name, r, i)
				break
			}
		}
	}
	checkPage(t, dir)
}

func TestCSVFormulas(t *testing.T) {
	dir := writeSample(t, t.TempDir(), hostileFindings(), sampleInfo())
	for _, name := range []string{"timeline.csv", "iocs.csv"} {
		for line := range strings.Lines(read(t, dir, name)) {
			for _, cell := range regexp.MustCompile(`"(?:[^"]|"")*"|[^,]*`).FindAllString(line, -1) {
				if cell = strings.TrimPrefix(cell, `"`); cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("%s has a cell that a spreadsheet would run: %q", name, cell)
				}
			}
		}
	}
}

// TestTimelineOrder holds that the timeline has a row for each record, in order of time.
func TestTimelineOrder(t *testing.T) {
	findings := sampleFindings(t)
	dir := writeSample(t, t.TempDir(), findings, sampleInfo())
	want := 0
	for _, f := range findings {
		want += len(f.Evidence)
	}
	var last time.Time
	rows := strings.Split(strings.TrimSpace(read(t, dir, "timeline.csv")), "\n")[1:]
	for i, row := range rows {
		cell, _, _ := strings.Cut(row, ",")
		at, err := time.Parse(time.RFC3339Nano, cell)
		if err != nil {
			t.Fatal(err)
		}
		if at.Before(last) {
			t.Errorf("row %d: %v comes after %v", i+1, at, last)
		}
		last = at
	}
	if len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
}
