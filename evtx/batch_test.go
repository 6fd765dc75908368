package evtx

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// TestBatches holds that the records of a batch say the same together, asked in any order, as one after the other, and that text which
// is put together of several values is not kept for each of them.
func TestBatches(t *testing.T) {
	inner := &elem{name: "Data", body: []any{strings.Repeat("a", 6000), char('b')}}
	var body []any
	for range 400 {
		body = append(body, sub{0, false})
	}
	outer := &elem{name: "Event", body: []any{&elem{name: "EventData", body: body}}}
	w := newLog()
	for range maxBatch + 8 {
		w.record(inst{id: 0xa0a0, def: outer, values: []any{inst{id: 0xb0b0, def: inner}}})
	}
	log := logFile(w.chunk(0))
	f, err := Open(bytes.NewReader(log), int64(len(log)))
	if err != nil {
		t.Fatal(err)
	}
	var cache Cache
	var want []string
	for r, err := range f.Records(0, NewChunk(&cache)) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(r.AppendJSON(nil)))
	}
	c := NewChunk(&cache)
	var got []string
	var sizes []int
	for batch, err := range f.Batches(0, c) {
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(batch))
		for i := range slices.Backward(batch) { // their values, as they were put together
			r := &batch[i]
			first, last := r.Value(0, 0), r.Value(0, r.Len(0)-1)
			if text := first.AppendText(nil); len(text) != 6001 || !bytes.Equal(text, last.AppendText(nil)) {
				t.Fatalf("%d bytes, %d bytes", len(text), len(last.AppendText(nil)))
			}
			for k := range r.Len(0) {
				r.Value(0, k)
			}
		}
		for i := range batch {
			got = append(got, string(batch[i].AppendJSON(nil)))
		}
	}
	if !slices.Equal(got, want) || !slices.Equal(sizes, []int{maxBatch, 8}) {
		t.Errorf("batches of %d records say something else", sizes)
	}
	if n := c.joined.Cap(); n > 8<<20 {
		t.Errorf("%d bytes of text are kept", n)
	}
}
