package parser

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// TestJSONTime holds the time of a record to UTC, whatever clock its members were written by.
func TestJSONTime(t *testing.T) {
	const event = `"EventID":1,"Channel":"Security",`
	for _, tt := range []struct{ name, members, want string }{
		{"own_with_zone", event + `"EventTime":"2026-03-02T09:15:00-05:00","@timestamp":"2026-03-02T15:00:00Z"`, "2026-03-02T14:15:00Z"},
		{"local_by_received", event + `"EventTime":"2026-03-02 09:05:00","EventReceivedTime":"2026-03-02 09:15:01","@timestamp":"2026-03-02T14:15:02.5Z"`, "2026-03-02T14:05:00Z"},
		{"local_half_hour_zone", event + `"EventTime":"2026-03-02 19:45:00","@timestamp":"2026-03-02T14:15:02.5Z"`, "2026-03-02T14:15:00Z"},
		{"local_is_utc", event + `"EventTime":"2026-03-02 14:15:00","@timestamp":"2026-03-02T14:15:02.5Z"`, "2026-03-02T14:15:00Z"},
		{"local_by_sysmon", event + `"EventTime":"2026-03-02 09:15:00","UtcTime":"2026-03-02 14:14:59.871"`, "2026-03-02T14:15:00Z"},
		{"stored_days_later", event + `"EventTime":"2026-03-02 09:15:00","@timestamp":"2026-03-09T10:22:00Z"`, "2026-03-02T09:15:00Z"},
		{"only_stamp", event + `"@timestamp":"2026-03-01T00:00:00.123Z"`, "2026-03-01T00:00:00.123Z"},
		{"only_utc_time", event + `"UtcTime":"2026-03-02 14:14:59.871"`, "2026-03-02T14:14:59.871Z"},
		{"powershell", event + `"TimeCreated":"\/Date(1772460000123)\/"`, "2026-03-02T14:00:00.123Z"},
		{"null_own", event + `"EventTime":null,"@timestamp":"2026-03-01T00:00:00Z"`, "2026-03-01T00:00:00Z"},
		{"epoch_seconds", `"ts":1772460000.25`, "2026-03-02T14:00:00.25Z"},
		{"epoch_millis", `"timestamp":1772460000250`, "2026-03-02T14:00:00.25Z"},
		{"epoch_nanos", `"time":1772460000250000001`, "2026-03-02T14:00:00.250000001Z"},
		{"no_date", `"time":"2026-02-30T00:00:00Z"`, ""},
		{"small_number", `"time":12`, ""},
		{"none", `"a":1`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := collect(t, ByName("json"), inputOf("x", []byte("{"+tt.members+"}")))
			got := ""
			if len(r.records) == 1 {
				if rest, ok := strings.CutPrefix(r.records[0], `{"time":"`); ok {
					got, _, _ = strings.Cut(rest, `"`)
				}
			}
			if got != tt.want {
				t.Errorf("time is %q, not %q (%v, %v)", got, tt.want, r.records, r.problems)
			}
		})
	}
}

// TestWindowsNames holds JSON of every form to the names that event logs have.
func TestWindowsNames(t *testing.T) {
	for _, s := range samples(t) {
		if s.parser.Name != "winevt-json" {
			continue
		}
		for r, err := range s.parser.Parse(s.input()) {
			if err != nil || !r.Schema.HasEventID {
				continue
			}
			if r.Schema.Product != "windows" || r.Schema.Channel == "" || r.Schema.Provider == "" || r.Host == "" {
				t.Errorf("%s: schema %+v", s.path, r.Schema)
			}
			for field, want := range map[string]string{
				"EventID": fmt.Sprint(r.Schema.EventID), "Channel": r.Schema.Channel, "Provider_Name": r.Schema.Provider, "Computer": r.Host,
			} {
				i := r.Schema.Index(field)
				if i < 0 || r.Values.Len(i) != 1 || string(r.Values.At(i, 0).AppendText(nil)) != want {
					t.Errorf("%s at 0x%x: field %s is not %q", s.path, r.Offset, field, want)
				}
			}
			seen := map[string]bool{}
			for _, f := range r.Schema.Fields {
				if seen[f.Name] {
					t.Errorf("%s at 0x%x: two fields are called %q", s.path, r.Offset, f.Name)
				}
				seen[f.Name] = true
			}
		}
	}
}

// TestSchemaOnce holds records of one shape to one schema, over files and parts of files.
func TestSchemaOnce(t *testing.T) {
	schemas := map[*event.Schema]int{}
	line := []byte(`{"EventID":4624,"Channel":"Security","Hostname":"a","TargetUserName":"b"}` + "\n")
	for range 3 {
		for r := range ByName("winevt-json").Parse(inputOf("x", bytes.Repeat(line, 3))) {
			schemas[r.Schema]++
		}
	}
	if len(schemas) != 1 {
		t.Errorf("%d schemas for one shape", len(schemas))
	}
}

// TestLineCuts cuts files of lines at many places and holds the two parts to the whole.
func TestLineCuts(t *testing.T) {
	for _, s := range samples(t) {
		if !s.lines() {
			continue
		}
		whole := collect(t, s.parser, s.input())
		for cut := 1; cut < len(s.data); cut += 1 + len(s.data)/700 {
			if parts := s.cut(t, cut); !bytes.Equal(whole.golden(), parts.golden()) {
				t.Fatalf("%s cut at %d: %d records and %d problems, whole: %d and %d", s.path, cut,
					len(parts.records), len(parts.problems), len(whole.records), len(whole.problems))
			}
		}
	}
}

// lines says whether the file can be cut anywhere.
func (s *sample) lines() bool {
	switch s.parser.Name {
	case "syslog":
		return syslogDated(s.input())
	case "json", "winevt-json":
		return jsonLines(s.input())
	}
	return false
}

// cut reads the file in two parts.
func (s *sample) cut(t testing.TB, at int) result {
	first, second := s.input(), s.input()
	first.To, second.From = int64(at), int64(at)
	parts := collect(t, s.parser, first)
	parts.add(collect(t, s.parser, second))
	return parts
}

// TestJSONBounds holds hostile objects to bounds.
func TestJSONBounds(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		records    int
		problems   int
	}{
		{"many_values", `{"a":[` + strings.Repeat("1,", 1<<16) + `1]}`, 0, 1},
		{"deep", strings.Repeat(`{"a":`, 100000) + "1" + strings.Repeat("}", 100000), 1, 0},
		{"deep_open", strings.Repeat(`{"a":`, 2000), 0, 1},
		{"brackets", "[" + strings.Repeat("[", 100000), 0, 0},
		{"long_string", `{"a":"` + strings.Repeat("x", maxUnit+1) + `"}` + "\n" + `{"a":1}`, 1, 1},
		{"long_names", `{"` + strings.Repeat("k", 3000) + `":{"` + strings.Repeat("k", 3000) + `":1}}`, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := collect(t, ByName("json"), inputOf("x", []byte(tt.text)))
			if len(r.records) != tt.records || len(r.problems) < tt.problems || tt.problems == 0 && len(r.problems) > 0 {
				t.Errorf("%d records and %d problems, not %d and %d", len(r.records), len(r.problems), tt.records, tt.problems)
			}
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	line := []byte(`{"EventID":4688,"RecordNumber":1,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Hostname":"ws01.example.com",` +
		`"@timestamp":"2026-03-02T14:15:03.345Z","Task":13312,"Keywords":-9214364837600034816,"NewProcessName":"C:\\Windows\\System32\\whoami.exe",` +
		`"CommandLine":"whoami /all","SubjectUserName":"a.keller","SubjectDomainName":"EXAMPLE","ProcessId":"0x1f4"}` + "\n")
	data := bytes.Repeat(line, 10000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for r := range ByName("winevt-json").Parse(inputOf("x", data)) {
			if r != nil {
				n++
			}
		}
		if n != 10000 {
			b.Fatal(n)
		}
	}
}
