package sigma

import "testing"

// TestOffers holds that an event is of a log source by its channel and by what the mapping asks of it, not by what a rule asks.
func TestOffers(t *testing.T) {
	o := NewOffers(nil)
	process := &LogSource{Category: "process_creation", Product: "windows"}
	for _, tt := range []struct {
		name   string
		source *LogSource
		schema Schema
		want   bool
	}{
		{"the channel itself", &LogSource{Product: "windows", Service: "security"}, Schema{Channel: "Security", EventID: "4624"}, true},
		{"another channel", &LogSource{Product: "windows", Service: "security"}, Schema{Channel: "System", EventID: "7045"}, false},
		{"processes of the Security channel", process, Schema{Channel: "Security", EventID: "4688"}, true},
		{"logons of the Security channel", process, Schema{Channel: "Security", EventID: "4624"}, false},
		{"processes of Sysmon", process, Schema{Channel: "Microsoft-Windows-Sysmon/Operational", EventID: "1"}, true},
		{"connections of Sysmon", process, Schema{Channel: "Microsoft-Windows-Sysmon/Operational", EventID: "3"}, false},
		{"product and service", &LogSource{Product: "linux", Service: "auth"}, Schema{Product: "linux", Service: "auth"}, true},
		{"a category that no entry is about", &LogSource{Category: "no such thing", Product: "windows"}, Schema{Channel: "Security"}, false},
	} {
		for range 2 {
			if got := o.Has(tt.source, &tt.schema); got != tt.want {
				t.Errorf("%s: %v", tt.name, got)
			}
		}
	}
}
