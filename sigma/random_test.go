package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFastAgainstPlain compares the engine with the plain evaluation, over random rules and events made of few pieces,
// so that they often meet.
func TestFastAgainstPlain(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	matched := 0
	for range 60 {
		g := &generator{rnd, rnd.IntN(2) == 0}
		var rules []string
		for i := range 1 + rnd.IntN(40) {
			rules = append(rules, g.rule(i))
		}
		text := strings.Join(rules, "---\n")
		engine := compileTest(t, text)
		stored := sameStored(t, engine)
		m := NewMatcher()
		for range 40 {
			e := g.event()
			got, want := engine.matchesWith(m, e), engine.plainMatches(e)
			if read := stored.matches(e); !slices.Equal(read, want) {
				t.Fatalf("seed %d: event %s matches %v once the engine is stored and read, plainly %v\n%s", seed, e, read, want, text)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: event %s matches %v, plainly %v\n%s", seed, e, got, want, text)
			}
			matched += len(want)
		}
	}
	if matched == 0 {
		t.Errorf("seed %d: nothing matched at all", seed)
	}
}

// FuzzMatch invents rules and records together, with the data for dice, and compares the engine with the plain evaluation. One
// Matcher sees all records, so that what it remembers of values is put to the test.
func FuzzMatch(f *testing.F) {
	for seed := range uint64(8) {
		data := make([]byte, 2000)
		rnd := rand.New(rand.NewPCG(seed, 7))
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8000 {
			return
		}
		rnd := rand.New(&dice{data: data})
		g := &generator{rnd, rnd.IntN(2) == 0}
		var rules []string
		for i := range 1 + g.IntN(12) {
			rules = append(rules, g.rule(i))
		}
		text := strings.Join(rules, "---\n")
		engine := compileTest(t, text)
		m := NewMatcher()
		for range 12 {
			e := g.event()
			if got, want := engine.matchesWith(m, e), engine.plainMatches(e); !slices.Equal(got, want) {
				t.Fatalf("event %s matches %v, plainly %v\n%s", e, got, want, text)
			}
		}
	})
}

// dice is a source of numbers out of data, which ends in noughts and ones.
type dice struct {
	data []byte
	end  uint64
}

// Uint64 returns the next number. Choices among few look at its highest bits or at its lowest.
func (d *dice) Uint64() (n uint64) {
	if len(d.data) == 0 {
		d.end++
		return d.end << 60
	}
	n = uint64(d.data[0]) << 56
	d.data = d.data[1:]
	return n | n>>56
}

// generator makes rules and events of few pieces.
type generator struct {
	*rand.Rand
	long bool // keywords are long
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) text() string {
	var b strings.Builder
	for range g.IntN(6) {
		b.WriteString(g.pick("a", "b", "ab", "A", "é", "É", " -x ", " /x ", `\`, `c:\`, ".exe", "1", "ſ", "k", "\u212a", "\xff"))
	}
	return b.String()
}

func (g *generator) pattern() string {
	var b strings.Builder
	for range 1 + g.IntN(4) {
		b.WriteString(g.pick("a", "b", "ab", "B", "É", " -x", `\\`, `\*`, "*", "?", ".exe", "1", "s", "k"))
	}
	return b.String()
}

func (g *generator) field() string { return g.pick("A", "B", "C") }

func (g *generator) item() string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	switch g.IntN(13) {
	case 12:
		return g.field() + ": [" + g.pick("1, 2, 3, 11", "1.0, -1, 5, 0x11", "1, 1.5, 7, 9, x", "3, 11, 1e1, 5, 18446744073709551615", "-0, 12, 13, 11") + "]"
	case 0:
		return g.field() + ": null"
	case 1:
		return g.field() + "|exists: " + g.pick("true", "false")
	case 2:
		return g.field() + "|re" + g.pick("", "|i") + ": " + quote(g.pick("a+b", "b.[a-c]{2}", "[a-z]{8}", "(ab|é)", "^a", `\.exe$`, "a(?!b)", "(ab){1,3}x?", "[ab]1"))
	case 3:
		return g.field() + g.pick("|gt", "|lte", "|neq", "") + ": 1"
	case 4:
		return g.field() + "|fieldref" + g.pick("", "|contains", "|endswith", "|cased") + ": " + g.field()
	case 5:
		return "EventID: " + g.pick("1", "2", "[1, 2]")
	}
	modifiers := g.pick("", "|contains", "|startswith", "|endswith") + g.pick("", "", "", "|cased", "|windash", "|neq")
	if g.IntN(3) > 0 {
		return g.field() + modifiers + ": " + quote(g.pattern())
	}
	var list []string
	for range 2 + g.IntN(3) {
		list = append(list, quote(g.pattern()))
	}
	return g.field() + modifiers + g.pick("", "|all") + ": [" + strings.Join(list, ", ") + "]"
}

func (g *generator) rule(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: rule %d\nlogsource: {product: windows}\ndetection:\n", n)
	for i := range 3 {
		if g.IntN(6) == 0 {
			words := []string{"ab", "a*b", ".exe", "É", "1", "k?", "b"}
			if g.long {
				words = []string{"abkab::s", `c:\kabab`, "kbababab", ".exe.kxe", "*abkab::*s"} // so that there is a screen
			}
			fmt.Fprintf(&b, "  s%d: ['%s', '%s']\n", i, g.pick(words...), g.pick(words...))
			continue
		}
		items := map[string]bool{}
		fmt.Fprintf(&b, "  s%d:\n", i)
		for range 1 + g.IntN(3) {
			item := g.item()
			if key, _, _ := strings.Cut(item, ":"); !items[key] {
				items[key] = true
				fmt.Fprintf(&b, "    %s\n", item)
			}
		}
	}
	conditions := []string{
		"s0 and s1 and s2", "s0 or s1 and not s2", "1 of s*", "all of them", "2 of them", "not s0 and s1", "s0 and not 1 of s1*", "not (s0 or s1) or s2", "s0 and (s1 or s2)",
	}
	fmt.Fprintf(&b, "  condition: %s\n", g.pick(conditions...))
	return b.String()
}

func (g *generator) event() *testEvent {
	e := &testEvent{schema: Schema{Product: "windows", Channel: "Test", EventID: g.pick("", "1", "2"), EmptyIsNull: g.IntN(2) == 0}, nulls: map[int]bool{}}
	for i, f := range []string{"A", "B", "C"} {
		e.schema.Fields = append(e.schema.Fields, f)
		var values []string
		switch g.IntN(8) {
		case 0: // absent
		case 1:
			e.nulls[i] = true
		case 2:
			values = []string{g.text(), g.text()}
		case 3:
			values = []string{g.pick("1", "11", "1.5", "0x1", "-1", " 1", "10", "0", "1.8446744073709551615e19", "18446744073709551615")}
		case 4:
			values = []string{g.text() + g.pick("abkab::s", "KBABABAB", "C:\\\u212aabab", "x.exe.kxe") + g.text()}
		default:
			values = []string{g.text()}
		}
		e.schema.Apart = append(e.schema.Apart, g.IntN(4) == 0)
		e.values = append(e.values, values)
	}
	return e
}
