package detect

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/rules"
	"github.com/goshawk-ir/goshawk/internal/testkit"
	"github.com/goshawk-ir/goshawk/sigma"
)

const cacheRule = "title: T\nid: one\nlogsource: {product: windows}\ndetection:\n  s: {A: b}\n  condition: s\n"

// cacheConfig is a configuration with a folder of rules, some of them faulty, and a cache that is empty.
func cacheConfig(t testing.TB) *Config {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yml": cacheRule, "b/c.yml": "title: U\nlogsource: {product: windows}\ndetection:\n  s: {A: b}\n  condition: t\n", "b/d.yaml": cacheRule, "b/e.txt": "no rule",
	} {
		writeRule(t, filepath.Join(dir, name), text)
	}
	return &Config{
		Rules:   []RuleSource{{Name: "given", FS: os.DirFS(dir), Dir: dir}},
		Cache:   filepath.Join(t.TempDir(), "cache"),
		Program: "test",
	}
}

func writeRule(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// loaded is what LoadSigma gave, to be compared.
type loaded struct {
	Report *Report
	Engine string // stored
	cached bool
}

func load(t testing.TB, c *Config) loaded {
	t.Helper()
	engine, report, err := LoadSigma(c)
	if err != nil {
		t.Fatal(err)
	}
	data, err := engine.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := sigma.Compile(engine.Collection(), sigma.Options{})
	return loaded{report, string(data), again == engine} // the collection of a stored engine has its engine
}

// wantLoaded loads again and compares with what is loaded without a cache.
func wantLoaded(t testing.TB, c *Config, cached bool) {
	t.Helper()
	plainly := *c
	plainly.Cache = ""
	want, got := load(t, &plainly), load(t, c)
	if want.cached || got.cached != cached {
		t.Errorf("cached is %v, want %v", got.cached, cached)
	}
	if diff := cmp.Diff(want.Report, got.Report); diff != "" {
		t.Errorf("(-without +with a cache)\n%s", diff)
	}
	if want.Engine != got.Engine {
		t.Error("the engines differ")
	}
}

// entries lists the files of the cache but for indexes.
func entries(t testing.TB, c *Config) (names []string) {
	t.Helper()
	list, err := os.ReadDir(c.Cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if filepath.Ext(e.Name()) != indexEnding {
			names = append(names, filepath.Join(c.Cache, e.Name()))
		}
	}
	return names
}

// TestCache takes rules from the cache the second time, and no others.
func TestCache(t *testing.T) {
	c := cacheConfig(t)
	wantLoaded(t, c, false)
	wantLoaded(t, c, true)
	for name, change := range map[string]func(c *Config){
		"program":      func(c *Config) { c.Program = "other" },
		"time limit":   func(c *Config) { c.RegexpTimeout = time.Second },
		"placeholders": func(c *Config) { c.Placeholders = map[string][]string{"a": {"b"}} },
		"log sources":  func(c *Config) { c.LogSources = sigma.DefaultLogSourcesData() },
		"name":         func(c *Config) { c.Rules = []RuleSource{{Name: "other", FS: c.Rules[0].FS}} },
		"twice":        func(c *Config) { c.Rules = append(c.Rules, c.Rules...) },
		"one file":     func(c *Config) { c.Rules = []RuleSource{{Name: "given", FS: c.Rules[0].FS, File: "a.yml"}} },
	} {
		t.Run(name, func(t *testing.T) {
			other := *c
			change(&other)
			wantLoaded(t, &other, false)
			wantLoaded(t, &other, true)
		})
	}
}

// TestCacheOfChangedRules takes nothing for unchanged by its size and time.
func TestCacheOfChangedRules(t *testing.T) {
	c := cacheConfig(t)
	wantLoaded(t, c, false)
	name := filepath.Join(c.Rules[0].Dir, "a.yml")
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	writeRule(t, name, cacheRule[:len(cacheRule)-len("b}\n  condition: s\n")]+"c}\n  condition: s\n")
	if err := os.Chtimes(name, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	wantLoaded(t, c, false)
	if err := os.Rename(name, filepath.Join(c.Rules[0].Dir, "z.yml")); err != nil {
		t.Fatal(err)
	}
	wantLoaded(t, c, false)
	wantLoaded(t, c, true)
}

// TestCacheOfAllRules compares the embedded rules and the shared rule set.
func TestCacheOfAllRules(t *testing.T) {
	c := cacheConfig(t)
	c.Rules = []RuleSource{{Name: "embedded", FS: rules.FS()}}
	for _, name := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		dir := testkit.Shared(t, "sigma", name)
		c.Rules = append(c.Rules, RuleSource{Name: name, FS: os.DirFS(dir), Dir: dir})
	}
	wantLoaded(t, c, false)
	wantLoaded(t, c, true)
}

// TestCacheDamaged loads plainly what is damaged, and mends it.
func TestCacheDamaged(t *testing.T) {
	c := cacheConfig(t)
	load(t, c)
	name := entries(t, c)[0]
	sound, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var damaged [][]byte
	for n := 0; n < len(sound); n += 1 + len(sound)/97 {
		flipped := bytes.Clone(sound)
		flipped[n] ^= 4
		damaged = append(damaged, sound[:n], flipped)
	}
	damaged = append(damaged, append(bytes.Clone(sound), 0))
	for _, data := range damaged {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		wantLoaded(t, c, false)
	}
	if mended, err := os.ReadFile(name); err != nil || !bytes.Equal(mended, sound) {
		t.Errorf("the entry was not written anew: %v", err)
	}
	wantLoaded(t, c, true)
}

// TestCacheOutOfReach loads plainly where the cache can't be used.
func TestCacheOutOfReach(t *testing.T) {
	c := cacheConfig(t)
	writeRule(t, c.Cache, "a file")
	wantLoaded(t, c, false)
	wantLoaded(t, c, false)
	os.Remove(c.Cache)
	wantLoaded(t, c, false)
	name := entries(t, c)[0]
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(name, "a folder in its place"), 0o700); err != nil {
		t.Fatal(err)
	}
	wantLoaded(t, c, false)
	if left := entries(t, c); len(left) != 1 {
		t.Errorf("%q is left", left)
	}
}

// TestCacheConcurrent writes and reads at the same time.
func TestCacheConcurrent(t *testing.T) {
	c := cacheConfig(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 4 {
				if _, report, err := LoadSigma(c); err != nil || report.Sets[0].Rules != 2 {
					t.Errorf("%v %v", report, err)
				}
			}
		})
	}
	wg.Wait()
	wantLoaded(t, c, true)
	if names := entries(t, c); len(names) != 1 {
		t.Errorf("%q are left", names)
	}
}

// TestCacheSweep bounds how many entries are kept, and leaves other files alone.
func TestCacheSweep(t *testing.T) {
	c := cacheConfig(t)
	load(t, c)
	old := time.Now().Add(-2 * time.Hour)
	for _, name := range []string{"left" + tempEnding, "notes.txt"} {
		writeRule(t, filepath.Join(c.Cache, name), "x")
		if err := os.Chtimes(filepath.Join(c.Cache, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxCacheFiles + 3 {
		c.Program = fmt.Sprint(i)
		load(t, c)
	}
	if names := entries(t, c); len(names) != maxCacheFiles+1 {
		t.Errorf("%d files are left: %q", len(names), names)
	}
	if _, err := os.Stat(filepath.Join(c.Cache, "notes.txt")); err != nil {
		t.Error(err)
	}
	wantLoaded(t, c, true)
}

// FuzzCache holds the reader of what a cache keeps to: no crash.
func FuzzCache(f *testing.F) {
	engine, report, err := LoadSigma(cacheConfig(f))
	if err != nil {
		f.Fatal(err)
	}
	data, err := appendRules(nil, engine, report)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Fuzz(func(t *testing.T, data string) {
		if engine, report := decodeRules(data); (engine == nil) != (report == nil) {
			t.Error("half of an entry was read")
		}
	})
}

// TestRuleReader compares the quick way through a folder with the plain one.
func TestRuleReader(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yml": "one", "b.YAML": "two", "c.txt": "no", "e/f/g.yml": "three", "e.yml": "", "e-h/i.yml": "four", "big.yml": string(make([]byte, quickSize)),
		"bigger.yml": string(make([]byte, quickSize+1)), "huge.yml": string(make([]byte, maxRuleFile+1)), "folder.yml/k.yml": "five",
	} {
		writeRule(t, filepath.Join(dir, name), text)
	}
	for name, to := range map[string]string{"link.yml": "a.yml", "dead.yml": "nothing", "loop.yml": ".", "up": "e"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	makePipe(t, filepath.Join(dir, "pipe.yml"))
	for _, name := range []string{"given", ".", "/", "a/../b/"} {
		compareReaders(t, &RuleSource{Name: name, FS: os.DirFS(dir), Dir: dir})
	}
	shared := testkit.Shared(t, "sigma", "rules")
	compareReaders(t, &RuleSource{Name: shared, FS: os.DirFS(shared), Dir: shared})
	gone := filepath.Join(dir, "gone")
	compareReaders(t, &RuleSource{Name: "gone", FS: os.DirFS(gone), Dir: gone})
}

func compareReaders(t *testing.T, source *RuleSource) {
	t.Helper()
	read := func(s RuleSource) (out []string) {
		r := &ruleReader{each: func(f *ruleFile) { out = append(out, f.path, string(f.data), f.problem) }}
		return append(out, fmt.Sprint(r.read(0, &s)))
	}
	plain := *source
	plain.Dir = ""
	if diff := cmp.Diff(read(plain), read(*source)); diff != "" {
		t.Errorf("(-plain +quick)\n%s", diff)
	}
}
