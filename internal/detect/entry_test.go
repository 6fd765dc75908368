package detect

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// entryOf encodes an entry whose hits lie in seen's record.
func entryOf(seen Seen, hits []Hit) (key, data []byte) {
	key, data = seen.AppendKey(nil), seen.AppendData(nil, len(hits))
	for i := range hits {
		data = hits[i].AppendHit(data)
	}
	return key, data
}

// readEntry reads an entry back, each hit as far as an entry holds it.
func readEntry(key, data []byte) (hits []Hit, err error) {
	var r EntryReader
	if err := r.Read(key, data); err != nil {
		return nil, err
	}
	r.Unmark(nil)
	for {
		h, err := r.Next()
		if h == nil || err != nil {
			return hits, err
		}
		one := *h
		one.Needs = append([]Need(nil), h.Needs...)
		hits = append(hits, one)
	}
}

// noValues is values of a record that has none.
type noValues struct{}

func (noValues) Len(int) int             { return 0 }
func (noValues) At(int, int) event.Value { return event.Value{} }

// TestEntryOfRecord writes a record's fields in their place, and reads what it would if they had been written before.
func TestEntryOfRecord(t *testing.T) {
	r := &event.Record{Schema: &event.Schema{}, Values: noValues{}}
	seen := Seen{Host: "pc01", Channel: "Security", RecordID: 7, HasRecordID: true}
	hit := Hit{Engine: 1, Rule: 300}
	got, err := readEntry(seen.AppendKey(nil), hit.AppendHit(seen.AppendDataOf(nil, 1, r)))
	if err != nil {
		t.Fatal(err)
	}
	seen.Fields = r.AppendFields(nil)
	want, err := readEntry(entryOf(seen, []Hit{hit}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 1 || string(got[0].Fields) != "{}" {
		t.Errorf("%v\n%s", got, diff)
	}
}

func TestEntryRoundTrip(t *testing.T) {
	records := []Seen{
		{},
		{Time: time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), File: 3, Offset: 1 << 40},
		{
			Time: time.Date(2026, 3, 1, 12, 0, 0, 123456700, time.UTC), RecordID: 1<<64 - 1, HasRecordID: true, Recovered: true,
			Host: "pc01", Channel: "Security", EventID: 4624, HasEventID: true, Fields: []byte(`{"a":1}`),
		},
	}
	hits := []Hit{{Rule: 7}, {Engine: 1, Rule: 300, Needs: []Need{{[]byte("x"), true}, {[]byte{}, false}, {[]byte{}, true}}}, {Engine: 255, Rule: 1 << 20}}
	for _, seen := range records {
		for n := 1; n <= len(hits); n++ {
			want := slices.Clone(hits[:n])
			for i := range want {
				want[i].Seen = seen
			}
			key, data := entryOf(seen, hits[:n])
			got, err := readEntry(key, data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if id, recovered, count := RecordOf(data); id != seen.RecordID || recovered != seen.Recovered || count != n {
				t.Errorf("record %d, recovered %v, %d hits", id, recovered, count)
			}
			for cut := range data {
				if _, err := readEntry(key, data[:cut]); err == nil {
					t.Errorf("data cut to %d of %d bytes is accepted", cut, len(data))
				}
			}
		}
	}
}

// TestAppendSome leaves hits out, and nothing else.
func TestAppendSome(t *testing.T) {
	seen := Seen{RecordID: 5, HasRecordID: true, Host: "h", Fields: []byte("{}")}
	hits := []Hit{{Rule: 1}, {Rule: 2, Needs: []Need{{[]byte("n"), true}}}, {Engine: 1, Rule: 1}}
	_, data := entryOf(seen, hits)
	for set := range 8 {
		var chosen []Hit
		for i, h := range hits {
			if set>>i&1 == 1 {
				chosen = append(chosen, h)
			}
		}
		i := 0
		got, n := AppendSome(nil, data, func(engine, rule int) bool {
			if hits[i].Engine != engine || hits[i].Rule != rule {
				t.Errorf("asked for %d/%d", engine, rule)
			}
			i++
			return set>>(i-1)&1 == 1
		})
		if _, want := entryOf(seen, chosen); n != len(chosen) || !bytes.Equal(got, want) {
			t.Errorf("set %b: %d hits, % x, want % x", set, n, got, want)
		}
	}
}

func TestKeysStandInOrder(t *testing.T) {
	at := func(year int, nanos int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, nanos, time.UTC) }
	ordered := []Seen{
		{},
		{Time: at(1601, 0)}, {Time: at(1601, 100)}, {Time: at(1969, 0)}, {Time: at(2026, 0)},
		{Time: at(2026, 0), Offset: 1}, {Time: at(2026, 0), File: 1}, {Time: at(2026, 1)}, {Time: at(9999, 0)},
	}
	for i := 1; i < len(ordered); i++ {
		if bytes.Compare(ordered[i-1].AppendKey(nil), ordered[i].AppendKey(nil)) >= 0 {
			t.Errorf("key %d does not stand before key %d", i-1, i)
		}
	}
}
