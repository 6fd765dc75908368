package sigma

import (
	"bytes"
	"encoding/binary"
	"time"
)

// store is the state of a correlator.
type store struct {
	log    eventLog
	groups slab[group]
	runs   slab[run]
	words  arena[uint32]
	texts  texts
	tables []table // groups of each machine
	// counts are the values in the windows of groups with many, and how often each occurs.
	counts    map[uint32]map[uint32]uint32
	timers    timers
	watermark time.Time
	latest    time.Time // the latest time of what groups hold or held: what is not before it is not late
}

func newStore(machines int) *store {
	return &store{
		log: eventLog{coded: arena[byte]{unit: 4}}, words: arena[uint32]{unit: 1}, texts: texts{bytes: arena[byte]{unit: 8}},
		tables: make([]table, machines), timers: timers{queues: make([]timerQueue, machines)}, counts: map[uint32]map[uint32]uint32{},
	}
}

// maxEvents bounds the events held, so that there are handles for all that belongs to them.
const maxEvents = 1 << 28

func (s *store) full() bool {
	return s.log.blocks.live() >= maxEvents>>blockBits || s.log.many.live() >= maxEvents || s.words.full() || s.texts.bytes.full() || s.log.coded.full()
}

// group is the state of one group of a correlation, in 48 bytes. What it holds of the types differs:
//
//	                            items                           extra
//	event_count, sliding        events
//	value_count, sliding        events and values
//	value_sum, sliding          events and numbers              the sum
//	temporal                    events and rules                when each rule occurred last
//	temporal_ordered            events and rules                that, and the chains
//	value_count that waits      the distinct values
//	value_percentile            a sample of the numbers
//
// What else a window that waits gathers is in open.
type group struct {
	key   uint32 // text: the values of the group-by fields folded, and as first written where that differs
	items uint32 // block of items: a ring of a sliding window, else a list
	extra uint32 // block
	run   uint32 // the firing under way
	open  uint32 // what a waiting window has gathered
	last  uint32 // the event taken last: one that several rules match counts once

	head, n  uint32 // of items: which is the first, and how many there are
	pending  uint32 // how many of them are not taken
	distinct uint32 // values in a sliding window
	mark     uint32 // of which rule the last event was and, in the highest 8 bits, which of its timers counts
	timers   uint32 // how many are set, and two bits
}

const positionBits = 24

func (g *group) lastPosition() int { return int(g.mark & (1<<positionBits - 1)) }

func (g *group) empty() bool { return g.n == 0 && g.open == 0 && g.run == 0 }

// newGroup makes a group of a machine. both is its key and, behind that, its values as they are written.
func (s *store) newGroup(m *machine, both []byte, key int, hash uint32) uint32 {
	h := s.groups.alloc()
	if bytes.Equal(both[key:], both[:key]) {
		both = both[:key]
	}
	s.groups.at(h).key = s.texts.hold(both)
	s.tables[m.number].insert(hash, h)
	return h
}

func (s *store) findGroup(m *machine, key []byte, hash uint32) uint32 {
	return s.tables[m.number].find(hash, func(h uint32) bool {
		return bytes.HasPrefix(s.texts.text(s.groups.at(h).key), key) // a key says its own length
	})
}

// dropGroup lets a group go, with all that it holds.
func (s *store) dropGroup(m *machine, h uint32) {
	g := s.groups.at(h)
	s.tables[m.number].remove(hashOf(s.foldedKey(m, g)), h)
	s.clearItems(m, h)
	s.words.release(g.extra)
	s.dropRun(g.run)
	s.dropRun(g.open)
	s.drop(g.last)
	// A timer that is left is compared by the key, so the group keeps that until the last one has come up.
	*g = group{key: g.key, timers: g.timers&^movedBit | deadBit}
	s.bury(h)
}

const (
	deadBit  = 1 << 31 // of timers: the group is gone
	movedBit = 1 << 30 // something has come since the last one was set
)

// bury gives a group that is gone back once no timer is left.
func (s *store) bury(h uint32) {
	if g := s.groups.at(h); g.timers == deadBit {
		s.texts.drop(g.key)
		s.groups.release(h)
	}
}

// foldedKey gives a group's key without the values as first written.
func (s *store) foldedKey(m *machine, g *group) []byte {
	text := s.texts.text(g.key)
	at := 0
	for range m.rule.GroupBy {
		_, at = keyPart(text, at)
	}
	return text[:at]
}

// written gives the values of a group as they were first written.
func (s *store) written(m *machine, g *group) []string {
	text := s.texts.text(g.key)
	if folded := s.foldedKey(m, g); len(folded) < len(text) {
		text = text[len(folded):]
	}
	out := make([]string, len(m.rule.GroupBy))
	at := 0
	var value []byte
	for i := range out {
		value, at = keyPart(text, at)
		out[i] = string(value)
	}
	return out
}

// appendPart appends a text behind its length; keyPart reads it at a place and says where the next is.
func appendPart[T string | []byte](dst []byte, text T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func keyPart(from []byte, at int) (text []byte, next int) {
	n, size := binary.Uvarint(from[at:])
	at += size
	return from[at : at+int(n)], at + int(n)
}

// run is a firing under way, or what a waiting window has gathered.
type run struct {
	time        stamp  // of the occurrence by which the condition came to hold; of a waiting window its beginning
	first, last stamp  // of its occurrences
	refs        uint32 // block of events
	listed      uint32 // how many
	carried     uint32 // block of texts: distinct ones, until they are handed on
	carries     uint16 // how many
	begun       bool   // there are occurrences
	handed      bool
	hopeless    bool   // the waiting window can't hold any more: what would be evidence is not kept
	n           uint32 // occurrences of the waiting window
	stride      uint32 // of its sample
	count       int64  // events
	value, sum  float64
}

func (s *store) dropRun(h uint32) {
	if h == 0 {
		return
	}
	r := s.runs.at(h)
	s.dropEvidence(r)
	s.runs.release(h)
}

func (s *store) dropEvidence(r *run) {
	for _, e := range s.words.at(r.refs)[:r.listed] {
		s.drop(e)
	}
	s.words.release(r.refs)
	r.refs, r.listed = 0, 0
	s.dropCarried(r)
}

func (s *store) dropCarried(r *run) {
	for _, text := range s.words.at(r.carried)[:r.carries] {
		s.texts.drop(text)
	}
	s.words.release(r.carried)
	r.carried, r.carries = 0, 0
}

// add makes an occurrence evidence of the run: its event (unless it was counted before) and what it carries.
func (s *store) add(r *run, m *machine, it *item, maxRefs int) {
	at := stampOf(it.time)
	if !r.begun || at.compare(r.first) < 0 {
		r.first = at
	}
	if !r.begun || at.compare(r.last) > 0 {
		r.last = at
	}
	r.begun = true
	if r.hopeless {
		if !it.again {
			var own [1]uint32
			_, n := s.listed(it.event, &own)
			r.count += n
		}
		return
	}
	if !it.again {
		var own [1]uint32
		listed, n := s.listed(it.event, &own)
		r.count += n
		s.list(r, listed, maxRefs)
	}
	s.carry(r, m, it.carried)
}

// list adds events to the run's, as far as there is room.
func (s *store) list(r *run, listed []uint32, maxRefs int) {
	n := int(r.listed)
	listed = listed[:max(min(len(listed), maxRefs-n), 0)]
	if len(listed) == 0 {
		return
	}
	r.refs = s.words.grow(r.refs, n, n+len(listed))
	block := s.words.at(r.refs)
	for i, e := range listed {
		s.hold(e)
		block[n+i] = e
	}
	r.listed += uint32(len(listed))
}

func (s *store) carry(r *run, m *machine, text uint32) {
	if r.handed || len(m.outer) == 0 || r.carries >= maxCarried {
		return
	}
	n := int(r.carries)
	for _, have := range s.words.at(r.carried)[:n] {
		if have == text {
			return
		}
	}
	r.carried = s.words.grow(r.carried, n, n+1)
	s.words.at(r.carried)[n] = text
	s.texts.again(text)
	r.carries++
}

// maxCarried bounds the occurrences that one firing is for the correlations above.
const maxCarried = 256
