package synth

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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

// TestTechniques: every technique exists, under the number that it has in ATT&CK 19.
func TestTechniques(t *testing.T) {
	folder := filepath.Join("..", "..", ".shared", "attack")
	bundle, err := os.ReadFile(filepath.Join(folder, "enterprise-attack.json"))
	if err != nil {
		t.Skip("the shared data is not in .shared")
	}
	changes, err := os.ReadFile(filepath.Join(folder, "v19-ids.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v19 struct {
		RevokedBy map[string]string `json:"revoked_by"`
	}
	if err := json.Unmarshal(changes, &v19); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, id := range regexp.MustCompile(`"external_id": ?"(T[0-9.]+)"`).FindAllSubmatch(bundle, -1) {
		known[string(id[1])] = true
	}
	for old, now := range v19.RevokedBy {
		delete(known, old)
		known[now] = true
	}
	_, s := mustWrite(t, Options{Seed: 1, Noise: 1})
	for _, p := range s.Planted {
		for _, id := range p.Techniques {
			if !known[id] {
				t.Errorf("%s: %s is not known", p.What, id)
			}
		}
	}
}

// TestShape: hosts, days, logs cleared and copies kept are as the plan says, and the addresses are those kept for
// documentation.
func TestShape(t *testing.T) {
	dir, s := mustWrite(t, Options{Seed: 2, Noise: 20})
	days, hosts := map[int]bool{}, map[string]bool{}
	destroyed, saved := 0, 0
	for _, p := range s.Planted {
		days[p.Time.YearDay()], hosts[p.Host] = true, true
		if p.Destroyed {
			destroyed++
			if p.Copy != "" {
				saved++
			}
		}
	}
	if len(days) != Days || len(hosts) != 5 || len(s.Hosts) != 5 {
		t.Errorf("traces on %d days and %d of %d hosts", len(days), len(hosts), len(s.Hosts))
	}
	if destroyed < 20 || saved < 20 {
		t.Errorf("%d traces were cleared, %d of them forwarded", destroyed, saved)
	}
	address := regexp.MustCompile(`(?:^|[^0-9.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(?:[^0-9.]|$)`)
	allowed := regexp.MustCompile(`^(192\.0\.2|198\.51\.100|203\.0\.113)\.|^127\.0\.0\.1$|^0\.0\.0\.0$`)
	version := regexp.MustCompile(`^(1|4|5|10|11|16|122)\.[0-9]+\.`)
	for path, b := range logs(t, dir) {
		text := strings.ReplaceAll(string(b), "\x00", "")
		for _, m := range address.FindAllStringSubmatch(text, -1) {
			if !allowed.MatchString(m[1]) && !version.MatchString(m[1]) {
				t.Errorf("%s: %s is no address for documentation", path, m[1])
			}
		}
	}
}

// TestSize: more noise makes more events, about in proportion.
func TestSize(t *testing.T) {
	_, few := mustWrite(t, Options{Seed: 1, Noise: 50})
	_, many := mustWrite(t, Options{Seed: 1, Noise: 500})
	if many.Events < 6*few.Events {
		t.Errorf("%d events with 50, %d with 500", few.Events, many.Events)
	}
	dir, normal := mustWrite(t, Options{Seed: 1})
	if normal.Events < 10_000 || normal.Events > 25_000 {
		t.Errorf("the demonstration has %d events", normal.Events)
	}
	// The file server's log System was cleared; the service installed before still lies past its last record.
	chunk := logs(t, dir)["LKS-FS01/C/Windows/System32/winevt/Logs/System.evtx"][4096:]
	slack := chunk[binary.LittleEndian.Uint32(chunk[48:]):]
	if !strings.Contains(strings.ReplaceAll(string(slack), "\x00", ""), "Glyph Cache Service") {
		t.Error("nothing of the service is left in the slack")
	}
}
