package detect

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHitRoundTrip(t *testing.T) {
	hits := []Hit{
		{},
		{Time: time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), File: 3, Offset: 1 << 40, Rule: 7},
		{
			Time: time.Date(2026, 3, 1, 12, 0, 0, 123456700, time.UTC), RecordID: 1<<64 - 1, HasRecordID: true, Recovered: true,
			Host: "pc01", Channel: "Security", EventID: 4624, HasEventID: true, Fields: []byte(`{"a":1}`),
			Needs: []Need{{"x", true}, {"", false}, {"", true}},
		},
	}
	for _, want := range hits {
		key, data := want.AppendKey(nil), want.AppendData(nil)
		var got Hit
		if err := got.Decode(key, data); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Needs, got.Needs); len(want.Needs) > 0 && diff != "" {
			t.Error(diff)
		}
		got.Needs, want.Needs = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for cut := range data {
			if err := got.Decode(key, data[:cut]); err == nil {
				t.Errorf("data cut to %d of %d bytes is accepted", cut, len(data))
			}
		}
	}
}

func TestKeysStandInOrder(t *testing.T) {
	at := func(year int, nanos int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, nanos, time.UTC) }
	ordered := []Hit{
		{},
		{Time: at(1601, 0)}, {Time: at(1601, 100)}, {Time: at(1969, 0)}, {Time: at(2026, 0)},
		{Time: at(2026, 0), Rule: 1}, {Time: at(2026, 0), Offset: 1}, {Time: at(2026, 0), File: 1}, {Time: at(2026, 1)}, {Time: at(9999, 0)},
	}
	for i := 1; i < len(ordered); i++ {
		if bytes.Compare(ordered[i-1].AppendKey(nil), ordered[i].AppendKey(nil)) >= 0 {
			t.Errorf("key %d does not stand before key %d", i-1, i)
		}
	}
}
