package attack

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// unknownTags are techniques in SigmaHQ's tags that neither 18.1 nor the list of what version 19 moved knows: new in
// version 19.
var unknownTags = []string{"T1686.003"}

var techniqueTag = regexp.MustCompile(`(?i)\battack\.t\d{4}(\.\d{3})?\b`)

// TestSigmaHQTags holds that every technique that SigmaHQ's rules name resolves, to one with a name and tactics.
func TestSigmaHQTags(t *testing.T) {
	folder := filepath.Join(testkit.Root(t), ".shared", "sigma")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the shared rules are absent: .shared/sigma")
	}
	tags := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yml" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, tag := range techniqueTag.FindAllString(string(text), -1) {
			tags[tag] = true
		}
		return err
	})
	if err != nil || len(tags) < 300 {
		t.Fatalf("%d tags: %v", len(tags), err)
	}
	moved := map[string]bool{}
	for tag := range tags {
		id, ok := Canonical(tag)
		if !ok {
			if !slices.Contains(unknownTags, id) {
				t.Errorf("%s is not known", tag)
			}
			continue
		}
		if Name(id) == "" || len(Tactics(id)) == 0 {
			t.Errorf("%s is %s, which has no name or no tactics", tag, id)
		}
		if !strings.EqualFold("attack."+id, tag) {
			moved[id] = true
		}
	}
	t.Logf("%d techniques named, %d of them moved since, %d not known", len(tags), len(moved), len(unknownTags))
}
