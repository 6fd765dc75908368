package testkit

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseCases(t *testing.T) {
	got := parseCases("about the file\n=== one\nwhy\n-- a --\n1\n2\n-- b --\n=== two\n-- a --\nx")
	want := []Case{
		{Name: "one", Note: "why\n", Parts: map[string]string{"a": "1\n2\n", "b": ""}, Order: []string{"a", "b"}},
		{Name: "two", Parts: map[string]string{"a": "x"}, Order: []string{"a"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMutate(t *testing.T) {
	original := bytes.Repeat([]byte("evidence "), 400)
	kept := bytes.Clone(original)
	changed := 0
	for seed := range uint64(60) {
		a, b := Mutate(original, seed), Mutate(original, seed)
		if !bytes.Equal(a, b) {
			t.Fatalf("seed %d damages in two ways", seed)
		}
		if !bytes.Equal(a, original) {
			changed++
		}
	}
	if !bytes.Equal(original, kept) {
		t.Fatal("the original was changed")
	}
	if changed < 55 {
		t.Errorf("only %d of 60 seeds damage anything", changed)
	}
	if out := Mutate(nil, 3); len(out) != 0 {
		t.Errorf("damage of nothing is %q", out)
	}
}
