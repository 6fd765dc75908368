package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"time"
)

// Events are what takes most of the memory: each occurrence that a window holds, for one correlation or for many, is one. So they lie in
// blocks of 32, in the order in which they came, each written as what differs from the one before it: seldom more than ten
// bytes. A block goes when nobody holds any of its events. As no window holds an event for more than two timespans, blocks of
// old events don't stay behind for long.
//
// An event as it is written:
//
//	1 byte     low 2 bits: how the time is written; above: the kind
//	0 - 12     time: nothing for the same; milliseconds or nanoseconds since the one before, as a varint; or 12 bytes
//	2          which of 16 bytes differ from those of the one before: 4 of the shared part's handle, 12 of the reference
//	0 - 16     these bytes
type event struct {
	at     stamp
	kind   int // length of the reference, or one of those below
	shared uint32
	own    [maxShort]byte
}

const (
	maxShort = 12           // bytes of a reference that are written in the block
	kindLong = maxShort + 1 // the reference is a text, whose handle is written
	kindNone = maxShort + 2 // no reference

	blockBits = 5
	manyBit   = 1 << 30 // of a handle: several events, of a firing
)

const (
	sameTime = iota
	milliseconds
	nanoseconds
	wholeTime
)

type block struct {
	first, last stamp // times of its first event and of its last
	coded       uint32
	size        uint32 // bytes
	holders     uint32 // of all its events together
	n           uint8
	unordered   bool // its times are not in order
}

// many is several events, though not all of them may be listed.
type many struct {
	at      stamp
	list    uint32 // block of handles
	listed  uint32
	holders uint32
	count   int64
}

// eventLog holds the events.
type eventLog struct {
	blocks slab[block]
	many   slab[many]
	coded  arena[byte]

	filling uint32 // the block that takes the next event, and
	filler  []byte // what it holds
	newest  event
}

func (e *event) long() uint32 { return binary.LittleEndian.Uint32(e.own[:]) }

// newEvent keeps an event; the caller holds it.
func (s *store) newEvent(t time.Time, ref, shared []byte) uint32 {
	e := event{at: stampOf(t), kind: len(ref)}
	switch {
	case len(ref)+len(shared) == 0:
		e.kind = kindNone
	case len(ref) > maxShort:
		e.kind = kindLong
		binary.LittleEndian.PutUint32(e.own[:], s.texts.hold(ref))
	default:
		copy(e.own[:], ref)
	}
	if len(shared) > 0 {
		e.shared = s.texts.hold(shared)
	}
	l := &s.log
	if l.filling == 0 {
		l.filling, l.filler, l.newest = l.blocks.alloc(), l.filler[:0], event{}
	}
	b, number := l.blocks.at(l.filling), l.filling
	l.filler = e.append(l.filler, &l.newest, b.n == 0)
	if b.n == 0 {
		b.first = e.at
	} else if e.at.compare(b.last) < 0 {
		b.unordered = true
	}
	b.last, l.newest = e.at, e
	b.n++
	b.holders++
	h := number<<blockBits | uint32(b.n-1)
	if b.n == 1<<blockBits {
		b.size = uint32(len(l.filler))
		b.coded = l.coded.alloc(len(l.filler))
		copy(l.coded.at(b.coded), l.filler)
		l.filling = 0
	}
	return h
}

// append writes the event as what differs from the one before it.
func (e *event) append(dst []byte, before *event, first bool) []byte {
	head := len(dst)
	dst = append(dst, byte(e.kind<<2))
	switch since, ok := e.at.since(before.at); {
	case first || !ok:
		dst[head] |= wholeTime
		dst = binary.LittleEndian.AppendUint32(dst, e.at.high)
		dst = binary.LittleEndian.AppendUint32(dst, e.at.low)
		dst = binary.LittleEndian.AppendUint32(dst, e.at.nanos)
	case since%1e6 != 0:
		dst[head] |= nanoseconds
		dst = binary.AppendUvarint(dst, since)
	case since > 0:
		dst[head] |= milliseconds
		dst = binary.AppendUvarint(dst, since/1e6)
	}
	now, was := e.image(), before.image()
	at := len(dst)
	dst = append(dst, 0, 0)
	mask := 0
	for i := range now {
		if now[i] != was[i] {
			mask |= 1 << i
			dst = append(dst, now[i])
		}
	}
	binary.LittleEndian.PutUint16(dst[at:], uint16(mask))
	return dst
}

func (e *event) image() (out [4 + maxShort]byte) {
	binary.LittleEndian.PutUint32(out[:], e.shared)
	copy(out[4:], e.own[:])
	return out
}

// read makes of an event the one that is written behind it, and says how many bytes that took.
func (e *event) read(from []byte) int {
	e.kind = int(from[0] >> 2)
	at := 1
	switch from[0] & 3 {
	case wholeTime:
		e.at = stamp{binary.LittleEndian.Uint32(from[1:]), binary.LittleEndian.Uint32(from[5:]), binary.LittleEndian.Uint32(from[9:])}
		at += 12
	case milliseconds:
		since, n := binary.Uvarint(from[1:])
		e.at = e.at.add(since * 1e6)
		at += n
	case nanoseconds:
		since, n := binary.Uvarint(from[1:])
		e.at = e.at.add(since)
		at += n
	}
	mask := binary.LittleEndian.Uint16(from[at:])
	at += 2
	for ; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros16(mask)
		if i < 4 {
			e.shared = e.shared&^(0xff<<(8*i)) | uint32(from[at])<<(8*i)
		} else {
			e.own[i-4] = from[at]
		}
		at++
	}
	return at
}

func (l *eventLog) codedOf(number uint32, b *block) []byte {
	if number == l.filling {
		return l.filler
	}
	return l.coded.at(b.coded)[:b.size]
}

// event reads one of a block.
func (s *store) event(h uint32) (e event) {
	number := h >> blockBits
	coded := s.log.codedOf(number, s.log.blocks.at(number))
	for range h&(1<<blockBits-1) + 1 {
		coded = coded[e.read(coded):]
	}
	return e
}

// timeOf gives the time of an event, or of several.
func (s *store) timeOf(h uint32) time.Time {
	if h&manyBit != 0 {
		return s.log.many.at(h &^ manyBit).at.time()
	}
	e := s.event(h)
	return e.at.time()
}

// isBefore says whether an event is older than a time. The times of its block decide that nearly always.
func (s *store) isBefore(h uint32, t stamp) bool {
	if h&manyBit != 0 {
		return s.log.many.at(h&^manyBit).at.compare(t) < 0
	}
	if b := s.log.blocks.at(h >> blockBits); !b.unordered {
		if b.last.compare(t) < 0 {
			return true
		}
		if b.first.compare(t) >= 0 {
			return false
		}
	}
	e := s.event(h)
	return e.at.compare(t) < 0
}

// hasRef says whether there is a handle of the caller's by which the event is told from others.
func (s *store) hasRef(h uint32) bool {
	if h&manyBit != 0 {
		return false
	}
	if h == s.newestHandle() {
		return s.log.newest.kind != kindNone
	}
	e := s.event(h)
	return e.kind != kindNone
}

// newestHandle is that of the event written last, as long as its block is not full; else 0.
func (s *store) newestHandle() uint32 {
	if s.log.filling == 0 {
		return 0
	}
	return s.log.filling<<blockBits | uint32(s.log.blocks.at(s.log.filling).n-1)
}

// newMany keeps events, of which there are count though not all are listed, as one.
func (s *store) newMany(t time.Time, listed []uint32, count int64) uint32 {
	h := s.log.many.alloc()
	m := s.log.many.at(h)
	*m = many{at: stampOf(t), list: s.words.alloc(len(listed)), listed: uint32(len(listed)), holders: 1, count: count}
	block := s.words.at(m.list)
	for i, one := range listed {
		s.hold(one)
		block[i] = one
	}
	return h | manyBit
}

// listed returns the events that an event stands for, and how many they are with those that are not listed. own is room for a
// single one.
func (s *store) listed(h uint32, own *[1]uint32) ([]uint32, int64) {
	if h&manyBit != 0 {
		m := s.log.many.at(h &^ manyBit)
		return s.words.at(m.list)[:m.listed], m.count
	}
	if !s.hasRef(h) {
		return nil, 1
	}
	own[0] = h
	return own[:], 1
}

// hold holds an event once more.
func (s *store) hold(h uint32) {
	if h&manyBit != 0 {
		s.log.many.at(h&^manyBit).holders++
		return
	}
	s.log.blocks.at(h>>blockBits).holders++
}

// drop holds an event once less.
func (s *store) drop(h uint32) {
	switch {
	case h == 0:
	case h&manyBit != 0:
		m := s.log.many.at(h &^ manyBit)
		if m.holders--; m.holders > 0 {
			return
		}
		for _, one := range s.words.at(m.list)[:m.listed] {
			s.drop(one)
		}
		s.words.release(m.list)
		s.log.many.release(h &^ manyBit)
	default:
		b := s.log.blocks.at(h >> blockBits)
		if b.holders--; b.holders == 0 {
			s.dropBlock(h>>blockBits, b)
		}
	}
}

// dropBlock lets a block go, with the texts of its events.
func (s *store) dropBlock(number uint32, b *block) {
	coded := s.log.codedOf(number, b)
	var e event
	for range b.n {
		coded = coded[e.read(coded):]
		s.texts.drop(e.shared)
		if e.kind == kindLong {
			s.texts.drop(e.long())
		}
	}
	if number == s.log.filling {
		s.log.filling = 0
	}
	s.log.coded.release(b.coded)
	s.log.blocks.release(number)
}

// sameEvent says whether two events, the second of which is of a time, have the same time and reference.
func (s *store) sameEvent(a, b uint32, at stamp) bool {
	if a == b {
		return true
	}
	if x := s.log.blocks.at(a >> blockBits); !x.unordered && x.last.compare(at) < 0 {
		return false
	}
	return s.event(a) == s.event(b)
}

// isNewest says whether an event, the newest, is that of an occurrence.
func (s *store) isNewest(h uint32, o *Occurrence) bool {
	e := &s.log.newest
	return h != 0 && e.kind != kindNone && e.at == stampOf(o.Time) && bytes.Equal(s.ref(e), o.Ref) && bytes.Equal(s.texts.text(e.shared), o.Shared)
}

// ref gives the part of an event's reference that is its own.
func (s *store) ref(e *event) []byte {
	switch e.kind {
	case kindLong:
		return s.texts.text(e.long())
	case kindNone:
		return nil
	}
	return e.own[:e.kind]
}
