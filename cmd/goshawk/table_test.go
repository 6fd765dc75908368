package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// TestTableOfBatches is the same however the findings are cut into batches, also where there are more groups than are kept.
func TestTableOfBatches(t *testing.T) {
	var all []*finding.Finding
	r := rand.New(rand.NewPCG(8, 9))
	for i := range 3 * maxGroups {
		f := &finding.Finding{Level: finding.Levels[i%5], Title: fmt.Sprint("title ", i%5), Host: fmt.Sprint("h", r.IntN(maxGroups)), Rule: finding.Rule{ID: fmt.Sprint(i % 5)}}
		if i > 100 {
			f.Time = time.Unix(int64(i), 0)
		}
		all = append(all, f)
	}
	show := func(size int) string {
		var out bytes.Buffer
		table := newTable(&out, newTerminal(&out, true))
		makers := &findingMakers{render: table.render}
		w := makers.worker()
		write := func(b *findingBatch) {
			if err := table.write(b); err != nil {
				t.Fatal(err)
			}
			makers.release(b)
		}
		for i, f := range all {
			w.Findings([]*finding.Finding{f}, write)
			if i%size > 0 {
				continue
			}
			if b, ok := w.Rest(); ok {
				write(b)
			}
		}
		if b, ok := w.Rest(); ok {
			write(b)
		}
		s := &summary{}
		makers.tally(s)
		if err := table.close(); err != nil || table.more == 0 || len(table.all.rows) != maxGroups {
			t.Errorf("%v; %d groups and %d more findings", err, len(table.all.rows), table.more)
		}
		return fmt.Sprintf("%s%v %d", out.String(), s.levels, len(s.hosts))
	}
	want := show(1)
	for _, size := range []int{2, 700, 1 << 20} {
		if show(size) != want {
			t.Errorf("batches of %d findings give another table", size)
		}
	}
}
