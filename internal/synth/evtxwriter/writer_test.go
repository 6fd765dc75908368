package evtxwriter

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// memory is an io.WriteSeeker over bytes.
type memory struct {
	b  []byte
	at int64
}

func (m *memory) Write(p []byte) (int, error) {
	if need := m.at + int64(len(p)); need > int64(len(m.b)) {
		m.b = append(m.b, make([]byte, need-int64(len(m.b)))...)
	}
	m.at += int64(copy(m.b[m.at:], p))
	return len(p), nil
}

func (m *memory) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, fmt.Errorf("whence %d", whence)
	}
	m.at = offset
	return offset, nil
}

func (m *memory) Truncate(size int64) error { m.b = m.b[:size]; return nil }

var testTime = time.Date(2026, 2, 3, 4, 5, 6, 789_012_300, time.UTC)

// everyType has a field of each type that has a form.
func everyType() *Shape {
	return &Shape{Provider: "Example-Provider", GUID: ParseGUID("{01234567-89ab-cdef-0123-456789abcdef}"), EventID: 77, Version: 2, Level: 4,
		Task: 9, Opcode: 3, Keywords: 0x8000000000000000, Channel: "Example/Operational", Fields: []Field{
			{Name: "text", Type: String}, {Name: "counted", Type: String, Counted: true}, {Name: "ansi", Type: Ansi},
			{Name: "i8", Type: Int8}, {Name: "u8", Type: Uint8}, {Name: "i16", Type: Int16}, {Name: "u16", Type: Uint16},
			{Name: "i32", Type: Int32}, {Name: "u32", Type: Uint32}, {Name: "i64", Type: Int64}, {Name: "u64", Type: Uint64},
			{Name: "float", Type: Float}, {Name: "double", Type: Double}, {Name: "bool", Type: Bool}, {Name: "binary", Type: Binary},
			{Name: "guid", Type: GUIDType}, {Name: "size", Type: Size}, {Name: "filetime", Type: FileTime}, {Name: "systemtime", Type: SystemTime},
			{Name: "sid", Type: SIDType}, {Name: "h32", Type: Hex32}, {Name: "h64", Type: Hex64},
			{Name: "texts", Type: String | Array}, {Name: "numbers", Type: Uint32 | Array}, {Name: "null", Type: String},
		}}
}

func everyValue() []any {
	return []any{"Zürich 🦅 <&>", "counted", "ansi", int8(-5), uint8(200), int16(-300), uint16(60000), int32(-70000), uint32(4000000000),
		int64(-5e12), uint64(1<<63 + 5), float32(1.5), 2.25, true, []byte{0xde, 0xad}, ParseGUID("5770385f-c22a-43e0-bf4c-06f5698ffbd9"), 0x1234,
		testTime, testTime, SID("S-1-5-21-1-2-3-1001"), uint32(0xc000006d), uint64(0x3e7), []string{"one", "", "three"}, []any{uint32(1), uint32(2)}, nil}
}

func writeLog(t *testing.T, o Options, fill func(w *Writer)) []byte {
	t.Helper()
	m := &memory{}
	w, err := New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	fill(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return m.b
}

func appendEvent(t *testing.T, w *Writer, e Event) uint64 {
	t.Helper()
	id, err := w.Append(e)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// checkLog holds a log to what the format says of headers, checksums, record frames and numbers; it returns the
// record ids.
func checkLog(t *testing.T, log []byte) []uint64 {
	t.Helper()
	le := binary.LittleEndian
	if got, want := crc32.ChecksumIEEE(log[:120]), le.Uint32(log[124:]); got != want {
		t.Errorf("file header: CRC is 0x%x, stated 0x%x", got, want)
	}
	var ids []uint64
	for at := headerSize; at < len(log); at += chunkSize {
		c := log[at : at+chunkSize]
		free := int(le.Uint32(c[48:]))
		if got := crc32.ChecksumIEEE(c[chunkHeaderSize:free]); got != le.Uint32(c[52:]) {
			t.Errorf("chunk at 0x%x: CRC of the records is 0x%x", at, got)
		}
		if got := crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:512]); got != le.Uint32(c[124:]) {
			t.Errorf("chunk at 0x%x: CRC of the header is 0x%x", at, got)
		}
		first := len(ids)
		for p := chunkHeaderSize; p < free; {
			size := int(le.Uint32(c[p+4:]))
			if string(c[p:p+4]) != "**\x00\x00" || size%8 != 0 || int(le.Uint32(c[p+size-4:])) != size {
				t.Fatalf("record at 0x%x is broken", at+p)
			}
			ids = append(ids, le.Uint64(c[p+8:]))
			p += size
		}
		if le.Uint64(c[24:]) != ids[first] || le.Uint64(c[32:]) != ids[len(ids)-1] {
			t.Errorf("chunk at 0x%x: record ids in the header are wrong", at)
		}
	}
	return ids
}

func TestFrames(t *testing.T) {
	s := everyType()
	log := writeLog(t, Options{Computer: "PC1.example.com", FirstID: 500}, func(w *Writer) {
		for i := range 400 {
			if id := appendEvent(t, w, Event{Shape: s, Time: testTime, Process: 4, Thread: 8, Values: everyValue()}); id != uint64(500+i) {
				t.Fatalf("record %d has id %d", i, id)
			}
		}
	})
	ids := checkLog(t, log)
	if len(ids) != 400 || ids[0] != 500 || ids[399] != 899 {
		t.Errorf("%d records, %d to %d", len(ids), ids[0], ids[len(ids)-1])
	}
	if n := binary.LittleEndian.Uint16(log[42:]); int(n) != (len(log)-headerSize)/chunkSize || n < 3 {
		t.Errorf("the header says %d chunks, the file has %d", n, (len(log)-headerSize)/chunkSize)
	}
	if n := binary.LittleEndian.Uint64(log[24:]); n != 900 {
		t.Errorf("next record is %d", n)
	}
}

// TestClear: after clearing, ids go on, the file begins again, and old bytes stay past the free space.
func TestClear(t *testing.T) {
	s := everyType()
	log := writeLog(t, Options{Computer: "PC1.example.com"}, func(w *Writer) {
		for range 200 {
			appendEvent(t, w, Event{Shape: s, Time: testTime, Values: []any{"before"}})
		}
		if err := w.Clear(); err != nil {
			t.Fatal(err)
		}
		appendEvent(t, w, Event{Shape: s, Time: testTime, Values: []any{"after"}})
	})
	if ids := checkLog(t, log); len(ids) != 1 || ids[0] != 201 {
		t.Errorf("records after clearing: %d", ids)
	}
	free := binary.LittleEndian.Uint32(log[headerSize+48:])
	if !strings.Contains(string(log[headerSize+int(free):]), "**\x00\x00") {
		t.Error("no stale record is left")
	}
}

func TestErrors(t *testing.T) {
	s := &Shape{Provider: "p", Channel: "c", Fields: []Field{{Name: "n", Type: Uint32}, {Name: "s", Type: SIDType}, {Name: "t", Type: String}}}
	log := writeLog(t, Options{Computer: "PC1"}, func(w *Writer) {
		for _, bad := range [][]any{{"text"}, {1, SID("T-1")}, {1, nil, strings.Repeat("x", 40000)}, {1, nil, "", 4}} {
			if _, err := w.Append(Event{Shape: s, Values: bad}); err == nil {
				t.Errorf("%.40v was taken", bad)
			}
		}
		appendEvent(t, w, Event{Shape: s, Time: testTime, Values: []any{1, SID("S-1-5-18"), "fine"}})
	})
	if ids := checkLog(t, log); len(ids) != 1 || ids[0] != 1 {
		t.Errorf("records: %d", ids)
	}
	if strings.Contains(string(log), "x\x00x\x00x") {
		t.Error("a refused record left its bytes")
	}
}

// dump runs evtx_dump, or skips where it isn't installed.
func dump(t *testing.T, log []byte, format string) string {
	t.Helper()
	tool, err := exec.LookPath("evtx_dump")
	if err != nil {
		t.Skip("evtx_dump is not on the PATH")
	}
	path := filepath.Join(t.TempDir(), "log.evtx")
	if err := os.WriteFile(path, log, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-t", "1", "-o", format, path).CombinedOutput()
	if err != nil {
		t.Fatalf("evtx_dump: %v\n%s", err, out)
	}
	return string(out)
}

// TestAgainstEvtxDump reads every type and form back with an independent parser.
func TestAgainstEvtxDump(t *testing.T) {
	manifest := everyType()
	inline := everyType()
	inline.Form = Inline
	user := &Shape{Provider: "P", GUID: manifest.GUID, EventID: 21, Channel: "C", UserData: "EventXML", Namespace: "Event_NS",
		Fields: []Field{{Name: "User", Type: String}, {Name: "SessionID", Type: Uint32}}}
	classic := &Shape{Form: Classic, Provider: "EventLog", EventID: 6013, Qualifiers: 0x8000, Keywords: 0x80000000000000, Channel: "System"}
	named := &Shape{Form: Classic, Provider: "Service Control Manager", GUID: ParseGUID("555908d1-a6d7-4695-8e1e-26931d2012f4"), SourceName: "Service Control Manager",
		EventID: 7036, Qualifiers: 0x4000, Channel: "System", Fields: []Field{{Name: "param1", Type: String}, {Name: "param2", Type: String}, {Name: "Binary", Type: Binary}}}
	empty := &Shape{Provider: "P", GUID: manifest.GUID, EventID: 4608, Channel: "C"}
	log := writeLog(t, Options{Computer: "PC1.example.com", Dirty: true}, func(w *Writer) {
		for range 60 {
			appendEvent(t, w, Event{Shape: manifest, Time: testTime, User: "S-1-5-18", Activity: manifest.GUID, Process: 7, Values: everyValue()})
			appendEvent(t, w, Event{Shape: inline, Time: testTime, Values: everyValue()})
			appendEvent(t, w, Event{Shape: user, Time: testTime, Values: []any{`EXAMPLE\ada`, 3}})
			appendEvent(t, w, Event{Shape: classic, Time: testTime, Values: []any{"a", "", "c", []byte{1, 2}}})
			appendEvent(t, w, Event{Shape: named, Time: testTime, Values: []any{"Example Service", "running", []byte{3}}})
			appendEvent(t, w, Event{Shape: empty, Time: testTime})
		}
	})
	checkLog(t, log)
	out := dump(t, log, "jsonl")
	if strings.Contains(out, "ERROR") || strings.Count(out, `"EventRecordID"`) != 360 {
		t.Errorf("evtx_dump reads %d of 360 records:\n%.2000s", strings.Count(out, `"EventRecordID"`), out)
	}
	for _, want := range []string{
		`"text":"Zürich 🦅 <&>"`, `"ansi":"ansi"`, `"i8":-5`, `"u64":9223372036854775813`, `"double":"2.25"`, `"bool":true`, `"binary":"DEAD"`,
		`"guid":"{5770385f-c22a-43e0-bf4c-06f5698ffbd9}"`, `"size":"0x1234"`, `"filetime":"2026-02-03T04:05:06.7890123Z"`, `"sid":"S-1-5-21-1-2-3-1001"`,
		`"h32":"0xc000006d"`, `"h64":"0x3e7"`, `"User":"EXAMPLE\\ada"`, `"SessionID":3`, `"param1":"Example Service"`, `"Binary":"03"`, `"Qualifiers":16384`,
		`"ActivityID":"{01234567-89ab-cdef-0123-456789abcdef}"`, `"UserID":"S-1-5-18"`, `"Computer":"PC1.example.com"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%.3000s", want, out)
		}
	}
}

func TestSameBytes(t *testing.T) {
	run := func() []byte {
		s, r := everyType(), rand.New(rand.NewPCG(1, 2))
		return writeLog(t, Options{Computer: "PC1"}, func(w *Writer) {
			for range 300 {
				appendEvent(t, w, Event{Shape: s, Time: testTime.Add(time.Duration(r.IntN(1e9))), Values: []any{strings.Repeat("s", r.IntN(300))}})
			}
		})
	}
	if first, second := run(), run(); !bytes.Equal(first, second) {
		t.Error("two runs differ")
	}
}

func BenchmarkAppend(b *testing.B) {
	s, v := everyType(), everyValue()
	w, err := New(&memory{}, Options{Computer: "PC1"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Append(Event{Shape: s, Time: testTime, Values: v}); err != nil {
			b.Fatal(err)
		}
	}
}
