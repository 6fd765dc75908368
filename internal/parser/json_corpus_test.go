package parser

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// TestJSONCorpus reads every JSON file of the corpus, and holds records to what encoding/json makes of the same text.
func TestJSONCorpus(t *testing.T) {
	for _, dir := range []string{"json", "cloud", "net"} {
		root := testkit.Shared(t, "corpus", dir)
		for _, path := range testkit.Files(t, root) {
			rel, _ := filepath.Rel(root, path)
			switch filepath.Ext(path) {
			case ".json":
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				t.Run(rel, func(t *testing.T) { compareJSON(t, rel, data) })
			case ".zip":
				if testing.Short() {
					continue
				}
				t.Run(rel, func(t *testing.T) { compareZipped(t, path) })
			}
		}
	}
}

func compareZipped(t *testing.T, path string) {
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Skip(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if f.UncompressedSize64 > 3<<20 || !strings.HasSuffix(f.Name, ".json") || strings.HasPrefix(f.Name, "__") {
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		compareJSON(t, f.Name, data)
	}
}

func compareJSON(t *testing.T, name string, data []byte) {
	p := For(name, data[:min(len(data), HeadSize)], nil)
	if p == nil {
		t.Fatal("no parser takes the file")
	}
	in := inputOf(name, data)
	got := collect(t, p, in)
	if len(got.problems) > 0 {
		t.Errorf("%s: %d problems, the first: %s", name, len(got.problems), got.problems[0])
	}
	want := referenceJSON(t, data)
	if len(got.records) != len(want) {
		t.Fatalf("%s read by %s: %d records, not %d", name, p.Name, len(got.records), len(want))
	}
	for i, w := range want {
		var r struct{ Fields map[string]any }
		d := json.NewDecoder(strings.NewReader(got.records[i]))
		d.UseNumber()
		if err := d.Decode(&r); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if diff := cmp.Diff(flatValues(w), flatValues(r.Fields)); diff != "" {
			t.Fatalf("record %d differs (-want +got):\n%s", i, diff)
		}
	}
}

// referenceJSON reads the objects of a file in the plain way.
func referenceJSON(t *testing.T, data []byte) []any {
	var objects []any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	for {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return objects
		} else if err != nil {
			t.Fatal(err)
		}
		if m, ok := v.(map[string]any); ok {
			if list, ok := m["Records"].([]any); ok {
				v = list
			}
		}
		if list, ok := v.([]any); ok {
			objects = append(objects, list...)
		} else {
			objects = append(objects, v)
		}
	}
}

// flatValues lists the single values in v, sorted: what must be kept, under whatever name.
func flatValues(v any) []string {
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if len(v) == 0 {
				out = append(out, "{}")
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			if len(v) == 0 {
				out = append(out, "[]")
			}
			for _, x := range v {
				walk(x)
			}
		case nil:
			out = append(out, "")
		default:
			out = append(out, fmt.Sprint(v))
		}
	}
	walk(v)
	slices.Sort(out)
	return out
}
