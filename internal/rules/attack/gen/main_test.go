package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// TestReproducible holds that the committed tables are what the generator makes.
func TestReproducible(t *testing.T) {
	source := filepath.Join(testkit.Root(t), ".shared", "attack")
	if _, err := os.Stat(source); err != nil {
		t.Skip("the shared data is absent: .shared/attack")
	}
	var b bundle
	var v version19
	read(filepath.Join(source, "enterprise-attack.json"), &b)
	read(filepath.Join(source, "v19-ids.json"), &v)
	names, tactics, moved := collect(&b)
	applyVersion19(&v, names, tactics, moved)
	out := t.TempDir()
	write(out, names, tactics, moved)
	for _, name := range []string{"techniques.tsv", "moved.tsv"} {
		made, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		committed, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(committed), string(made)); diff != "" {
			t.Errorf("%s (-committed +made): %s", name, diff)
		}
	}
}
