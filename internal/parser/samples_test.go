package parser

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// TestBinarySamples holds the inputs that are no text to what makes them; with -update it writes them.
func TestBinarySamples(t *testing.T) {
	forms := makeEVTX(t, false)
	testkit.Golden(t, "testdata/evtx/forms.evtx", forms)
	testkit.Golden(t, "testdata/evtx/cleared.evtx", makeEVTX(t, true))

	damaged := bytes.Clone(forms)
	const records = 4096 + 512
	second := records + int(damaged[records+4]) + int(damaged[records+5])<<8
	copy(damaged[second+4:], "\xff\xff\xff\x7f") // a length that is no length
	testkit.Golden(t, "testdata/evtx/damaged.evtx", damaged)

	shifted := append(bytes.Repeat([]byte{0xee}, 100), forms[4096:4096+8192]...) // a piece of a chunk, out of step
	testkit.Golden(t, "testdata/evtx-carve/shifted.bin", shifted)
}

// makeEVTX writes a log with events of every form; a cleared one has them in its slack.
func makeEVTX(t *testing.T, cleared bool) []byte {
	t.Helper()
	logon := &evtxwriter.Shape{
		Provider: "Microsoft-Windows-Security-Auditing", GUID: evtxwriter.ParseGUID("54849625-5478-4994-A5BA-3E3B0328C30D"),
		EventID: 4624, Version: 2, Task: 12544, Keywords: 0x8020000000000000, Channel: "Security",
		Fields: []evtxwriter.Field{
			{Name: "TargetUserName", Type: evtxwriter.String}, {Name: "TargetUserSid", Type: evtxwriter.SIDType},
			{Name: "LogonType", Type: evtxwriter.Uint32}, {Name: "TargetLogonId", Type: evtxwriter.Hex64},
			{Name: "IpAddress", Type: evtxwriter.String},
		},
	}
	service := &evtxwriter.Shape{
		Form: evtxwriter.Classic, Provider: "Service Control Manager", SourceName: "Service Control Manager", EventID: 7036,
		Qualifiers: 16384, Level: 4, Keywords: 0x8080000000000000, Channel: "System",
	}
	clear := &evtxwriter.Shape{
		Form: evtxwriter.Inline, Provider: "Microsoft-Windows-Eventlog", EventID: 1102, Level: 4, Task: 104, Keywords: 0x4020000000000000,
		Channel: "Security", UserData: "LogFileCleared", Namespace: "http://manifests.microsoft.com/win/2004/08/windows/eventlog",
		Fields: []evtxwriter.Field{{Name: "SubjectUserName", Type: evtxwriter.String}, {Name: "SubjectDomainName", Type: evtxwriter.String}},
	}
	when := time.Date(2026, 3, 2, 14, 0, 0, 123456700, time.UTC)
	events := []evtxwriter.Event{
		{Shape: logon, Values: []any{"a.keller", evtxwriter.SID("S-1-5-21-1-2-3-1104"), uint32(3), uint64(0x3e7a1), "192.0.2.7"}},
		{Shape: service, Values: []any{"Print Spooler", "stopped", []byte{0xc0, 0xde}}},
		{Shape: logon, Values: []any{"<script>\u202e\U0001F985", nil, uint32(10), uint64(1), "-"}},
		{Shape: clear, Values: []any{"a.keller", "EXAMPLE"}},
	}
	out := &memoryFile{}
	w, err := evtxwriter.New(out, evtxwriter.Options{Computer: "dc01.example.com", FirstID: 7000})
	if err != nil {
		t.Fatal(err)
	}
	add := func(e evtxwriter.Event, n int) {
		e.Time, e.Process, e.Thread = when.Add(time.Duration(n)*time.Minute), 640, 7
		if _, err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	for n, e := range events {
		add(e, n)
	}
	if cleared {
		if err := w.Clear(); err != nil {
			t.Fatal(err)
		}
		add(events[3], 9)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.b
}

// memoryFile is a file in memory.
type memoryFile struct {
	b  []byte
	at int64
}

func (m *memoryFile) Write(p []byte) (int, error) {
	if need := m.at + int64(len(p)); need > int64(len(m.b)) {
		m.b = append(m.b, make([]byte, need-int64(len(m.b)))...)
	}
	m.at += int64(copy(m.b[m.at:], p))
	return len(p), nil
}

func (m *memoryFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		m.at = offset
	case io.SeekCurrent:
		m.at += offset
	default:
		m.at = int64(len(m.b)) + offset
	}
	return m.at, nil
}

func (m *memoryFile) Truncate(size int64) error {
	m.b = m.b[:size]
	return nil
}
