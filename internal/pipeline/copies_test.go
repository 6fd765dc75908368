package pipeline

import (
	stdcmp "cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/detect"
)

func TestWithoutCopies(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(int64(1e9+second), 0).UTC() }
	hits := []copyHit{
		{detect.Seen{Time: at(1), File: 1, Offset: 10, RecordID: 7, HasRecordID: true, Recovered: true}, []int{5}}, // a copy that stands before its record
		{detect.Seen{Time: at(1), File: 1, Offset: 20, RecordID: 7, HasRecordID: true}, []int{5, 6}},
		{detect.Seen{Time: at(1), File: 1, Offset: 30, RecordID: 7, HasRecordID: true, Recovered: true}, []int{4, 6, 7}}, // and one behind it, with more
		{detect.Seen{Time: at(1), File: 1, Offset: 40, RecordID: 8, HasRecordID: true, Recovered: true}, []int{6}},       // another record
		{detect.Seen{Time: at(1), File: 2, Offset: 50, RecordID: 7, HasRecordID: true, Recovered: true}, []int{6}},       // another file
		{detect.Seen{Time: at(2), File: 2, Offset: 60, RecordID: 7, HasRecordID: true, Recovered: true}, []int{6}},       // another time
		{detect.Seen{Time: at(3), File: 2, Offset: 70, RecordID: 9, HasRecordID: true, Recovered: true}, []int{6}},       // two copies of what no longer lives
		{detect.Seen{Time: at(3), File: 2, Offset: 80, RecordID: 9, HasRecordID: true, Recovered: true}, []int{6}},
		{detect.Seen{Time: at(3), File: 2, Offset: 90}, []int{3, 8}}, // two records at one place
		{detect.Seen{Time: at(3), File: 2, Offset: 90}, []int{2, 3, 9}},
	}
	s := &Sorter{Dir: t.TempDir()}
	defer s.Close()
	for _, h := range slices.Backward(hits) {
		key, data := h.entry()
		if err := s.Add(key, data); err != nil {
			t.Fatal(err)
		}
	}
	got := rulesOf(t, withoutCopies(s.All()))
	want := []string{"20 5", "20 6", "30 4", "30 7", "40 6", "50 6", "60 6", "70 6", "80 6", "90 2", "90 3", "90 3", "90 8", "90 9"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// copyHit is a record and the rules that saw it.
type copyHit struct {
	detect.Seen
	rules []int
}

func (h copyHit) entry() (key, data []byte) {
	key, data = h.AppendKey(nil), h.AppendData(nil, len(h.rules))
	for _, rule := range h.rules {
		data = (&detect.Hit{Rule: rule}).AppendHit(data)
	}
	return key, data
}

// rulesOf lists offset and rule of each hit.
func rulesOf(t *testing.T, entries iter.Seq2[Entry, error]) (got []string) {
	t.Helper()
	var r detect.EntryReader
	for e, err := range entries {
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Read(e.Key, e.Data); err != nil {
			t.Fatal(err)
		}
		for {
			h, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if h == nil {
				break
			}
			got = append(got, fmt.Sprint(h.Offset, h.Rule))
		}
	}
	return got
}

// TestCopiesAreThoseOfSingleHits compares with the plain way: hit by hit, in order of time, file, offset and rule.
func TestCopiesAreThoseOfSingleHits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		s := &Sorter{}
		var all []copyHit
		for i := range r.IntN(12) {
			h := copyHit{Seen: detect.Seen{Time: time.Unix(int64(r.IntN(2)), 0), Offset: int64(r.IntN(6)), RecordID: uint64(r.IntN(3)), Recovered: r.IntN(2) == 0, HasRecordID: true}}
			h.Host = fmt.Sprint(i)
			for rule := range 4 {
				if r.IntN(2) == 0 {
					h.rules = append(h.rules, rule)
				}
			}
			if len(h.rules) == 0 {
				continue
			}
			all = append(all, h)
			if err := s.Add(h.entry()); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(plainCopies(all), rulesOf(t, withoutCopies(s.All()))); diff != "" {
			t.Fatal(diff)
		}
	}
}

func plainCopies(all []copyHit) (kept []string) {
	type hit struct {
		copyHit
		rule int
	}
	var hits []hit
	for _, h := range all {
		for _, rule := range h.rules {
			hits = append(hits, hit{h, rule})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		return stdcmp.Or(a.Time.Compare(b.Time), int(a.Offset-b.Offset), a.rule-b.rule)
	})
	for _, h := range hits {
		isCopy := h.Recovered && slices.ContainsFunc(hits, func(o hit) bool {
			return !o.Recovered && o.Time.Equal(h.Time) && o.RecordID == h.RecordID && o.rule == h.rule
		})
		if !isCopy {
			kept = append(kept, fmt.Sprint(h.Offset, h.rule))
		}
	}
	return kept
}

// TestCopiesBounded holds no more of one time and file than it may, however long its records are.
func TestCopiesBounded(t *testing.T) {
	key, data := copyHit{detect.Seen{Time: time.Unix(1e9, 0).UTC(), Fields: make([]byte, 1<<20)}, []int{1}}.entry()
	g := &hitGroup{}
	n := 0
	for g.add(Entry{key, data}) {
		if n++; n > 2*maxCopyBytes>>20 {
			t.Fatalf("%d bytes are held", g.bytes)
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
