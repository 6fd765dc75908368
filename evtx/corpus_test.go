package evtx

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// sharedCorpus is where the shared test data is unpacked.
const sharedCorpus = "../.shared/corpus"

// logOf is a log of the corpus, with the counts that another parser measured.
type logOf struct {
	Path  string
	Stats *struct {
		Records *int `json:"records"`
		Slack   int  `json:"slack_records"`
		Errors  int  `json:"parse_errors"`
	}
}

// corpusLogs returns the logs that the corpus has counts for, or skips the test.
func corpusLogs(t testing.TB) []logOf {
	t.Helper()
	f, err := os.Open(filepath.Join(sharedCorpus, "manifest.jsonl"))
	if err != nil {
		t.Skip("the shared corpus is not unpacked at .shared/corpus")
	}
	defer f.Close()
	var logs []logOf
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var l logOf
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		if l.Stats != nil && l.Stats.Records != nil {
			l.Path = filepath.Join(sharedCorpus, l.Path)
			logs = append(logs, l)
		}
	}
	if len(logs) == 0 {
		t.Fatal("the manifest names no log with counts")
	}
	return logs
}

func TestCorpusCounts(t *testing.T) {
	var cache Cache
	c := NewChunk(&cache)
	total, recovered, orphans, damage, slack := 0, 0, 0, 0, 0
	for _, l := range corpusLogs(t) {
		in, err := os.Open(l.Path)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := in.Stat()
		f, err := Open(in, info.Size())
		if err != nil {
			t.Fatal(err)
		}
		live := 0
		c.Templates = f.Templates(&cache)
		for i := range f.Chunks() {
			for r, err := range f.Records(i, c) {
				if err == nil {
					checkPlaces(t, r)
				}
				switch {
				case err != nil:
					t.Logf("%s: %v", l.Path, err)
					damage++
				case r.Recovered:
					if r.Orphan {
						orphans++
					}
					recovered++
				default:
					live++
				}
			}
		}
		in.Close()
		total += live
		slack += l.Stats.Slack
		if live != *l.Stats.Records {
			t.Errorf("%s: %d records, not %d", l.Path, live, *l.Stats.Records)
		}
	}
	t.Logf("%d records, %d recovered (%d in slack by the manifest; %d orphans), %d places damaged", total, recovered, slack, orphans, damage)
}

// TestNoAllocation holds reading to: nothing is allocated for a record once its shape is known.
func TestNoAllocation(t *testing.T) {
	w := newLog()
	for i := range 100 {
		w.record(userEvent(w.next, "usera", uint32(i)))
	}
	c := NewChunk(&Cache{})
	copy(c.data, w.chunk(0))
	c.reset(0, 0, ChunkSize)
	c.Header = parseChunkHeader(c.data)
	n := 0
	var places [1]Place
	read := func() {
		for r, err := range c.Records() {
			if err != nil {
				t.Fatal(err)
			}
			for i := range r.Layout().Fields {
				for k := range r.Len(i) {
					n += len(r.Value(i, k).Raw)
				}
			}
			r.Places(places[:1], []int32{0})
			n += len(r.At(places[0]).Raw)
		}
	}
	read()
	if per := testing.AllocsPerRun(10, read); per > 8 {
		t.Errorf("%v allocations for 100 records", per)
	}
}
