package casefile

import (
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// BenchmarkFinding gives a finding of a common size its identifier and its line.
func BenchmarkFinding(b *testing.B) {
	f := testFinding("Suspicious PowerShell Download and Execute Pattern")
	f.Rule.ID, f.Attack = "e6c54d94-498c-4562-a37c-b469d8e9a275", []string{"T1059.001", "T1105"}
	f.Evidence[0].Path, f.Evidence[0].SHA256 = "Microsoft-Windows-Sysmon%4Operational.evtx", strings.Repeat("0123456789abcdef", 4)
	f.Fields = []byte(`{"CommandLine":"` + strings.Repeat("powershell -nop -w hidden ", 40) + `"}`)
	var buf []byte
	var known finding.Known
	b.ReportAllocs()
	for b.Loop() {
		f.ID = finding.NewID(f)
		buf = AppendFinding(buf[:0], f, &known)
	}
	b.SetBytes(int64(len(buf)))
}
