package sigma

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// shared returns a path of the shared test data, and skips where it is absent.
func shared(tb testing.TB, path string) string {
	tb.Helper()
	full := filepath.Join("..", ".shared", filepath.FromSlash(path))
	if _, err := os.Stat(full); err != nil {
		tb.Skipf("shared test data is not unpacked: %s is absent", full)
	}
	return full
}

var corpusRules = sync.OnceValues(func() (*Collection, []*Problem) {
	c := NewCollection(LoadOptions{})
	var problems []*Problem
	for _, dir := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		err := filepath.WalkDir(filepath.Join("..", ".shared", "sigma", dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".yml") {
				return err
			}
			data, err := os.ReadFile(path)
			problems = append(problems, c.Load(path, data)...)
			return err
		})
		if err != nil {
			problems = append(problems, &Problem{Path: dir, Msg: err.Error()})
		}
	}
	return c, append(problems, c.Link()...)
})

// TestCorpusRulesLoad holds the engine to every rule of the shared rule set.
func TestCorpusRulesLoad(t *testing.T) {
	shared(t, "sigma/rules")
	c, problems := corpusRules()
	for _, p := range problems {
		if !p.Warning {
			t.Error(p)
		}
	}
	if len(c.Rules) < 3000 {
		t.Errorf("%d rules loaded", len(c.Rules))
	}
}

// processCreation is an event as Sysmon logs it.
var processCreation = testEvent{
	schema: Schema{
		Product: "windows", Channel: "Microsoft-Windows-Sysmon/Operational", Provider: "Microsoft-Windows-Sysmon", EventID: "1",
		Fields: []string{
			"RuleName", "UtcTime", "ProcessGuid", "ProcessId", "Image", "FileVersion", "Description", "Product", "Company", "OriginalFileName",
			"CommandLine", "CurrentDirectory", "User", "LogonGuid", "LogonId", "TerminalSessionId", "IntegrityLevel", "Hashes",
			"ParentProcessGuid", "ParentProcessId", "ParentImage", "ParentCommandLine", "ParentUser",
		},
	},
	values: [][]string{
		{"-"}, {"2026-03-01 09:12:44.118"}, {"{11111111-2222-3333-4444-555555555555}"}, {"4312"}, {`C:\Windows\System32\cmd.exe`},
		{"10.0.19041.746 (WinBuild.160101.0800)"}, {"Windows Command Processor"}, {"Microsoft® Windows® Operating System"}, {"Microsoft Corporation"}, {"Cmd.Exe"},
		{`C:\Windows\system32\cmd.exe /d /s /c "robocopy D:\Projects\quarterly \\files.example.com\archive$\2026 /MIR /R:2 /W:5 /LOG:C:\ProgramData\Backup\robocopy.log"`},
		{`C:\Program Files\Backup Agent\`}, {`EXAMPLE\svc-backup`}, {"{11111111-2222-3333-4444-666666666666}"}, {"0x3e7"}, {"0"}, {"High"},
		{"SHA1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709,MD5=D41D8CD98F00B204E9800998ECF8427E,SHA256=E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855,IMPHASH=00000000000000000000000000000000"},
		{"{11111111-2222-3333-4444-777777777777}"}, {"992"}, {`C:\Program Files\Backup Agent\agent.exe`}, {`"C:\Program Files\Backup Agent\agent.exe" --service --config "C:\ProgramData\Backup\agent.yml"`},
		{`NT AUTHORITY\SYSTEM`},
	},
}

// testEvent is an event for tests.
type testEvent struct {
	schema Schema
	values [][]string
	nulls  map[int]bool // fields whose only value is null
}

func (e *testEvent) AppendValues(dst *Values, field int) {
	if e.nulls[field] {
		dst.AddNull()
	}
	for _, v := range e.values[field] {
		dst.End(append(dst.Buffer(), v...))
	}
}

// rawEvent shows the values of a testEvent as they might lie in evidence: UTF-16 where they are UTF-8.
type rawEvent struct{ *testEvent }

func (e rawEvent) Raw(dst []Raw, fields []int32) {
	for i, f := range fields {
		values := e.values[f]
		switch {
		case e.nulls[int(f)] && len(values) == 0:
			dst[i] = Raw{Tag: RawNull}
		case len(values) == 0:
			dst[i] = Raw{}
		case len(values) > 1 || e.nulls[int(f)] || !utf8.ValidString(values[0]) || strings.ContainsRune(values[0], 0):
			dst[i] = Raw{Tag: RawOther}
		case strings.Trim(values[0], "0123456789") == "" && len(values[0])%2 == 1:
			dst[i] = Raw{Bytes: []byte(values[0]), Tag: RawPlain | 2}
		default:
			dst[i] = Raw{Bytes: utf16LE(values[0]), Tag: RawUTF16}
			if len(values[0])%3 == 0 {
				dst[i].Bytes = append(dst[i].Bytes, 0, 0, 'x', 0, 1) // what stands behind a NUL is no text
			}
		}
	}
}

func (e rawEvent) AnyText(_ uint64, but []int32, piece, f func([]byte) bool) bool {
	raws := make([]Raw, len(but))
	e.Raw(raws, but)
	if piece != nil {
		var all []byte
		for i, values := range e.values {
			for _, v := range values {
				if !utf8.ValidString(v) {
					return true
				}
				if e.schema.Apart == nil || e.schema.Apart[i] {
					continue
				}
				all = append(append(all, byte(len(v))), utf16LE(v)...) // of any length
			}
		}
		if !piece(all) {
			return false
		}
	}
	for i, values := range e.values {
		if k := slices.Index(but, int32(i)); k >= 0 && raws[k].Tag == RawUTF16 {
			continue
		}
		for _, v := range values {
			if !utf8.ValidString(v) {
				return true
			}
			apart := e.schema.Apart == nil || e.schema.Apart[i]
			if (!apart || i%2 > 0) && f(utf16LE(v)) {
				return true
			}
		}
	}
	return false
}

func BenchmarkProcessCreation(b *testing.B) {
	shared(b, "sigma/rules")
	c, _ := corpusRules()
	engine, _ := Compile(c, Options{})
	binding := engine.Bind(&processCreation.schema)
	m := NewMatcher()
	hits := 0
	b.ReportAllocs()
	for b.Loop() {
		binding.Match(m, &processCreation, func(*Match) { hits++ })
	}
	b.ReportMetric(float64(len(binding.plan.rules)), "rules")
	b.ReportMetric(float64(hits)/float64(b.N), "hits/op")
}

func BenchmarkBind(b *testing.B) {
	shared(b, "sigma/rules")
	c, _ := corpusRules()
	engine, _ := Compile(c, Options{})
	for b.Loop() {
		engine.Bind(&processCreation.schema)
	}
}

func BenchmarkCompile(b *testing.B) {
	shared(b, "sigma/rules")
	c, _ := corpusRules()
	for b.Loop() {
		Compile(c, Options{})
	}
}
