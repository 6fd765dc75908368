package sigma

import (
	"bytes"
	"time"
)

// timer says when a group has to be looked at: when its window or its firing is over. Since every group is closed at its
// own time, and in order of these times, neither other groups nor saving and restoring change what fires.
type timer struct {
	at    uint64 // 40 bits of seconds since the year 1 and 24 of 30 bits of nanoseconds
	rest  uint32 // 6 bits of nanoseconds, 18 of the machine's number, 8 of the group's turn: only its newest timer counts
	group uint32
}

const (
	turnBits    = 8
	maxMachines = 1 << 18
)

func timerAt(s stamp, machine int, turn, group uint32) timer {
	return timer{uint64(s.high)<<56 | uint64(s.low)<<24 | uint64(s.nanos>>6), s.nanos<<26 | uint32(machine)<<turnBits | turn, group}
}

func (t *timer) stamp() stamp {
	return stamp{uint32(t.at >> 56), uint32(t.at >> 24), uint32(t.at)<<8>>2 | t.rest>>26}
}

// isOver says whether its time is before that of another, whatever else they say.
func (t *timer) isOver(now *timer) bool {
	return t.at < now.at || t.at == now.at && t.rest>>26 < now.rest>>26
}

func (t *timer) machine() uint32 { return t.rest >> turnBits & (maxMachines - 1) }

// timers gives timers in order of their times; at equal times correlations that others refer to come first, then it goes by key.
//
// It is a heap in which each stands above four others. Most timers don't pass through it: what begins later is over later, so
// the timers of a correlation come in order nearly always. Those that do wait in a queue, of which only the first stands in the
// heap: the order is the same, and the heap stays small.
type timers struct {
	heap   []timer
	queues []timerQueue // of each machine
}

type timerQueue struct {
	waiting []timer
	head    int
	first   timer // it stands in the heap
	queued  bool  // there is a first
}

func (q *timerQueue) last() *timer {
	if len(q.waiting) > q.head {
		return &q.waiting[len(q.waiting)-1]
	}
	return &q.first
}

func (q *timerQueue) append(t timer) {
	if q.head > 64 && q.head*2 > len(q.waiting) {
		q.waiting = q.waiting[:copy(q.waiting, q.waiting[q.head:])]
		q.head = 0
	}
	q.waiting = append(q.waiting, t)
}

// before gives the order of timers.
func (c *Correlator) before(a, b *timer) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	if x, y := a.rest>>turnBits, b.rest>>turnBits; x != y {
		return x < y
	}
	m := c.machines[a.machine()]
	return bytes.Compare(c.foldedKey(m, c.groups.at(a.group)), c.foldedKey(m, c.groups.at(b.group))) < 0
}

func (c *Correlator) pushTimer(t timer) {
	q := &c.timers.queues[t.machine()]
	switch {
	case !q.queued:
		q.first, q.queued = t, true
	case c.before(q.last(), &t):
		q.append(t)
		return
	}
	c.pushHeap(t)
}

func (c *Correlator) popTimer() timer {
	top := c.popHeap()
	q := &c.timers.queues[top.machine()]
	if q.queued && q.first == top {
		if q.queued = len(q.waiting) > q.head; q.queued {
			q.first = q.waiting[q.head]
			q.head++
			c.pushHeap(q.first)
		}
	}
	return top
}

func (c *Correlator) pushHeap(t timer) {
	c.timers.heap = append(c.timers.heap, t)
	h := c.timers.heap
	i := len(h) - 1
	for i > 0 {
		above := (i - 1) / 4
		if !c.before(&t, &h[above]) {
			break
		}
		h[i] = h[above]
		i = above
	}
	h[i] = t
}

func (c *Correlator) popHeap() timer {
	h := c.timers.heap
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	c.timers.heap = h
	for i := 0; len(h) > 0; {
		first := 4*i + 1
		least := first
		for k := first + 1; k < min(first+4, len(h)); k++ {
			if c.before(&h[k], &h[least]) {
				least = k
			}
		}
		if least >= len(h) || !c.before(&h[least], &last) {
			h[i] = last
			break
		}
		h[i] = h[least]
		i = least
	}
	return top
}

// setTimer sees to it that the group is looked at when it is over. A timer that is early is left: it is set anew when
// it comes up, so that a busy group costs one step of the heap for each timespan, not for each occurrence.
func (c *Correlator) setTimer(m *machine, h uint32, over time.Time) {
	g := c.groups.at(h)
	g.mark += 1 << positionBits
	g.timers = g.timers&^movedBit + 1
	c.pushTimer(timerAt(stampOf(over), m.number, g.mark>>positionBits, h))
}

// deadline returns the time after which the group has to be looked at.
func (c *Correlator) deadline(m *machine, g *group) time.Time {
	from := time.Time{}
	switch {
	case g.open != 0:
		from = c.runs.at(g.open).time.time()
	case g.run != 0:
		from = c.runs.at(g.run).last.time()
	case g.n > 0:
		from = c.timeAt(m, g, int(g.n)-1)
	}
	return from.Add(m.rule.Timespan)
}

// closeNext takes the first timer and closes what is over at its time.
func (c *Correlator) closeNext(emit func(*Firing)) {
	t := c.popTimer()
	m, g := c.machines[t.machine()], c.groups.at(t.group)
	g.timers--
	if g.timers&deadBit != 0 {
		c.bury(t.group)
		return
	}
	if g.mark>>positionBits != t.rest&(1<<turnBits-1) {
		return
	}
	// If nothing has come since the timer was set, it is over now, and its events needn't be read.
	if g.timers&movedBit != 0 {
		if over := c.deadline(m, g); stampOf(over).compare(t.stamp()) > 0 {
			c.setTimer(m, t.group, over)
			return
		}
	}
	c.expire(m, t.group, emit)
	if g.empty() {
		c.dropGroup(m, t.group)
		return
	}
	c.setTimer(m, t.group, c.deadline(m, g))
}
