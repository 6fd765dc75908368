package sigma

import (
	"bytes"
	"time"
)

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

// event is what is kept of an event, 24 bytes for all correlations together: its time and the caller's handle. Seconds take 40
// bits, 8 of which lie beside other things.
type event struct {
	low     uint32
	nanos   uint32 // and bits 32 and 33 of the seconds
	shared  uint32 // text; of several events the block of their handles, behind their count
	holders uint16 // how many windows and firings hold it, and bits 34 and 35
	kind    uint8  // length of ref or a kind, and bits 36 to 39
	ref     [maxShort]byte
}

const (
	maxShort   = 9            // bytes of a reference that lie in the event
	kindLong   = maxShort + 1 // the reference is a text, by its handle
	kindMany   = maxShort + 2 // several events, of a firing
	kindNone   = maxShort + 3 // no reference
	maxHolders = 1<<14 - 1
)

func (e *event) stamp() stamp {
	high := e.nanos>>30 | uint32(e.holders>>14)<<2 | uint32(e.kind>>4)<<4
	return stamp{high, e.low, e.nanos & (1<<30 - 1)}
}

func (e *event) time() time.Time { return e.stamp().time() }

func (e *event) set(t time.Time, kind int) {
	s := stampOf(t)
	e.low, e.nanos = s.low, s.nanos|s.high<<30
	e.holders = uint16(s.high>>2&3)<<14 | 1
	e.kind = uint8(s.high>>4)<<4 | uint8(kind)
}

func (e *event) is() int { return int(e.kind & 15) }

func (e *event) long() uint32 {
	return uint32(e.ref[0]) | uint32(e.ref[1])<<8 | uint32(e.ref[2])<<16 | uint32(e.ref[3])<<24
}

// newEvent keeps an event; the caller holds it.
func (s *store) newEvent(t time.Time, ref, shared []byte) uint32 {
	h := s.events.alloc()
	e := s.events.at(h)
	switch {
	case len(ref)+len(shared) == 0:
		e.set(t, kindNone)
		return h
	case len(ref) <= maxShort:
		e.set(t, len(ref))
		copy(e.ref[:], ref)
	default:
		e.set(t, kindLong)
		text := s.texts.hold(ref)
		e.ref = [maxShort]byte{byte(text), byte(text >> 8), byte(text >> 16), byte(text >> 24)}
	}
	if len(shared) > 0 {
		e.shared = s.texts.hold(shared)
	}
	return h
}

// newMany keeps events, of which there are n though not all are listed, as one.
func (s *store) newMany(t time.Time, listed []uint32, n int64) uint32 {
	h := s.events.alloc()
	e := s.events.at(h)
	e.set(t, kindMany)
	e.shared = s.words.alloc(3 + len(listed))
	block := s.words.at(e.shared)
	block[0], block[1], block[2] = uint32(n), uint32(n>>32), uint32(len(listed))
	for i, one := range listed {
		block[3+i] = s.hold(one)
	}
	return h
}

// listed returns the events that an event stands for, and how many they are with those that are not listed. own is room for a
// single one.
func (s *store) listed(h uint32, own *[1]uint32) ([]uint32, int64) {
	switch e := s.events.at(h); e.is() {
	case kindNone:
		return nil, 1
	case kindMany:
		block := s.words.at(e.shared)
		return block[3 : 3+block[2]], int64(block[0]) | int64(block[1])<<32
	}
	own[0] = h
	return own[:], 1
}

// hold holds an event once more. Should its count of holders be full, that is another one like it.
func (s *store) hold(h uint32) uint32 {
	e := s.events.at(h)
	if e.holders&maxHolders < maxHolders {
		e.holders++
		return h
	}
	if e.is() == kindMany {
		listed, n := s.listed(h, nil)
		return s.newMany(e.time(), listed, n)
	}
	other := s.events.alloc()
	o := s.events.at(other)
	*o = *e
	o.holders -= maxHolders - 1
	s.texts.again(o.shared)
	if o.is() == kindLong {
		s.texts.again(o.long())
	}
	return other
}

// drop holds an event once less.
func (s *store) drop(h uint32) {
	if h == 0 {
		return
	}
	e := s.events.at(h)
	if e.holders--; e.holders&maxHolders > 0 {
		return
	}
	if e.is() == kindMany {
		listed, _ := s.listed(h, nil)
		for _, one := range listed {
			s.drop(one)
		}
		s.words.release(e.shared)
	} else {
		s.texts.drop(e.shared)
		if e.is() == kindLong {
			s.texts.drop(e.long())
		}
	}
	s.events.release(h)
}

// sameEvent says whether two events have the same time and reference.
func (s *store) sameEvent(a, b uint32) bool {
	if a == b {
		return true
	}
	x, y := s.events.at(a), s.events.at(b)
	return x.low == y.low && x.nanos == y.nanos && x.is() == y.is() && x.ref == y.ref && x.shared == y.shared && x.stamp() == y.stamp()
}

// isEvent says whether the event is that of an occurrence.
func (s *store) isEvent(h uint32, o *Occurrence) bool {
	e := s.events.at(h)
	if !e.time().Equal(o.Time) || !bytes.Equal(s.texts.text(e.shared), o.Shared) {
		return false
	}
	return e.is() != kindNone && bytes.Equal(s.ref(e), o.Ref)
}

// ref gives the part of an event's reference that is its own.
func (s *store) ref(e *event) []byte {
	switch e.is() {
	case kindLong:
		return s.texts.text(e.long())
	case kindNone, kindMany:
		return nil
	}
	return e.ref[:e.is()]
}
