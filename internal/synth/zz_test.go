package synth

import (
	"bytes"
	"testing"
	"os"

	"github.com/goshawk-ir/goshawk/evtx"
)

func TestZZ(t *testing.T) {
	dir := "/tmp/sy/out"
	os.RemoveAll(dir)
	s, err := Write(dir, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(s.Events, s.Lines, len(s.Planted))
	for path, b := range logs(t, dir) {
		f, _ := evtx.Open(bytes.NewReader(b), int64(len(b)))
		cache := &evtx.Cache{}
		c := evtx.NewChunk(cache)
		c.Templates = f.Templates(cache)
		ids := map[string]int{}
		n, o, dmg := 0, 0, 0
		for i := range f.Chunks() {
			for r, err := range f.Records(i, c) {
				if err != nil {
					dmg++
					continue
				}
				if r.Recovered {
					n++
					if r.Orphan {
						o++
						continue
					}
					l := r.Layout()
					ids[string(r.Value(l.Provider, 0).AppendText(nil))+":"+string(r.Value(l.EventID, 0).AppendText(nil))]++
				}
			}
		}
		if n > 0 || dmg > 0 {
			t.Log(path, "recovered", n, "orphans", o, "damage", dmg, ids)
		}
	}
}
