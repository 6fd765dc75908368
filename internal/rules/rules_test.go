package rules

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/rules/attack"
	"github.com/goshawk-ir/goshawk/sigma"
)

// load reads all rules and fails if any is refused or warned about.
func load(t *testing.T) (*sigma.Collection, *sigma.Engine) {
	t.Helper()
	c := sigma.NewCollection(sigma.LoadOptions{})
	var problems []*sigma.Problem
	for _, name := range ruleFiles(t) {
		data, err := fs.ReadFile(FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		problems = append(problems, c.Load(name, data)...)
	}
	problems = append(problems, c.Link()...)
	engine, more := sigma.Compile(c, sigma.Options{})
	for _, p := range append(problems, more...) {
		t.Error(p)
	}
	if t.Failed() {
		t.FailNow()
	}
	return c, engine
}

func ruleFiles(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// metas gives what every rule, of both kinds, says of itself.
func metas(c *sigma.Collection) (all []*sigma.Meta) {
	for _, r := range c.Rules {
		all = append(all, &r.Meta)
	}
	for _, r := range c.Correlations {
		all = append(all, &r.Meta)
	}
	slices.SortFunc(all, func(a, b *sigma.Meta) int { return strings.Compare(a.Path, b.Path) })
	return all
}

var (
	uuid4    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	fileName = regexp.MustCompile(`^[a-z0-9_]+\.yml$`)
)

// maxTitle keeps titles readable in one line of a table.
const maxTitle = 80

func TestParts(t *testing.T) {
	c, _ := load(t)
	if len(c.Rules) < 120 || len(c.Correlations) < 12 {
		t.Errorf("%d rules and %d correlations: a part of the set is missing", len(c.Rules), len(c.Correlations))
	}
	files, titles := map[string]string{}, map[string]string{}
	for _, m := range metas(c) {
		base := path.Base(m.Path)
		if !fileName.MatchString(base) {
			t.Errorf("%s: name a rule file in lower case, with underscores, ending in .yml", m.Path)
		}
		if other := files[base]; other != "" {
			t.Errorf("%s: %s has the same name, so that they would share their tests", m.Path, other)
		}
		if other := titles[m.Title]; other != "" {
			t.Errorf("%s: %s has the same title", m.Path, other)
		}
		files[base], titles[m.Title] = m.Path, m.Path
		checkMeta(t, m)
	}
}

func checkMeta(t *testing.T, m *sigma.Meta) {
	t.Helper()
	if m.Title == "" || len(m.Title) > maxTitle || strings.HasSuffix(m.Title, ".") {
		t.Errorf("%s: the title is empty, longer than %d bytes or ends with a full stop: %q", m.Path, maxTitle, m.Title)
	}
	if !uuid4.MatchString(m.ID) {
		t.Errorf("%s: id %q is no random UUID", m.Path, m.ID)
	}
	if len(m.Description) < 40 {
		t.Errorf("%s: say in the description what the finding means to a responder", m.Path)
	}
	if len(m.FalsePositives) == 0 {
		t.Errorf("%s: no false positives given", m.Path)
	}
	if !slices.Contains([]string{"informational", "low", "medium", "high", "critical"}, m.Level) {
		t.Errorf("%s: level %q", m.Path, m.Level)
	}
	if len(m.Techniques()) == 0 {
		t.Errorf("%s: no ATT&CK technique", m.Path)
	}
	for _, id := range m.Techniques() {
		if now, ok := attack.Canonical(id); !ok || now != id {
			t.Errorf("%s: ATT&CK %s has no technique %s (known as %q)", m.Path, attack.Version, id, now)
		}
	}
}
