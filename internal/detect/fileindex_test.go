package detect

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFileIndex takes for the same only what is the same in all that the file system says of it.
func TestFileIndex(t *testing.T) {
	state := fileState{device: 1, inode: 2, size: 3, written: 4, changed: 5}
	sum := sha256.Sum256([]byte("a"))
	was := &fileIndex{}
	for _, path := range []string{"r/a.yml", "r/b.yml", "r/c/d.yml"} {
		was.add(path, state, sum, true)
	}
	data := was.encode(time.Unix(0, state.changed+settled+1), cacheKey{1})
	read := func() *fileIndex {
		x := &fileIndex{dev: 1}
		x.decode(data)
		return x
	}
	for _, path := range []string{"r/a.yml", "r/c/d.yml", "r/b.yml"} { // not in their order
		if got, ok := read().known(path, state); !ok || got != sum {
			t.Errorf("%s is not known", path)
		}
	}
	for at := range 3 {
		for _, folder := range []string{"r", "r/c", ".", "", "r/"} {
			for _, name := range []string{"a.yml", "b.yml", "c/d.yml", "d.yml"} {
				x := read()
				if x.at = at; x.join(folder, name) != filepath.ToSlash(filepath.Join(folder, name)) {
					t.Errorf("%q and %q are joined as %q", folder, name, x.join(folder, name))
				}
			}
		}
	}
	x := read()
	for _, path := range []string{"r/c/d.yml", "r/a.yml", "r/b.yml"} {
		if _, ok := x.known(path, state); !ok {
			t.Errorf("%s is not known, after others", path)
		}
	}
	if _, ok := read().known("r/e.yml", state); ok {
		t.Error("a file is known that is not there")
	}
	for name, change := range map[string]func(*fileIndex, *fileState){
		"device":          func(_ *fileIndex, s *fileState) { s.device++ },
		"inode":           func(_ *fileIndex, s *fileState) { s.inode++ },
		"size":            func(_ *fileIndex, s *fileState) { s.size++ },
		"written":         func(_ *fileIndex, s *fileState) { s.written++ },
		"changed":         func(_ *fileIndex, s *fileState) { s.changed-- },
		"just changed":    func(x *fileIndex, _ *fileState) { x.began-- },
		"not believed":    func(x *fileIndex, _ *fileState) { x.dev = 0 },
		"another's times": func(x *fileIndex, _ *fileState) { x.dev = 7 },
	} {
		x, s := read(), state
		change(x, &s)
		if _, ok := x.known("r/a.yml", s); ok {
			t.Errorf("%s: taken for the same", name)
		}
	}
	for n := range data {
		flipped := bytes.Clone(data)
		flipped[n] ^= 4
		for _, damaged := range [][]byte{data[:n], flipped} {
			x := &fileIndex{}
			if x.decode(damaged); x.files != nil || x.began != 0 {
				t.Fatalf("read, damaged at %d", n)
			}
		}
	}
}

// TestFileIndexInUse loads rules of files that need not be read, and of one that was changed since.
func TestFileIndexInUse(t *testing.T) {
	if !readsQuickly {
		t.Skip("no files are read the quick way here")
	}
	c := cacheConfig(t)
	if f, err := os.Open(c.Rules[0].Dir); err != nil || believed(f) == 0 {
		t.Skip("times of this file system are not believed")
	}
	defer func(d int64) { settled = d }(settled)
	settled = -int64(time.Hour)
	wantLoaded(t, c, false)
	wantLoaded(t, c, true)
	cache := cacheOf(c)
	name := cache.indexFile(c)
	x := cache.readIndex(name)
	if len(x.files) != 3 {
		t.Fatalf("%d files in the index", len(x.files))
	}
	// That files are not read shows in an index that says something else of them.
	x.now = x.files
	x.now[1].sum[0]++
	began := time.Unix(0, x.began)
	cache.put(name, x.encode(began, x.key))
	wantLoaded(t, c, false)
	cache.put(name, x.encode(began, x.key))
	text, err := os.ReadFile(filepath.Join(c.Rules[0].Dir, "b", "c.yml"))
	if err != nil {
		t.Fatal(err)
	}
	writeRule(t, filepath.Join(c.Rules[0].Dir, "b", "c.yml"), string(text)) // the same, but changed
	wantLoaded(t, c, true)
	if err := os.Remove(filepath.Join(c.Rules[0].Dir, "b", "d.yaml")); err != nil {
		t.Fatal(err)
	}
	wantLoaded(t, c, false)
	wantLoaded(t, c, true)
	if x := cache.readIndex(name); len(x.files) != 2 {
		t.Errorf("%d files in the index, after one was removed", len(x.files))
	}
}

// FuzzFileIndex holds the reader of an index to: no crash, and what it reads is what was stored.
func FuzzFileIndex(f *testing.F) {
	x := &fileIndex{}
	x.add("r/a.yml", fileState{1, 2, 3, 4, 5}, sha256.Sum256(nil), true)
	f.Add(x.encode(time.Unix(7, 0), cacheKey{2}))
	f.Add([]byte(indexMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		x := &fileIndex{}
		if x.decode(data); x.files == nil {
			return
		}
		x.now = x.files
		if !bytes.Equal(x.encode(time.Unix(0, x.began), x.key), data) {
			t.Error("stored otherwise than read")
		}
	})
}
