package testkit

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files and generated pages instead of comparing with them")

// Updating says whether the test was told to rewrite what it compares with.
func Updating() bool { return *update }

// Golden compares got with the file at path, line by line. With -update it writes the file instead; then the
// change is read in the diff.
func Golden(t testing.TB, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if bytes.Equal(want, got) {
		return
	}
	t.Errorf("differs from %s (-want +got; go test -update rewrites it):\n%s", path, cmp.Diff(split(want), split(got)))
}

func split(b []byte) []string { return strings.SplitAfter(string(b), "\n") }
