package synth

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

// forwarder is the copy of one host's channel Security that was sent elsewhere as it was written: JSON lines with
// the keys that a widespread agent gives Windows events.
type forwarder struct {
	w    *world
	path string
	file *os.File
	out  *bufio.Writer
}

func newForwarder(w *world, path string) (*forwarder, error) {
	name := filepath.Join(w.dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, fmt.Errorf("make forwarder's folder: %w", err)
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("make forwarder's file: %w", err)
	}
	return &forwarder{w, path, f, bufio.NewWriterSize(f, 1<<17)}, nil
}

// add writes an event that has just got its record id. The keys of a JSON object come out in order of name.
func (f *forwarder) add(h *host, e *entry, id uint64) error {
	s := e.shape
	line := map[string]any{
		"@timestamp": e.event.Time.UTC().Format("2006-01-02T15:04:05.000Z"), "EventTime": e.event.Time.UTC().Format(time.DateTime), "EventReceivedTime": e.event.Time.Add(2 * time.Second).UTC().Format(time.DateTime),
		"Hostname": h.fqdn(), "SourceName": s.Provider, "ProviderGuid": "{" + s.GUID.String() + "}", "Channel": s.Channel, "EventID": s.EventID, "Version": s.Version, "Task": s.Task,
		"OpcodeValue": s.Opcode, "Opcode": "Info", "Keywords": int64(s.Keywords), "RecordNumber": id, "ExecutionProcessID": e.event.Process, "ThreadID": e.event.Thread,
		"SeverityValue": 2, "Severity": "INFO", "SourceModuleName": "eventlog", "SourceModuleType": "im_msvistalog", "tags": []string{"larkspur"},
	}
	line["EventType"] = map[uint64]string{auditSuccess: "AUDIT_SUCCESS", auditFailure: "AUDIT_FAILURE"}[s.Keywords]
	if line["EventType"] == "" {
		line["EventType"] = "INFO"
	}
	for i, field := range s.Fields {
		if i < len(e.event.Values) {
			line[field.Name] = forwarded(field.Type, e.event.Values[i])
		}
	}
	f.w.lines++
	b, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	if _, err = f.out.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

// forwarded is a value as the agent writes it: as text, whatever its type.
func forwarded(t ew.Type, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case ew.SID:
		return string(v)
	case ew.GUID:
		return "{" + strings.ToUpper(v.String()) + "}"
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.0000000Z")
	}
	if t == ew.Hex32 || t == ew.Hex64 || t == ew.Size {
		return fmt.Sprintf("0x%x", v)
	}
	return fmt.Sprint(v)
}

func (f *forwarder) close() error {
	if err := f.out.Flush(); err != nil {
		return fmt.Errorf("finish %s: %w", f.path, err)
	}
	return f.file.Close()
}
