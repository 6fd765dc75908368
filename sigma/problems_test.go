package sigma

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestProblems compares what is said of faulty rules with golden files.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of problems: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, f := range archive.Files {
				c := NewCollection(LoadOptions{})
				problems := append(c.Load(f.Name, f.Data), c.Link()...)
				_, more := Compile(c, Options{})
				problems = append(problems, more...)
				if len(problems) == 0 {
					t.Errorf("nothing is said of %s", f.Name)
				}
				for _, p := range problems {
					kind := ""
					if p.Warning {
						kind = "warning: "
					}
					fmt.Fprintf(&got, "%s%v\n", kind, p)
				}
				fmt.Fprintf(&got, "  %d rules, %d correlations, %d filters\n", len(c.Rules), len(c.Correlations), len(c.Filters))
			}
			golden := strings.TrimSuffix(file, ".txtar") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
