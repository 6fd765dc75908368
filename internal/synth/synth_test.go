package synth

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// sums gives the SHA-256 of every file below dir.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mustWrite(t *testing.T, o Options) (string, *Story) {
	t.Helper()
	dir := t.TempDir()
	s, err := Write(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func TestSameOptionsSameBytes(t *testing.T) {
	o := Options{Seed: 7, Noise: 30}
	a, sa := mustWrite(t, o)
	b, sb := mustWrite(t, o)
	if d := cmp.Diff(sums(t, a), sums(t, b)); d != "" {
		t.Errorf("files differ (-first +second):\n%s", d)
	}
	if d := cmp.Diff(sa, sb); d != "" {
		t.Errorf("stories differ (-first +second):\n%s", d)
	}
	c, _ := mustWrite(t, Options{Seed: 8, Noise: 30})
	if cmp.Equal(sums(t, a), sums(t, c)) {
		t.Error("another seed gives the same files")
	}
}

// TestStory holds the plan to its golden: what was planted where, and what of it survives.
func TestStory(t *testing.T) {
	_, s := mustWrite(t, Options{Seed: 1, Noise: 30})
	var b strings.Builder
	for _, p := range s.Planted {
		where := fmt.Sprintf("%s %d #%d", p.Channel, p.EventID, p.RecordID)
		if p.EventID == 0 {
			where = fmt.Sprintf("line %d", p.Line)
		}
		fmt.Fprintf(&b, "%s %-27s %-62s %-22s %s", p.Time.Format("01-02 15:04:05"), p.Host, where, strings.Join(p.Techniques, ","), p.What)
		if p.Destroyed {
			b.WriteString(" [cleared]")
		}
		if p.Copy != "" {
			b.WriteString(" [forwarded]")
		}
		b.WriteString("\n")
		if p.Path == "" || p.RecordID == 0 && p.Line == 0 {
			t.Errorf("never written: %+v", p)
		}
	}
	golden := filepath.Join("testdata", "story.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("story differs (-golden +now):\n%s", d)
	}
}
