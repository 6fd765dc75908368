package rules

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/sigma"
)

//go:generate go test . -run TestDocs -update

var update = flag.Bool("update", false, "write docs/rules.md anew")

// TestDocs keeps docs/rules.md what the rules say.
func TestDocs(t *testing.T) {
	c, _ := load(t)
	name := filepath.Join("..", "..", "docs", "rules.md")
	want := docs(c)
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/rules.md is out of date; run go generate ./internal/rules (-rules, +page):\n%s", diff)
	}
}

func docs(c *sigma.Collection) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# The project's own rules

Made by `+"`go generate ./internal/rules`"+` from the rule files under `+"`internal/rules`"+`; don't edit this page.

%d detection rules and %d correlations. They are used when no `+"`--rules`"+` is given. A level says how far the evidence goes by
itself: *informational* dates an action that is normal, *low* is worth knowing beside other signals, *medium* wants a look, *high* and
*critical* hardly have a harmless reason. Correlations join weak signals on one host. Techniques are those of ATT&CK 19.

A rule is one file there and one of the same name under `+"`internal/rules/testdata`"+`, with records that it must match and near ones that it must
not; the tests want every part. Texts that antivirus products look for carry a wildcard (`+"`hygiene_test.go`"+`).
`, len(c.Rules), len(c.Correlations))
	folder := ""
	for _, m := range metas(c) {
		if d := path.Dir(m.Path); d != folder {
			folder = d
			fmt.Fprintf(&b, "\n## %s\n\n| rule | level | techniques | purpose |\n|---|---|---|---|\n", folder)
		}
		fmt.Fprintf(&b, "| [%s](../internal/rules/%s) | %s | %s | %s |\n", cell(m.Title), m.Path, m.Level, strings.Join(m.Techniques(), " "), cell(m.Description))
	}
	return b.Bytes()
}

// cell makes text fit into a cell of a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
