package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Root returns the folder of the repository: the one above the test's own that holds go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = above
	}
}

// Shared returns the path of a file or folder of the shared test data, which lies unpacked in .shared at the root of
// the repository: Shared(t, "corpus", "evtx"). Where it is absent the test is skipped, and says so.
func Shared(t testing.TB, names ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{Root(t), ".shared"}, names...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("shared test data is absent: no .shared/%s", filepath.ToSlash(filepath.Join(names...)))
	}
	return path
}

// Files returns the regular files below dir, in order of path.
func Files(t testing.TB, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
