package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sample() *Finding {
	id := uint64(17)
	return &Finding{
		ID: "aa", Time: time.Date(2026, 3, 1, 1, 2, 3, 400, time.UTC), First: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Last: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
		Host: "pc01", Level: "high", Title: `a "title" <b>`, Rule: Rule{"sigma", "r1", "t"}, Attack: []string{"T1003", "T1003.001"},
		Evidence: []Evidence{{Path: "a/b.evtx", SHA256: "00", RecordID: &id, Time: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Offset: 4096}, {Path: "c", Recovered: true}},
		Count:    3, Channel: "Security", EventID: 4624, Fields: json.RawMessage(`{"a":1,"b":"x"}`),
	}
}

// TestAppendJSON compares the fast form with encoding/json.
func TestAppendJSON(t *testing.T) {
	for _, f := range []*Finding{sample(), {ID: "x", Level: "low", Evidence: []Evidence{}}} {
		want, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(f.AppendJSON(nil))); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNoID writes a finding without an identifier as one that has its own.
func TestNoID(t *testing.T) {
	without, with := sample(), sample()
	without.ID, with.ID = "", NewID(with)
	if got, want := string(without.AppendJSON(nil)), string(with.AppendJSON(nil)); got != want || len(with.ID) != 32 {
		t.Errorf("%s, not %s", got, want)
	}
	if without.Identifier() != with.ID || with.Identifier() != with.ID {
		t.Errorf("%s and %s, not %s", without.Identifier(), with.Identifier(), with.ID)
	}
}

// TestKnown writes findings that share all, some and nothing, with what was remembered and without.
func TestKnown(t *testing.T) {
	const seed = 5
	r := rand.New(rand.NewPCG(seed, 1))
	word := func() string {
		words := []string{"", "a", "b", "Security", "a \"b\"", "<\u2028\xff>", strings.Repeat("long", r.IntN(1200))}
		return words[r.IntN(len(words))]
	}
	var known Known
	for range 20_000 {
		f := sample()
		f.Host, f.Level, f.Title, f.Channel, f.Rule = word(), word(), word(), word(), Rule{word(), word(), word()}
		f.Attack = f.Attack[:r.IntN(3)]
		for i := range f.Evidence {
			f.Evidence[i].Path, f.Evidence[i].SHA256 = word(), word()
		}
		if got, want := string(known.AppendJSON(nil, f)), string(f.AppendJSON(nil)); got != want {
			t.Fatalf("seed %d: %s, want %s", seed, got, want)
		}
	}
}

func TestNewID(t *testing.T) {
	f := sample()
	id := NewID(f)
	if len(id) != 32 || NewID(sample()) != id {
		t.Errorf("identifier %q is not stable", id)
	}
	f.Title, f.Level = "other", "low"
	if NewID(f) != id {
		t.Error("the identifier depends on words")
	}
	f.Evidence[0].Offset++
	if NewID(f) == id {
		t.Error("the identifier does not depend on the place")
	}
}

// plainID writes out what NewID hashes.
func plainID(f *Finding) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", f.Rule.Kind, f.Rule.ID)
	for _, e := range f.Evidence {
		fmt.Fprintf(h, "%s\x00%s\x00%d\x00%t\n", e.Path, e.SHA256, e.Offset, e.Recovered)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func TestNewIDIsPlainID(t *testing.T) {
	long := sample()
	for i := range int64(100) {
		long.Evidence = append(long.Evidence, Evidence{Path: "a long path of a file", Offset: i << 40, Recovered: i%2 == 0})
	}
	for _, f := range []*Finding{{}, sample(), long} {
		if got, want := NewID(f), plainID(f); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	f := sample()
	if n := testing.AllocsPerRun(100, func() { NewID(f) }); n > 3 { // the identifier itself, and what the race detector takes out of the pool
		t.Errorf("%v allocations", n)
	}
}

// TestExpect makes identifiers two at a time, of findings in the order that was said, with some left out and some that have one, and
// of others.
func TestExpect(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	var known Known
	for range 200 {
		var batch []*Finding
		for i := range 1 + r.IntN(9) {
			f := &Finding{Rule: Rule{Kind: "sigma", ID: strings.Repeat("r", r.IntN(80))}}
			for k := range 1 + r.IntN(5)/4 {
				f.Evidence = append(f.Evidence, Evidence{Path: strings.Repeat("p", r.IntN(90)), Offset: int64(100*i + k)})
			}
			if r.IntN(6) == 0 {
				f.ID = "has one"
			}
			batch = append(batch, f)
		}
		known.Expect(batch)
		for _, f := range batch {
			if r.IntN(5) == 0 {
				f = batch[r.IntN(len(batch))]
			} else if r.IntN(5) == 0 {
				continue
			}
			if got, want := known.AppendJSON(nil, f), f.AppendJSON(nil); string(got) != string(want) {
				t.Fatalf("%s, plainly %s", got, want)
			}
		}
	}
}
