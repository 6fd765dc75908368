package synth

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/evtx"
	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

// record is what was written of an event, as text.
type record map[string]string

// written writes the evidence and says, for each log by its path in the collection, what is in it.
func written(t *testing.T, dir string, o Options) map[string]map[uint64]record {
	t.Helper()
	out := map[string]map[uint64]record{}
	_, err := write(dir, o.filled(), func(h *host, e *entry) {
		c := e.clear
		if c == nil {
			c = e.shape.in
		}
		l := h.logs[c]
		if e.clear != nil || out[l.path] == nil {
			out[l.path] = map[uint64]record{}
		}
		if e.clear == nil {
			out[l.path][l.w.NextID()] = describe(h, e, l.w.NextID())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// describe renders an event as the readers do.
func describe(h *host, e *entry, id uint64) record {
	s := e.shape
	r := record{"System/Provider/#attributes/Name": s.Provider, "System/Channel": s.Channel, "System/Computer": h.fqdn(), "System/EventRecordID": fmt.Sprint(id),
		"System/Version": fmt.Sprint(s.Version), "System/Level": fmt.Sprint(s.Level), "System/Task": fmt.Sprint(s.Task), "System/Opcode": fmt.Sprint(s.Opcode),
		"System/Keywords": fmt.Sprintf("0x%x", s.Keywords), "System/TimeCreated/#attributes/SystemTime": e.event.Time.Format("2006-01-02T15:04:05.0000000Z"),
		"System/Execution/#attributes/ProcessID": fmt.Sprint(e.event.Process), "System/Execution/#attributes/ThreadID": fmt.Sprint(e.event.Thread)}
	r["System/EventID"] = fmt.Sprint(s.EventID)
	if s.Form == ew.Classic {
		delete(r, "System/EventID")
		r["System/EventID/#text"] = fmt.Sprint(s.EventID)
	}
	if e.event.User != "" {
		r["System/Security/#attributes/UserID"] = string(e.event.User)
	}
	where := "EventData/"
	if s.UserData != "" {
		where = "UserData/" + s.UserData + "/"
	}
	for i, f := range s.Fields {
		if i < len(e.event.Values) {
			r[where+f.Name] = render(f.Type, e.event.Values[i])
		}
	}
	if len(s.Fields) > 0 || s.Form != ew.Classic {
		return r
	}
	for i, v := range e.event.Values {
		if b, ok := v.([]byte); ok {
			r["EventData/Binary"] = fmt.Sprintf("%X", b)
		} else if len(e.event.Values) > 1 {
			r[fmt.Sprintf("EventData/Data/#text/%d", i)] = v.(string)
		}
	}
	return r
}

func render(t ew.Type, v any) string {
	switch v := v.(type) {
	case []byte:
		return fmt.Sprintf("%X", v)
	case ew.GUID:
		return "{" + strings.ToLower(v.String()) + "}"
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.0000000Z")
	}
	return forwarded(t, v)
}

// flat turns a JSON object into paths and text; what is null or an empty object is left out.
func flat(t *testing.T, line []byte) record {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var root map[string]map[string]any
	if err := d.Decode(&root); err != nil {
		t.Fatalf("%v in %.300s", err, line)
	}
	out := record{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(path+"/"+k, e)
			}
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s/%d", path, i), e)
			}
		case nil:
		default:
			out[path[1:]] = fmt.Sprint(v)
		}
	}
	walk("", map[string]any(root["Event"]))
	return out
}

// compare holds what a reader gave to what was written: nothing missing, nothing more, all values the same. What
// is empty may be left out.
func compare(t *testing.T, path string, want map[uint64]record, got []record) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d records are read, %d were written", path, len(got), len(want))
	}
	for _, g := range got {
		var id uint64
		if _, err := fmt.Sscan(g["System/EventRecordID"], &id); err != nil {
			t.Fatalf("%s: record without an id: %v", path, g)
		}
		for key := range g {
			if strings.HasPrefix(key, "System/Provider/#attributes/") && !strings.HasSuffix(key, "/Name") || strings.Contains(key, "#attributes/xmlns") || strings.HasPrefix(key, "#attributes") ||
				strings.HasSuffix(key, "/Qualifiers") || strings.HasPrefix(key, "System/Correlation") || key == "EventData/#attributes/Name" || g[key] == "" {
				delete(g, key)
			}
		}
		w := want[id]
		for key, v := range w {
			if v == "" {
				delete(w, key)
			}
		}
		if d := cmp.Diff(w, g); d != "" {
			t.Fatalf("%s, record %d (-written +read):\n%s", path, id, d)
		}
	}
}

// logs gives the bytes of every event log below dir by its path in the collection.
func logs(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if filepath.Ext(path) == ".zip" {
			return unzip(path, out)
		}
		if filepath.Ext(path) != ".evtx" {
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func unzip(path string, out map[string][]byte) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return err
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			return err
		}
	}
	return nil
}

// TestReadBack reads every log with the project's own reader.
func TestReadBack(t *testing.T) {
	dir := t.TempDir()
	want := written(t, dir, Options{Seed: 3, Noise: 25})
	recovered := 0
	for path, b := range logs(t, dir) {
		f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		c := evtx.NewChunk(&evtx.Cache{})
		var got []record
		for i := range f.Chunks() {
			for r, err := range f.Records(i, c) {
				switch {
				case err != nil:
					t.Errorf("%s: %v", path, err)
				case r.Recovered:
					recovered++
				default:
					got = append(got, flat(t, r.AppendJSON(nil)))
				}
			}
			if h, r := c.ChecksumsOK(); !h || !r {
				t.Errorf("%s: checksums of chunk %d: header %v, records %v", path, i, h, r)
			}
		}
		compare(t, path, want[path], got)
	}
	if recovered < 20 {
		t.Errorf("%d records are recovered out of the slack of cleared logs, want at least 20", recovered)
	}
}

// TestAgainstEvtxDump reads every log with an independent parser; scripts/compare-synth runs it.
func TestAgainstEvtxDump(t *testing.T) {
	tool, err := exec.LookPath("evtx_dump")
	if err != nil {
		t.Skip("evtx_dump is not on the PATH")
	}
	dir := t.TempDir()
	want := written(t, dir, Options{Seed: 3, Noise: 25})
	at := filepath.Join(t.TempDir(), "log.evtx")
	for path, b := range logs(t, dir) {
		if err := os.WriteFile(at, b, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{"xml", "jsonl"} {
			var stdout, stderr bytes.Buffer
			cmd := exec.Command(tool, "-t", "1", "-o", form, at)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil || stderr.Len() > 0 {
				t.Fatalf("%s as %s: %v\n%s", path, form, err, stderr.String())
			}
			if form == "xml" {
				if n := strings.Count(stdout.String(), "<EventRecordID>"); n != len(want[path]) {
					t.Errorf("%s as XML: %d records of %d", path, n, len(want[path]))
				}
				continue
			}
			var got []record
			for line := range bytes.Lines(stdout.Bytes()) {
				got = append(got, flat(t, line))
			}
			compare(t, path, want[path], got)
		}
	}
}
