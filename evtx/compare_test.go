package evtx

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCompareEvtxDump holds every record of the corpus, rendered as XML and as JSON, against what evtx_dump prints, byte
// by byte. It takes the program's name from EVTX_DUMP, and is skipped without: scripts/compare-evtx sets it.
func TestCompareEvtxDump(t *testing.T) {
	program := os.Getenv("EVTX_DUMP")
	if program == "" {
		t.Skip("EVTX_DUMP is not set; run scripts/compare-evtx")
	}
	root := os.Getenv("EVTX_CORPUS")
	if root == "" {
		root = sharedCorpus
	}
	for _, form := range []struct {
		name   string
		flags  []string
		split  string
		render func(r *Record, dst []byte) []byte
	}{
		{"xml", []string{"-o", "xml", "--no-indent", "--dont-show-record-number", "-t", "1"}, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", (*Record).AppendXML},
		{"json", []string{"-o", "jsonl", "-t", "1"}, "\n", (*Record).AppendJSON},
	} {
		t.Run(form.name, func(t *testing.T) {
			var total comparison
			filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() && strings.EqualFold(filepath.Ext(path), ".evtx") {
					theirs, _ := exec.Command(program, append(form.flags, path)...).Output()
					total.file(t, path, strings.Split(string(theirs), form.split), form.render)
				}
				return nil
			})
			if total.files == 0 {
				t.Skip("there is no log in " + root)
			}
			t.Logf("%d files: %d records agree, %d differ, %d only evtx_dump prints, %d only we do; %d that evtx_dump prints we mark as recovered",
				total.files, total.agree, total.differ, total.theirs, total.ours, total.recovered)
			if total.differ+total.theirs+total.ours > 0 {
				t.Errorf("%s: not every record agrees", form.name)
			}
		})
	}
}

// comparison counts what agrees. The two programs order chunks differently, so records are compared as sets.
type comparison struct {
	files, agree, differ, theirs, ours, recovered int
	shown                                         int
}

var recordID = regexp.MustCompile(`<EventRecordID>(\d+)<|"EventRecordID":(\d+)`)

func (c *comparison) file(t *testing.T, path string, theirs []string, render func(*Record, []byte) []byte) {
	left := map[string]int{}
	for _, s := range theirs {
		if s = strings.TrimSuffix(s, "\n"); s != "" {
			left[s]++
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c.files++
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return
	}
	var cache Cache
	chunk := NewChunk(&cache)
	var extra []string
	for i := range f.Chunks() {
		for r, err := range f.Records(i, chunk) {
			if err != nil {
				continue
			}
			s := string(render(r, nil))
			switch {
			case left[s] > 0:
				left[s]--
				if r.Recovered {
					c.recovered++
				} else {
					c.agree++
				}
			case !r.Recovered:
				extra = append(extra, s)
			}
		}
	}
	c.pair(t, path, left, extra)
}

// pair counts what is left over, the records of one number against one another.
func (c *comparison) pair(t *testing.T, path string, left map[string]int, extra []string) {
	byID := map[string][]string{}
	for s, n := range left {
		for range n {
			byID[id(s)] = append(byID[id(s)], s)
		}
	}
	for _, s := range extra {
		their := byID[id(s)]
		if len(their) == 0 {
			c.ours++
			continue
		}
		byID[id(s)] = their[1:]
		c.differ++
		if c.shown++; c.shown <= 20 {
			at := 0
			for at < len(s) && at < len(their[0]) && s[at] == their[0][at] {
				at++
			}
			t.Logf("%s, record %s:\n ours   …%.300s\n theirs …%.300s", path, id(s), s[max(0, at-60):], their[0][max(0, at-60):])
		}
	}
	for _, their := range byID {
		for _, s := range their {
			c.theirs++
			if c.shown++; c.shown <= 20 {
				t.Logf("%s, record %s: only evtx_dump prints %.300s", path, id(s), s)
			}
		}
	}
}

func id(s string) string {
	m := recordID.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}
