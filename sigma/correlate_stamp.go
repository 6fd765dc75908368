package sigma

import "time"

// stamp is a time from the year 1 to the year 34,000, in 12 bytes and to the nanosecond: seconds since the year 1, and nanoseconds.
type stamp struct{ high, low, nanos uint32 }

const (
	yearOne    = -62135596800 // in seconds since 1970
	maxSeconds = 34_000 * 366 * 86400
)

func stampOf(t time.Time) stamp {
	s := uint64(t.Unix() - yearOne)
	return stamp{uint32(s >> 32), uint32(s), uint32(t.Nanosecond())}
}

func (s stamp) time() time.Time {
	return time.Unix(int64(uint64(s.high)<<32|uint64(s.low))+yearOne, int64(s.nanos)).UTC()
}

func (s stamp) compare(o stamp) int {
	a, b := uint64(s.high)<<32|uint64(s.low), uint64(o.high)<<32|uint64(o.low)
	if a == b {
		a, b = uint64(s.nanos), uint64(o.nanos)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// countable says whether a time can take part.
func countable(t time.Time) bool {
	s := t.Unix() - yearOne
	return !t.IsZero() && s >= 0 && s < maxSeconds
}

// since returns the nanoseconds from another time to this one; false if that is later, or long ago.
func (s stamp) since(o stamp) (uint64, bool) {
	a, b := uint64(s.high)<<32|uint64(s.low), uint64(o.high)<<32|uint64(o.low)
	if s.compare(o) < 0 || a-b > 1e9 {
		return 0, false
	}
	return (a-b)*1e9 + uint64(s.nanos) - uint64(o.nanos), true
}

// add returns the time some nanoseconds later.
func (s stamp) add(nanos uint64) stamp {
	nanos += uint64(s.nanos)
	seconds := (uint64(s.high)<<32 | uint64(s.low)) + nanos/1e9
	return stamp{uint32(seconds >> 32), uint32(seconds), uint32(nanos % 1e9)}
}
