package detect

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// TestVisible holds that a technique counts as visible if events of the log source of a rule came, whatever else the rule asks.
func TestVisible(t *testing.T) {
	rule := func(id, source, tag string) string {
		return fmt.Sprintf("title: %s\nid: 00000000-0000-4000-8000-00000000000%s\nlogsource: {%s}\ntags: [attack.%s]\ndetection: {s: {EventID: 4720}, condition: s}\n", id, id, source, tag)
	}
	rules := fstest.MapFS{}
	for i, r := range []string{
		rule("1", "product: windows, service: security", "t1136.001"), rule("2", "product: windows, service: system", "t1543.003"),
		rule("3", "category: process_creation, product: windows", "t1059.001"),
	} {
		rules[fmt.Sprintf("%d.yml", i)] = &fstest.MapFile{Data: []byte(r)}
	}
	engine, err := openSigma(&Config{Rules: []RuleSource{{Name: "test", FS: rules}}})
	if err != nil {
		t.Fatal(err)
	}
	e := engine.(*sigmaEngine)
	if got := Visible([]Engine{e}); len(got) > 0 {
		t.Errorf("of nothing: %v", got)
	}
	e.bind(&event.Schema{Source: "evtx", Product: "windows", Channel: "Security", EventID: 4624, HasEventID: true})
	if got, want := Visible([]Engine{e}), []string{"T1136.001"}; !slices.Equal(got, want) {
		t.Errorf("of logons: %v, want %v", got, want)
	}
	e.bind(&event.Schema{Source: "evtx", Product: "windows", Channel: "System", EventID: 7036, HasEventID: true})
	if got, want := Visible([]Engine{e}), []string{"T1136.001", "T1543.003"}; !slices.Equal(got, want) {
		t.Errorf("of both logs: %v, want %v", got, want)
	}
	for i := range maxBindings {
		e.bind(&event.Schema{Source: "text", Product: "linux", File: fmt.Sprintf("/var/log/%d", i)})
	}
	if got := Visible([]Engine{e}); got != nil {
		t.Errorf("of more shapes than are held: %v", got)
	}
}
