//go:build unix

package detect

import (
	"os"
	"syscall"
	"testing"
)

func makePipe(t *testing.T, name string) {
	t.Helper()
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCacheOfOthers uses nothing that others could have written.
func TestCacheOfOthers(t *testing.T) {
	c := cacheConfig(t)
	load(t, c)
	for _, name := range []string{entries(t, c)[0], c.Cache} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		for _, mode := range []os.FileMode{0o020, 0o002} {
			if err := os.Chmod(name, info.Mode()|mode); err != nil {
				t.Fatal(err)
			}
			wantLoaded(t, c, false)
			if err := os.Chmod(name, info.Mode()); err != nil {
				t.Fatal(err)
			}
			wantLoaded(t, c, true)
		}
	}
	if os.Getuid() != 0 {
		return // only the superuser can give files away, and writes everywhere
	}
	if err := os.Chown(entries(t, c)[0], 4711, -1); err != nil {
		t.Fatal(err)
	}
	wantLoaded(t, c, false)
	wantLoaded(t, c, true)
	if err := os.Chown(c.Cache, 4711, -1); err != nil {
		t.Fatal(err)
	}
	wantLoaded(t, c, false)
}

// TestCacheReadOnly reads a folder that can't be written to, and does without what it does not have.
func TestCacheReadOnly(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("the superuser writes everywhere")
	}
	c := cacheConfig(t)
	load(t, c)
	if err := os.Chmod(c.Cache, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(c.Cache, 0o700)
	wantLoaded(t, c, true)
	c.Program = "other"
	wantLoaded(t, c, false)
	wantLoaded(t, c, false)
}

// TestCachePipe waits at no pipe in the place of an entry.
func TestCachePipe(t *testing.T) {
	c := cacheConfig(t)
	load(t, c)
	name := entries(t, c)[0]
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	makePipe(t, name)
	wantLoaded(t, c, false)
	wantLoaded(t, c, true)
}
