package detect

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCacheAtRandom changes two folders of rules at random, and compares what is loaded with a cache and without, again and again. Among the files are such as
// no index knows: links, and those that are too long.
func TestCacheAtRandom(t *testing.T) {
	defer func(d int64) { settled = d }(settled)
	settled = int64(20 * time.Millisecond)
	cached := 0
	for seed := range uint64(8) {
		w := newRuleWorld(t, seed)
		for range 10 {
			for range w.random.IntN(3) {
				w.change()
			}
			if w.random.IntN(3) > 0 {
				time.Sleep(40 * time.Millisecond) // so that what was changed is settled
			}
			plain := *w.config
			plain.Cache = ""
			want := loadedAs(t, &plain)
			for run := range 2 {
				if got := loadedAs(t, w.config); got != want {
					t.Fatalf("seed %d, run %d after %q:\nwant %.300s\ngot  %.300s", seed, run, w.log, want, got)
				}
			}
			if engine, _ := cacheOf(w.config).find(w.config); engine != nil {
				cached++
			}
		}
	}
	if cached < 40 {
		t.Errorf("%d of 80 came from the cache", cached)
	}
}

func loadedAs(t *testing.T, c *Config) string {
	engine, report, err := LoadSigma(c)
	if err != nil {
		return "error " + err.Error()
	}
	data, err := engine.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%x", *report, data)
}

// ruleWorld is two sources of one name.
type ruleWorld struct {
	random *rand.Rand
	config *Config
	base   string
	dirs   [2]string
	log    []string
}

func newRuleWorld(t *testing.T, seed uint64) *ruleWorld {
	w := &ruleWorld{random: rand.New(rand.NewPCG(seed, 1)), base: t.TempDir()}
	w.config = &Config{Program: "test", Cache: filepath.Join(t.TempDir(), "cache")}
	for i, name := range []string{"p", "q"} {
		w.dirs[i] = filepath.Join(w.base, name)
		if err := os.Mkdir(w.dirs[i], 0o700); err != nil {
			t.Fatal(err)
		}
		w.config.Rules = append(w.config.Rules, RuleSource{Name: "n", FS: os.DirFS(w.dirs[i]), Dir: w.dirs[i]})
	}
	return w
}

func (w *ruleWorld) place() string {
	names := []string{"a.yml", "b.yml", "b.yaml", "c", "c/a.yml", "c/d/x.YML", "c.yml", "e/f/g.yml", "z.yml", ".yml", "e.txt"}
	return filepath.Join(w.dirs[w.random.IntN(2)], names[w.random.IntN(len(names))])
}

// change changes something; what can't be done is left.
func (w *ruleWorld) change() {
	a, b := w.place(), w.place()
	op := w.random.IntN(12)
	w.log = append(w.log, fmt.Sprint(op, " ", a, " ", b))
	switch op {
	case 0, 1, 2, 3:
		os.MkdirAll(filepath.Dir(a), 0o700)
		os.WriteFile(a, []byte(w.rule()), 0o600)
	case 4:
		os.RemoveAll(a)
	case 5:
		os.Rename(a, b)
	case 6: // one in place of the other
		os.Rename(a, a+"t")
		os.Rename(b, a)
		os.Rename(a+"t", b)
	case 7:
		os.Rename(w.dirs[0], filepath.Join(w.base, "t"))
		os.Rename(w.dirs[1], w.dirs[0])
		os.Rename(filepath.Join(w.base, "t"), w.dirs[1])
	case 8:
		w.setting()
	case 9:
		os.Link(a, b)
	case 10:
		os.Symlink(a, b)
	case 11:
		os.WriteFile(a, make([]byte, maxRuleFile+w.random.IntN(2)), 0o600)
	}
}

func (w *ruleWorld) setting() {
	c := w.config
	switch w.random.IntN(4) {
	case 0:
		c.RegexpTimeout = time.Duration(w.random.IntN(2)) * time.Second
	case 1:
		c.Placeholders = map[string][]string{"a": {fmt.Sprint(w.random.IntN(2))}}
	case 2:
		c.Rules[0], c.Rules[1] = c.Rules[1], c.Rules[0]
	case 3:
		if list, _ := os.ReadDir(c.Cache); len(list) > 0 {
			os.Remove(filepath.Join(c.Cache, list[w.random.IntN(len(list))].Name()))
		}
	}
}

func (w *ruleWorld) rule() string {
	text := fmt.Sprintf("title: T\nid: i%d\nlogsource: {product: windows}\ndetection:\n  s: {A: b%d}\n  condition: s\n", w.random.IntN(6), w.random.IntN(6))
	if w.random.IntN(6) == 0 {
		n := []int{quickSize - 1, quickSize, quickSize + 1, 200000}[w.random.IntN(4)]
		text += "#" + strings.Repeat("x", n-len(text)-2) + "\n"
	}
	return text
}

// TestCacheOfVanishedFiles takes away files that no index knows, while all others are the same.
func TestCacheOfVanishedFiles(t *testing.T) {
	defer func(d int64) { settled = d }(settled)
	settled = int64(20 * time.Millisecond)
	other := filepath.Join(t.TempDir(), "other.yml")
	writeRule(t, other, "title: Other\nid: two\nlogsource: {product: windows}\ndetection:\n  s: {A: zzz}\n  condition: s\n")
	for name, add := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink(other, path) },
		"dead link": func(path string) error { return os.Symlink("nowhere", path) },
		"too long":  func(path string) error { return os.WriteFile(path, make([]byte, maxRuleFile+1), 0o600) },
	} {
		c := cacheConfig(t)
		path := filepath.Join(c.Rules[0].Dir, "m.yml")
		if err := add(path); err != nil {
			t.Skip(err)
		}
		time.Sleep(60 * time.Millisecond)
		wantLoaded(t, c, false)
		wantLoaded(t, c, true)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		before := t.Failed()
		wantLoaded(t, c, false)
		wantLoaded(t, c, true)
		if t.Failed() && !before {
			t.Errorf("after a %s vanished", name)
		}
	}
	c := cacheConfig(t)
	dir := c.Rules[0].Dir
	c.Rules[0].Dir = "" // no file is known
	wantLoaded(t, c, false)
	wantLoaded(t, c, true)
	if err := os.RemoveAll(filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	wantLoaded(t, c, false)
}
