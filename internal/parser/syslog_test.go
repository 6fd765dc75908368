package parser

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSyslogYears holds the years of messages that name none to what the file's age and their order say.
func TestSyslogYears(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		modified   time.Time
		want       []int
	}{
		{"same_year", "Mar  1 10:00:00 h p: a\nMar  2 10:00:00 h p: b\n", time.Date(2026, 3, 2, 10, 0, 1, 0, time.UTC), []int{2026, 2026}},
		{"year_before", "Mar  1 10:00:00 h p: a\n", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), []int{2025}},
		{"turn", "Dec 31 23:59:59 h p: a\nJan  1 00:00:00 h p: b\n", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), []int{2025, 2026}},
		{"two_turns", "Jun  1 00:00:00 h p: a\nMar  1 00:00:00 h p: b\nFeb  1 00:00:00 h p: c\n", time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), []int{2024, 2025, 2026}},
		{"small_step_back", "Mar  2 00:00:10 h p: a\nMar  1 23:59:59 h p: b\n", time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC), []int{2026, 2026}},
		{"local_zone_ahead", "Mar  2 13:00:00 h p: a\n", time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC), []int{2026}},
		{"leap_day", "Feb 29 00:00:00 h p: a\nMar  1 00:00:00 h p: b\n", time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC), []int{2024, 2024}},
		{"age_unknown", "Mar  1 10:00:00 h p: a\n", time.Time{}, []int{1}},
		{"stated", "Mar  1 2019 10:00:00 h p: a\n", time.Time{}, []int{2019}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := inputOf("messages", []byte(tt.text))
			in.Modified = tt.modified
			var got []int
			for r, err := range ByName("syslog").Parse(in) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, r.Time.Year())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSyslogService(t *testing.T) {
	for _, tt := range []struct{ program, path, want string }{
		{"sshd", "/var/log/auth.log", "sshd"},
		{"/usr/sbin/CRON", "/var/log/syslog", "cron"},
		{"sudo", "/var/log/secure-20260301", "sudo"},
		{"unknown", "/var/log/secure-20260301", "auth"},
		{"unknown", "/var/log/auth.log.1", "auth"},
		{"unknown", "/var/log/messages", "syslog"},
		{"", "dump", "syslog"},
	} {
		if got := syslogService([]byte(tt.program), tt.path); got != tt.want {
			t.Errorf("%s in %s is of service %q, not %q", tt.program, tt.path, got, tt.want)
		}
	}
}

// TestMatchText holds the recognition of text logs to what they are not.
func TestMatchText(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Mar  1 10:00:00 h p: a\n", "syslog"},
		{"\n\nMar  1 10:00:00 h p: a\n", "syslog"},
		{"<13>Mar  1 10:00:00 h p: a", "syslog"},
		{"2026-03-01T10:00:00Z h p[1]: a\n", "syslog"},
		{"2026-03-01 10:00:00 an application's log\n", ""},
		{"Marvellous text about 10:00:00\n", ""},
		{"[section]\nkey=value\n", ""},
		{"{\\rtf1\\ansi}", ""},
		{"{}", "json"},
		{" [ {\"a\" : 1}]", "json"},
		{"{\"EventID\":1,\"Channel\":\"x\"}", "winevt-json"},
		{"[1,2]", ""},
		{"\"text\"", ""},
	} {
		p := For("file", []byte(tt.text), nil)
		if got := nameOf(p); got != tt.want && !(tt.want == "" && p.Carve) {
			t.Errorf("%q goes to %s, not %q", tt.text, got, tt.want)
		}
	}
}
