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
		was.add(&ruleFile{path: path, sum: sum}, state, true)
	}
	data := was.encode(time.Unix(0, state.changed+settled+1), cacheKey{1}, cacheKey{2})
	read := func() *fileIndex {
		x := &fileIndex{dev: 1}
		x.decode(data)
		x.part(func(*ruleFile) { t.Error("handed on before it was found") })
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
			if x.decode(damaged); x.stored != nil || x.began != 0 || x.key != (cacheKey{}) {
				t.Fatalf("read, damaged at %d", n)
			}
		}
	}
}

// TestFileIndexSame finds files one after the other, and hands on those that were the same once one isn't.
func TestFileIndexSame(t *testing.T) {
	state := func(n int) fileState { return fileState{device: 1, inode: uint64(n), size: 3, written: 4, changed: 5} }
	type found struct {
		source       int
		prefix, name string
		state        fileState
	}
	all := []found{{0, "r/", "a.yml", state(1)}, {0, "r/c/", "d.yml", state(2)}, {1, "", "e.yml", state(3)}, {1, "/", "f.yml", state(4)}}
	was := &fileIndex{}
	for _, f := range all {
		was.add(&ruleFile{source: f.source, path: f.prefix + f.name, sum: [32]byte{byte(f.state.inode)}}, f.state, true)
	}
	data := was.encode(time.Unix(0, 5+settled+1), cacheKey{1}, cacheKey{2})
	changes := map[string]func(*fileIndex, *found){
		"nothing":     func(*fileIndex, *found) {},
		"source":      func(_ *fileIndex, f *found) { f.source++ },
		"folder":      func(_ *fileIndex, f *found) { f.prefix = "x" + f.prefix },
		"name":        func(_ *fileIndex, f *found) { f.name = "x.yml" },
		"border":      func(_ *fileIndex, f *found) { f.prefix, f.name = f.prefix+f.name[:1], f.name[2:] },
		"inode":       func(_ *fileIndex, f *found) { f.state.inode++ },
		"another":     func(_ *fileIndex, f *found) { f.state.device++ },
		"changed":     func(_ *fileIndex, f *found) { f.state.changed++ },
		"not so long": func(x *fileIndex, _ *found) { x.began-- },
		"disk":        func(x *fileIndex, _ *found) { x.dev = 0 },
	}
	for what, change := range changes {
		for at := range all {
			x := &fileIndex{dev: 1}
			x.decode(data)
			for _, f := range all[:at] {
				if !x.same(f.source, f.prefix, []byte(f.name), f.state) {
					t.Fatalf("%s is not the same", f.name)
				}
			}
			f := all[at]
			change(x, &f)
			if got, want := x.same(f.source, f.prefix, []byte(f.name), f.state), what == "nothing"; got != want {
				t.Errorf("%s of %s changed: the same is %t", what, f.name, got)
			}
			if got, want := x.done(), what == "nothing" && at == len(all)-1; got != want {
				t.Errorf("%s of %s changed: done is %t", what, f.name, got)
			}
			var sums []byte
			x.part(func(f *ruleFile) { sums = append(sums, f.sum[0]) })
			if want := []byte{1, 2, 3, 4}[:at]; what != "nothing" && !bytes.Equal(sums, want) || x.at != len(sums) || len(x.now) != len(sums) {
				t.Errorf("%s of %s changed: %v are handed on", what, f.name, sums)
			}
			if x.done() || x.same(all[at].source, all[at].prefix, []byte(all[at].name), all[at].state) {
				t.Error("the same, after the index was left")
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
	defer func(d int64) { settled = d }(settled)
	settled = -int64(time.Hour)
	wantLoaded(t, c, false)
	cache := cacheOf(c)
	name := cache.indexFile(c)
	x := indexOf(cache, name)
	if len(x.files) == 0 {
		t.Skip("times of this file system are not believed")
	}
	if len(x.files) != 3 {
		t.Fatalf("%d files in the index, after the first load", len(x.files))
	}
	wantLoaded(t, c, true)
	// That files are not read shows in an index that says something else of them.
	x.now = x.files
	x.now[1].sum[0]++
	began := time.Unix(0, x.began)
	cache.put(name, x.encode(began, cacheKey{}, x.key)) // as of other options, so that files are looked up
	wantLoaded(t, c, false)
	cache.put(name, x.encode(began, cacheKey{}, x.key))
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
	if x := indexOf(cache, name); len(x.files) != 2 {
		t.Errorf("%d files in the index, after one was removed", len(x.files))
	}
}

// indexOf reads an index with all of its files.
func indexOf(cache *ruleCache, name string) *fileIndex {
	x := cache.readIndex(name)
	x.part(nil)
	return x
}

// FuzzFileIndex holds the reader of an index to: no crash, and what it reads is what was stored.
func FuzzFileIndex(f *testing.F) {
	x := &fileIndex{}
	x.add(&ruleFile{path: "r/a.yml", sum: sha256.Sum256(nil)}, fileState{1, 2, 3, 4, 5}, true)
	f.Add(x.encode(time.Unix(7, 0), cacheKey{1}, cacheKey{2}))
	f.Add([]byte(indexMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		x := &fileIndex{}
		if x.decode(data); x.stored == nil {
			return
		}
		x.part(nil)
		x.now = x.files
		if !bytes.Equal(x.encode(time.Unix(0, x.began), x.asked, x.key), data) {
			t.Error("stored otherwise than read")
		}
	})
}
