package detect

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	if len(x.files) != 5 {
		t.Fatalf("%d files and folders in the index", len(x.files))
	}
	// That files are not read shows in an index that says something else of them.
	x.now = x.files
	x.now[3].sum[0]++
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
	if x := cache.readIndex(name); len(x.files) != 4 {
		t.Errorf("%d files and folders in the index, after one was removed", len(x.files))
	}
}

// TestFoldersInUse reads rules of folders that need not be listed, and of some that have to be.
func TestFoldersInUse(t *testing.T) {
	if !readsQuickly {
		t.Skip("no files are read the quick way here")
	}
	dir := t.TempDir()
	if f, err := os.Open(dir); err != nil || believed(f) == 0 {
		t.Skip("times of this file system are not believed")
	}
	defer func(d int64) { settled = d }(settled)
	settled = -int64(time.Hour)
	do := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) error {
		return errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	x := &fileIndex{}
	// read reads the files, with the index of the time before, and compares what is read with what is read without one.
	read := func(change func(*fileIndex)) (paths []string) {
		t.Helper()
		began := time.Now()
		index := &fileIndex{}
		index.decode(x.encode(began, cacheKey{}))
		if change != nil {
			change(index)
		}
		for _, index := range []*fileIndex{index, nil} {
			var now []string
			source := &RuleSource{Name: "r", FS: os.DirFS(dir), Dir: dir}
			r := &ruleReader{index: index, each: func(f *ruleFile) {
				now = append(now, fmt.Sprint(f.path, f.problem != ""))
			}}
			do(r.read(source))
			if index == nil && change == nil && !slices.Equal(now, paths) {
				t.Errorf("read %q, without an index %q", paths, now)
			} else if index != nil {
				paths = now
			}
		}
		x = index
		return paths
	}
	do(write("a.yml", "a"), write("b/c.yml", "c"), write("b/d/e.yaml", "e"), write("b/note.txt", "no rule"), write("f.yml", "f"), os.Mkdir(filepath.Join(dir, "g"), 0o700))
	read(nil)
	if n := len(x.now); n != 4+4 {
		t.Fatalf("%d files and folders in the index", n)
	}
	if read(nil); x.fresh {
		t.Error("something was listed or read again")
	}
	// That folders are not listed shows in an index that has less in one of them.
	less := func(index *fileIndex) {
		i := slices.IndexFunc(index.files, func(f indexedFile) bool { return f.path == "r/b" })
		index.files = slices.Delete(index.files, i+1, i+2)
		index.files[0].below--
		index.files[i].below--
	}
	if got := read(less); len(got) != 3 || x.fresh {
		t.Errorf("read %q", got)
	}
	x = &fileIndex{}
	read(nil)
	for name, change := range map[string]func() error{
		"a new file":            func() error { return write("b/d/a.yml", "new") },
		"a new folder":          func() error { return write("b/e/a.yml", "new") },
		"a file less":           func() error { return os.Remove(filepath.Join(dir, "f.yml")) },
		"a file has a new name": func() error { return os.Rename(filepath.Join(dir, "a.yml"), filepath.Join(dir, "z.yml")) },
		"a link":                func() error { return os.Symlink("z.yml", filepath.Join(dir, "b", "l.yml")) },
		"a link to nothing":     func() error { return os.Symlink("nothing", filepath.Join(dir, "b", "m.yml")) },
		"a folder for a file": func() error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, "b/c.yml")), write("b/c.yml/x.yml", "x"))
		},
		"a file for a folder":    func() error { return errors.Join(os.RemoveAll(filepath.Join(dir, "g")), write("g", "no rule")) },
		"a folder of other name": func() error { return os.Rename(filepath.Join(dir, "b", "d"), filepath.Join(dir, "b", "d.yml")) },
	} {
		time.Sleep(20 * time.Millisecond) // or it is the same time still by the file system's clock
		if err := change(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		before := len(x.now)
		read(nil)
		t.Logf("%s: %d entries, %d before", name, len(x.now), before)
		read(nil)
	}
	// A folder with a link in it has to be listed each time.
	for _, f := range x.now {
		if f.path == "r/b" && f.state != (fileState{}) {
			t.Error("a folder that is not all in the index has a state there")
		}
	}
	// What an index says is below a folder must be below it.
	for name, path := range map[string]string{"elsewhere": "r/x/c.yml", "deeper": "r/b/x/c.yml", "above": "r/b/..", "itself": "r/b/"} {
		index := &fileIndex{dev: 1, began: 5 + settled, files: []indexedFile{{path: "r/b", below: 1, state: fileState{device: 1}}, {path: path, below: notFolder}}}
		index.began = 1 << 62
		if _, _, ok := index.listed("r/b", fileState{device: 1}); ok {
			t.Errorf("%s: taken for what is in a folder", name)
		}
	}
}

// FuzzFileIndex holds the reader of an index to: no crash, and what it reads is what was stored.
func FuzzFileIndex(f *testing.F) {
	x := &fileIndex{}
	x.add("r/a.yml", fileState{1, 2, 3, 4, 5}, sha256.Sum256(nil), true)
	f.Add(x.encode(time.Unix(7, 0), cacheKey{2}))
	at := x.begin("r/b")
	x.add("r/b/c.yml", fileState{1, 2, 3, 4, 5}, sha256.Sum256(nil), true)
	x.end(at, fileState{5, 4, 3, 2, 1}, true)
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
