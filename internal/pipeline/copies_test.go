package pipeline

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/detect"
)

func TestWithoutCopies(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(int64(1e9+second), 0).UTC() }
	hits := []detect.Hit{
		{Time: at(1), File: 1, Offset: 10, Rule: 5, RecordID: 7, HasRecordID: true, Recovered: true}, // a copy that stands before its record
		{Time: at(1), File: 1, Offset: 20, Rule: 5, RecordID: 7, HasRecordID: true},
		{Time: at(1), File: 1, Offset: 20, Rule: 6, RecordID: 7, HasRecordID: true},
		{Time: at(1), File: 1, Offset: 30, Rule: 6, RecordID: 7, HasRecordID: true, Recovered: true}, // and one behind it
		{Time: at(1), File: 1, Offset: 40, Rule: 6, RecordID: 8, HasRecordID: true, Recovered: true}, // another record
		{Time: at(1), File: 2, Offset: 50, Rule: 6, RecordID: 7, HasRecordID: true, Recovered: true}, // another file
		{Time: at(2), File: 2, Offset: 60, Rule: 6, RecordID: 7, HasRecordID: true, Recovered: true}, // another time
		{Time: at(3), File: 2, Offset: 70, Rule: 6, RecordID: 9, HasRecordID: true, Recovered: true}, // two copies of what no longer lives
		{Time: at(3), File: 2, Offset: 80, Rule: 6, RecordID: 9, HasRecordID: true, Recovered: true},
	}
	s := &Sorter{Dir: t.TempDir()}
	defer s.Close()
	for i := range slices.Backward(hits) {
		if err := s.Add(hits[i].AppendKey(nil), hits[i].AppendData(nil)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for e, err := range withoutCopies(s.All()) {
		if err != nil {
			t.Fatal(err)
		}
		var h detect.Hit
		if err := h.Decode(e.Key, e.Data); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(h.Offset, h.Rule))
	}
	if diff := cmp.Diff([]string{"20 5", "20 6", "40 6", "50 6", "60 6", "70 6", "80 6"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestCopiesBounded holds no more of one time and file than it may, however long its records are.
func TestCopiesBounded(t *testing.T) {
	hit := detect.Hit{Time: time.Unix(1e9, 0).UTC(), Fields: make([]byte, 1<<20)}
	key, data := hit.AppendKey(nil), hit.AppendData(nil)
	g := &hitGroup{}
	n := 0
	for g.add(Entry{key, data}) {
		if n++; n > 2*maxCopyBytes>>20 {
			t.Fatalf("%d bytes are held", len(g.buf))
		}
	}
	if n < maxCopyBytes>>20 {
		t.Errorf("only %d hits of a MiB are held", n)
	}
	passed := 0
	entries := func(yield func(Entry, error) bool) {
		for range 3 * n {
			if !yield(Entry{key, data}, nil) {
				return
			}
		}
	}
	for range withoutCopies(entries) {
		passed++
	}
	if passed != 3*n {
		t.Errorf("%d of %d hits passed", passed, 3*n)
	}
}
