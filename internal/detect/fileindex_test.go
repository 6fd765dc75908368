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

// indexedReads reads the rules of a folder several times, each time with the index of the time before.
type indexedReads struct {
	*testing.T
	dir   string
	index *fileIndex
}

// newIndexedReads returns reads of an empty folder. Until the test ends, what was changed just now is believed to be as it was.
func newIndexedReads(t *testing.T) *indexedReads {
	if !readsQuickly {
		t.Skip("no files are read the quick way here")
	}
	x := &indexedReads{T: t, dir: t.TempDir(), index: &fileIndex{}}
	if f, err := os.Open(x.dir); err != nil || believed(f) == 0 {
		t.Skip("times of this file system are not believed")
	}
	before := settled
	t.Cleanup(func() { settled = before })
	settled = -int64(time.Hour)
	return x
}

func (x *indexedReads) name(name string) string {
	return filepath.Join(x.dir, filepath.FromSlash(name))
}

func (x *indexedReads) write(name string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(x.name(name)), 0o700), os.WriteFile(x.name(name), []byte(name), 0o600))
}

// read returns what is read.
func (x *indexedReads) read() (paths []string) {
	x.Helper()
	index := &fileIndex{}
	index.decode(x.index.encode(time.Now(), cacheKey{}))
	x.index = index
	return x.readWith(index)
}

func (x *indexedReads) readWith(index *fileIndex) (paths []string) {
	x.Helper()
	r := &ruleReader{index: index, each: func(f *ruleFile) { paths = append(paths, fmt.Sprint(f.path, f.problem != "")) }}
	if err := r.read(&RuleSource{Name: "r", FS: os.DirFS(x.dir), Dir: x.dir}); err != nil {
		x.Error(err)
	}
	return paths
}

// compare reads, and compares what is read with what is read without an index.
func (x *indexedReads) compare() {
	x.Helper()
	if got, want := x.read(), x.readWith(nil); !slices.Equal(got, want) {
		x.Errorf("read %q, without an index %q", got, want)
	}
}

// TestFoldersInUse reads rules of folders that need not be listed, and of some that have to be.
func TestFoldersInUse(t *testing.T) {
	x := newIndexedReads(t)
	for _, name := range []string{"a.yml", "b/c.yml", "b/d/e.yaml", "b/note.txt", "f.yml", "g/note.txt"} {
		if err := x.write(name); err != nil {
			t.Fatal(err)
		}
	}
	x.compare()
	if n := len(x.index.now); n != 4+4 {
		t.Fatalf("%d files and folders in the index", n)
	}
	if x.compare(); x.index.fresh {
		t.Error("something was listed or read again")
	}
	for name, change := range map[string]func() error{
		"a new file":             func() error { return x.write("b/d/a.yml") },
		"a new folder":           func() error { return x.write("b/e/a.yml") },
		"a file less":            func() error { return os.Remove(x.name("f.yml")) },
		"a file has a new name":  func() error { return os.Rename(x.name("a.yml"), x.name("z.yml")) },
		"a link":                 func() error { return os.Symlink("c.yml", x.name("b/l.yml")) },
		"a link to nothing":      func() error { return os.Symlink("nothing", x.name("b/m.yml")) },
		"a folder for a file":    func() error { return errors.Join(os.RemoveAll(x.name("b/c.yml")), x.write("b/c.yml/x.yml")) },
		"a file for a folder":    func() error { return errors.Join(os.RemoveAll(x.name("g")), x.write("g")) },
		"a folder of other name": func() error { return os.Rename(x.name("b/d"), x.name("b/d.yml")) },
	} {
		time.Sleep(20 * time.Millisecond) // or it is the same time still by the file system's clock
		if err := change(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		t.Log(name)
		x.compare()
		x.compare()
	}
	// A folder with a link in it has to be listed each time.
	for _, f := range x.index.now {
		if f.path == "r/b" && f.state != (fileState{}) {
			t.Error("a folder that is not all in the index has a state there")
		}
	}
}

// TestFoldersNotListed shows, with an index that has less in a folder, that the folder is not listed.
func TestFoldersNotListed(t *testing.T) {
	x := newIndexedReads(t)
	if err := errors.Join(x.write("a.yml"), x.write("b/c.yml"), x.write("b/d.yml")); err != nil {
		t.Fatal(err)
	}
	x.compare()
	now := x.index.now
	i := slices.IndexFunc(now, func(f indexedFile) bool { return f.path == "r/b" })
	x.index.now = slices.Delete(slices.Clone(now), i+1, i+2)
	x.index.now[0].below--
	x.index.now[i].below--
	if got := x.read(); !slices.Equal(got, []string{"r/a.ymlfalse", "r/b/d.ymlfalse"}) || x.index.fresh {
		t.Errorf("read %q", got)
	}
	// What an index says is below a folder must be below it.
	for name, path := range map[string]string{"elsewhere": "r/x/c.yml", "deeper": "r/b/x/c.yml", "above": "r/b/..", "itself": "r/b/"} {
		state := fileState{device: 1}
		index := &fileIndex{dev: 1, began: 1 << 62, files: []indexedFile{{path: "r/b", below: 1, state: state}, {path: path, below: notFolder}}}
		if _, _, ok := index.listed("r/b", state); ok {
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
