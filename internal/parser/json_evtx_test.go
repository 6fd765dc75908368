package parser

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// TestJSONLikeEVTX reads event logs twice, as they are and as JSON by evtx_dump, and asks both for what rules ask
// for. The same attack must look the same.
func TestJSONLikeEVTX(t *testing.T) {
	dump, err := exec.LookPath("evtx_dump")
	if err != nil {
		t.Skip("evtx_dump is not installed (cargo install evtx)")
	}
	dir := testkit.Shared(t, "corpus", "evtx", "attack-samples")
	compared := 0
	for n, path := range testkit.Files(t, dir) {
		if filepath.Ext(path) != ".evtx" || n%7 != 0 {
			continue
		}
		text, err := exec.Command(dump, "-t", "1", "-o", "jsonl", path).Output()
		if err != nil {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		compared += compareForms(t, filepath.Base(path), data, text)
	}
	t.Logf("%d records compared", compared)
	if compared < 100 {
		t.Errorf("only %d records compared", compared)
	}
}

// view is what rules see of a record.
type view struct {
	Envelope string
	Fields   map[string]string
}

func compareForms(t *testing.T, name string, log, text []byte) int {
	want := map[uint64]view{}
	for r := range ByName("evtx").Parse(inputOf(name, log)) {
		if r != nil && !r.Recovered {
			want[r.RecordID] = viewOf(r)
		}
	}
	n := 0
	for r, err := range ByName("winevt-json").Parse(inputOf(name, text)) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		w, ok := want[r.RecordID]
		if !ok {
			continue
		}
		got := viewOf(r)
		if got.Envelope != w.Envelope {
			t.Errorf("%s, record %d: envelope\n%s, in the log\n%s", name, r.RecordID, got.Envelope, w.Envelope)
		}
		for field, value := range w.Fields {
			if have, ok := got.Fields[field]; (!ok || have != value) && !loose(field, value, have) {
				t.Errorf("%s, record %d: %s is %q (present: %v), in the log %q", name, r.RecordID, field, have, ok, value)
			}
		}
		for field, have := range got.Fields {
			if _, ok := w.Fields[field]; !ok && have != "" && !strings.Contains(field, "xmlns") {
				t.Errorf("%s, record %d: %s is %q, not in the log", name, r.RecordID, field, have)
			}
		}
		n++
	}
	return n
}

// loose says where evtx_dump writes the same in another way.
func loose(field, value, have string) bool {
	return strings.EqualFold(strings.Trim(value, "{}"), strings.Trim(have, "{}"))
}

func viewOf(r *event.Record) view {
	v := view{Fields: map[string]string{}}
	id, _ := json.Marshal([]any{r.Time.Format("2006-01-02T15:04:05.000000"), r.Host, r.Schema.Provider, r.Schema.Channel, r.Schema.EventID, r.Schema.Product})
	v.Envelope = string(id)
	for i, f := range r.Schema.Fields {
		if r.Values.Len(i) == 1 {
			v.Fields[f.Name] = string(r.Values.At(i, 0).AppendText(nil))
		}
	}
	return v
}
