package detect

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRef holds that a correlation's reference gives the place back, and that one cut short is refused or gives less.
func TestRef(t *testing.T) {
	at := time.Date(2026, 3, 1, 1, 2, 3, 4, time.UTC)
	for _, seen := range []Seen{
		{}, {Offset: 1 << 40, File: 70_000, Host: "PC1"}, {Offset: 4096, RecordID: 12345, HasRecordID: true, Host: "PC1"},
		{Offset: math.MaxInt64, RecordID: math.MaxUint64, HasRecordID: true, Recovered: true, File: 3}, {HasRecordID: true},
	} {
		seen.Time = at
		h := Hit{Seen: seen}
		ref, shared := appendRef(nil, nil, &h)
		if h.Offset < 1<<32 && h.RecordID < 1<<32 && len(ref) > 9 {
			t.Errorf("%d bytes", len(ref))
		}
		whole := append(ref, shared...)
		var got Hit
		if err := got.decodeRef(whole, at); err != nil {
			t.Errorf("%v: %v", h, err)
		}
		if diff := cmp.Diff(h, got); diff != "" {
			t.Error(diff)
		}
		for n := range len(ref) + 1 {
			if err := got.decodeRef(whole[:n], at); err == nil {
				t.Errorf("%v cut to %d bytes of %d is accepted", h, n, len(whole))
			}
		}
	}
}
