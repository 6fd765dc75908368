//go:build unix

package evidence

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestWalkPipesAndNames(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Skip("no pipes here: ", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad\xff.txt"), []byte("a line\n"), 0o644); err != nil {
		t.Skip("the file system wants UTF-8: ", err)
	}
	wantListing(t, walk(t, Options{}, dir), `bad\xff.txt text 7`, "pipe pipe 0 [open: pipe: not followed]")
}
