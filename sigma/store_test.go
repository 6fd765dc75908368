package sigma

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestStoreCorpus stores the engine of the shared rule set.
func TestStoreCorpus(t *testing.T) {
	shared(t, "sigma/rules")
	c, _ := corpusRules()
	e, _ := Compile(c, Options{})
	if stored := sameStored(t, e); !slices.Equal(stored.matches(&processCreation), e.matches(&processCreation)) {
		t.Error("the event of a process matches other rules")
	}
}

// TestStoreOptions keeps the time limit of expressions that the standard library does not take.
func TestStoreOptions(t *testing.T) {
	c := NewCollection(LoadOptions{})
	c.Load("rule.yml", []byte("title: T\nlogsource: {product: windows}\ndetection:\n  s: {A|re: 'a(?!b)'}\n  condition: s\n"))
	c.Link()
	e, _ := Compile(c, Options{RegexpTimeout: 7 * time.Second})
	if got := sameStored(t, e).atoms[0].expr.slow.MatchTimeout; got != 7*time.Second {
		t.Errorf("the time limit is %v", got)
	}
}

// TestStoredCollection takes nothing more.
func TestStoredCollection(t *testing.T) {
	e := sameStored(t, compileTest(t, "title: T\nlogsource: {product: windows}\ndetection:\n  s: {A: b}\n  condition: s\n"))
	c := e.Collection()
	if problems := c.Load("more.yml", []byte("title: U")); len(problems) != 1 || problems[0].Warning {
		t.Errorf("problems are %v", problems)
	}
	if again, problems := Compile(c, Options{}); again != e || problems != nil || c.Link() != nil {
		t.Error("compiled again, a stored collection makes another engine")
	}
}

// sameStored stores an engine and returns what is read; both must be the same in all that matching looks at.
func sameStored(t testing.TB, e *Engine) *Engine {
	t.Helper()
	data, err := e.AppendBinary([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadEngine(string(data[len("before"):]))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := got.AppendBinary([]byte("before")); string(again) != string(data) {
		t.Error("stored again, the engine that was read is another")
	}
	if !reflect.DeepEqual(e.compiled, got.compiled) { // which is fast, but takes nil and empty for different
		if diff := cmp.Diff(e.compiled, got.compiled, sameEngines...); diff != "" {
			t.Errorf("(-made +read)\n%s", diff)
		}
	}
	if diff := cmp.Diff(e.collection, got.collection, sameEngines...); diff != "" {
		t.Errorf("(-made +read)\n%s", diff)
	}
	return got
}

var sameEngines = []cmp.Option{
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreUnexported(Collection{}, Rule{}, Correlation{}, Filter{}, fieldIndex{}),
	cmp.AllowUnexported(compiled{}, way{}, alternative{}, expr{}, atom{}, operand{}, pattern{}, piece{}, number{}, use{}),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmp.Comparer(func(a, b *fieldIndex) bool {
		return slices.Equal(a.lits, b.lits) && slices.Equal(a.uses.first, b.uses.first) && slices.Equal(a.uses.all, b.uses.all)
	}),
	cmp.Comparer(func(a, b *expression) bool {
		if a == nil || b == nil {
			return a == b
		}
		return a.text == b.text && (a.slow == nil) == (b.slow == nil) && (a.slow == nil || a.slow.MatchTimeout == b.slow.MatchTimeout)
	}),
}

// storedSeeds are stored engines of the case files and of random rules.
func storedSeeds(t testing.TB) (out []string) {
	files, err := filepath.Glob("testdata/correlations/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no case files: %v", err)
	}
	g := &generator{Rand: rand.New(rand.NewPCG(1, 1))}
	texts := []string{g.rule(1), g.rule(2) + "---\n" + g.rule(3) + "---\n" + g.rule(4)}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range strings.Split(string(text), "\n=== ")[1:2] {
			_, rest, _ := strings.Cut("\n"+c, "\n-- rules.yml --\n")
			rules, _, _ := strings.Cut(rest, "\n-- stream --\n")
			texts = append(texts, rules+"\n")
		}
	}
	for _, text := range texts {
		e, _ := Compile(caseRules(t, text), Options{})
		data, err := e.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	return out
}

// TestStoredDamage reads every prefix of stored engines, and copies with a changed byte.
func TestStoredDamage(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	for _, seed := range storedSeeds(t) {
		for n := range seed {
			if _, err := ReadEngine(seed[:n]); err == nil {
				t.Fatalf("%d of %d bytes are an engine", n, len(seed))
			}
			damaged := []byte(seed)
			damaged[n] ^= 1 << rnd.IntN(8)
			useStored(t, string(damaged))
		}
	}
}

// useStored reads what may be an engine, and uses it if it is one.
func useStored(t testing.TB, data string) {
	e, err := ReadEngine(data)
	if err != nil {
		return
	}
	if _, err := e.AppendBinary(nil); err != nil {
		t.Fatal(err)
	}
	g := &generator{Rand: rand.New(rand.NewPCG(3, 3))}
	for range 3 {
		e.matches(g.event())
	}
	if c, err := NewCorrelator(e.collection.Correlations, CorrelatorOptions{}); err == nil {
		for _, r := range e.collection.Rules {
			c.Add(&Occurrence{Rule: r, Time: time.Unix(1, 0), Values: make([]KeyValue, len(r.Needs))}, func(*Firing) {})
		}
		c.Close(func(*Firing) {})
	}
}

// FuzzReadEngine holds the reader of stored engines to: no crash, and an engine that can be used and stored again.
func FuzzReadEngine(f *testing.F) {
	for _, s := range storedSeeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if len(data) < 1<<16 {
			useStored(t, data)
		}
	})
}

func BenchmarkReadEngine(b *testing.B) {
	shared(b, "sigma/rules")
	c, _ := corpusRules()
	e, _ := Compile(c, Options{})
	data, _ := e.AppendBinary(nil)
	text := string(data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadEngine(text); err != nil {
			b.Fatal(err)
		}
	}
}
