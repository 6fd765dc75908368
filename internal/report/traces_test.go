package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

func withFields(f *finding.Finding, fields map[string]string) *finding.Finding {
	f.Fields, _ = json.Marshal(fields)
	f.ID = finding.NewID(f)
	return f
}

// TestTraces holds what another case of the same actor may share: not what is well known, weakly seen, of Windows or the victim's own.
func TestTraces(t *testing.T) {
	list := whoFindings("high", nil, "a", "b", "c")
	const evil, windows, weak = "c864ef79637d87f4ca6a0f5b08e95d589b81c212cc1d15a2398b6342f584ebb8", "222d7adbdd5db4b6b52de574582fd6023e48865d92a818aeb6666a9975cd0f7b", "705886eeb01ac24da0e18d0ccb34b6e88cf63ab5f45257b204e76b324b8aab06"
	withFields(list[0], map[string]string{"Image": `C:\Users\a\x.exe`, "Hashes": "SHA256=" + evil, "QueryName": "cdn.evil-host.top", "CommandLine": "curl http://45.77.1.9/a http://intra.victim.co.jp/b 10.0.0.1 ops@victim.co.jp"})
	withFields(list[1], map[string]string{"Image": `C:\Windows\System32\cmd.exe`, "Hashes": "SHA256=" + windows})
	withFields(list[2], map[string]string{"Image": `C:\Users\a\y.exe`, "Hashes": "SHA256=" + weak})
	list[2].Level = "low"
	for _, f := range list {
		f.Host = "PC1.victim.co.jp"
	}
	m, _, _ := whoOf(t, list)
	r, err := casefile.Open(m.Reader.Dir())
	if err != nil {
		t.Fatal(err)
	}
	got, err := Traces(r)
	if err != nil {
		t.Fatal(err)
	}
	want := attrib.Indicators{"sha256": {evil}, "domain": {"cdn.evil-host.top"}, "ipv4": {"45.77.1.9"}, "url": {"http://45.77.1.9/a"}}
	if diff := cmp.Diff(want, got.Bound()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, tracesOf(m.Indicators, m.ownNames()).Bound()); diff != "" {
		t.Errorf("of the model: %s", diff)
	}
}

// TestWhoBeside holds that victims, indicators, order and what could have been seen are shown, in steps that sum to the bits.
func TestWhoBeside(t *testing.T) {
	findings := whoFindings("high", []string{"T1566.001", "T1204.002", "T1059.001", "T1082", "T1083", "T1057", "T1016"})
	const evil = "c864ef79637d87f4ca6a0f5b08e95d589b81c212cc1d15a2398b6342f584ebb8"
	withFields(findings[2], map[string]string{"Image": `C:\Users\a\x.exe`, "Hashes": "SHA256=" + evil})
	dir := t.TempDir()
	lesson := attrib.LocalCase{Name: "spring <b>" + hostileText, Group: "local: x", GroupName: "neighbours", Techniques: []string{"T1082", "T1083", "T1057"},
		Victims: attrib.Victims{Sectors: []string{"finance"}}, Indicators: attrib.Indicators{"sha256": {evil}}, Order: [][]string{{"T1082"}, {"T1083"}, {"T1057"}}}
	line, err := json.Marshal(lesson)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "team.jsonl")
	if err := os.WriteFile(path, line, 0o600); err != nil {
		t.Fatal(err)
	}
	info := sampleInfo()
	info.Victims, info.Learned = attrib.Victims{Sectors: []string{"finance"}, Countries: []string{"KR"}}, &casefile.Learned{Path: path}
	info.Visible = []string{"T1566.001", "T1204.002", "T1059.001", "T1082"}
	page := read(t, writeSample(t, dir, findings, info), "report.html")
	for _, want := range []string{"Beside techniques and software there were the victims (finance and KR), 1 learned case, 1 indicator and the order of 7 techniques.",
		"Indicators in common", "Victims: finance", "Order of techniques", "neighbours", "The rules could have seen ", "could have been seen in this evidence", "and learned cases know", "could not be seen"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	if strings.Contains(page, "spring <b>") {
		t.Error("the name of a learned case is not escaped")
	}
	var got attrib.Result
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, "case"), "attribution.json")), &got); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Ranking, func(c attrib.Candidate) bool { return c.Name == "neighbours" })
	if i < 0 || len(got.Ranking[i].Sides) < 3 {
		t.Fatalf("%d: %+v", i, got.Ranking)
	}
	for _, f := range newFalls(got.Ranking[:3]) {
		n := len(f.Steps) - 1
		if end := f.Steps[n-1].to; end < f.Bits-2e-3 || end > f.Bits+2e-3 {
			t.Errorf("%s: the steps end at %v, the bits are %v", f.Name, end, f.Bits)
		}
	}
	info.Learned.Path = filepath.Join(dir, "gone.jsonl")
	w, err := casefile.Create(filepath.Join(dir, "again"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := WriteAll(t.Context(), w, info); err == nil || !strings.Contains(err.Error(), "gone.jsonl") {
		t.Errorf("learned cases that are gone: %v", err)
	}
}
