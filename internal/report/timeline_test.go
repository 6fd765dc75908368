package report

import (
	"testing"
	"time"
)

// TestOrderOf keeps times in order that are too far away for nanoseconds.
func TestOrderOf(t *testing.T) {
	years := []int{1, 1601, 1678, 1969, 1970, 2026, 2261, 2263, 9999}
	for i := range years[1:] {
		a := orderOf(time.Date(years[i], 1, 2, 0, 0, 0, 0, time.UTC))
		b := orderOf(time.Date(years[i+1], 1, 2, 0, 0, 0, 0, time.UTC))
		if a > b {
			t.Errorf("year %d stands behind %d", years[i], years[i+1])
		}
	}
}
