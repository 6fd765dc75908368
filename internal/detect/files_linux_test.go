package detect

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// TestTreeTwice reads folders with an index: what is the same the second time is not handed on, until something else is found.
func TestTreeTwice(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.yml", "b/c.YAML", "b.yml", "b/d/e.yml", "f.txt"} {
		writeRule(t, filepath.Join(dir, name), name)
	}
	writeRule(t, filepath.Join(dir, "g.yml"), string(make([]byte, quickSize+1)))
	treeTwice(t, dir, 5)
	treeTwice(t, testkit.Shared(t, "sigma", "rules"), 1000)
}

func treeTwice(t *testing.T, dir string, least int) {
	t.Helper()
	source := &RuleSource{Name: "given", FS: os.DirFS(dir), Dir: dir}
	read := func(x *fileIndex) (out []string) {
		r := &ruleReader{index: x, each: func(f *ruleFile) { out = append(out, fmt.Sprint(f.source, f.path, f.sum, f.problem)) }}
		if err := r.read(3, source); err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := &fileIndex{}
	first.part(nil)
	all := read(first)
	if first.dev == 0 {
		t.Skip("times of this file system are not believed")
	}
	if len(all) < least || len(first.now) != len(all) {
		t.Fatalf("%d files, %d in the index", len(all), len(first.now))
	}
	later := time.Now().Add(time.Hour)
	second := &fileIndex{}
	second.decode(first.encode(later, cacheKey{1}, cacheKey{2}))
	if again := read(second); len(again) != 0 || !second.done() {
		t.Errorf("%d files are handed on, though all are the same", len(again))
	}
	first.now[len(all)/2].state.written++
	third := &fileIndex{}
	third.decode(first.encode(later, cacheKey{1}, cacheKey{2}))
	if diff := cmp.Diff(all, read(third)); diff != "" || third.done() || !third.fresh {
		t.Errorf("one is not the same (-all +handed on)\n%s", diff)
	}
}

// TestListing reads entries of folders as the system writes them, and such as it doesn't.
func TestListing(t *testing.T) {
	entry := func(kind byte, name string, more int) []byte {
		data := append(make([]byte, 19), name...)
		data = append(data, make([]byte, more)...)
		binary.NativeEndian.PutUint16(data[16:], uint16(len(data)))
		data[18] = kind
		return data
	}
	join := func(parts ...[]byte) (out []byte) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	short := entry(unix.DT_REG, "a.yml", 1)
	short[16] = 3
	for what, c := range map[string]struct {
		data []byte
		want []string
		ok   bool
	}{
		"nothing":        {nil, nil, true},
		"some":           {join(entry(unix.DT_DIR, "..", 1), entry(unix.DT_DIR, "d", 5), entry(unix.DT_REG, "b.yaml", 2), entry(unix.DT_LNK, "c.YML", 1), entry(unix.DT_REG, "yml", 1), entry(unix.DT_REG, "x", 1)), []string{"d", "b.yaml", "c.YML"}, true},
		"no NUL":         {entry(unix.DT_REG, "a.yml", 0), []string{"a.yml"}, true},
		"no name":        {entry(unix.DT_DIR, "", 0), []string{""}, true},
		"cut":            {short[:12], nil, false},
		"cut in a name":  {entry(unix.DT_REG, "a.yml", 1)[:20], nil, false},
		"too short":      {short, nil, false},
		"not said what":  {join(entry(unix.DT_REG, "a.yml", 1), entry(unix.DT_UNKNOWN, "b", 1)), []string{"a.yml"}, false},
		"not said of it": {entry(unix.DT_UNKNOWN, ".", 1), nil, true},
	} {
		l := &listing{}
		ok := l.add(c.data)
		var got []string
		for _, e := range l.entries {
			got = append(got, string(l.name(e)))
		}
		if diff := cmp.Diff(c.want, got); diff != "" || ok != c.ok {
			t.Errorf("%s: %t (-want +got)\n%s", what, ok, diff)
		}
	}
}
