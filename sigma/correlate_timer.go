package sigma

import (
	"bytes"
	"cmp"
	"time"
)

// timer says when a group has to be looked at: when its window or its firing is over. Since every group is closed at its
// own time, and in order of these times, neither other groups nor saving and restoring change what fires.
type timer struct {
	at    stamp
	group uint32
	mark  uint32 // number of the machine, and the turn of the group: only a group's newest timer counts
}

const turnBits = 8

// timers is a heap. At equal times correlations that others refer to come first.
type timers []timer

func (c *Correlator) before(a, b *timer) bool {
	if n := a.at.compare(b.at); n != 0 {
		return n < 0
	}
	if n := cmp.Compare(a.mark>>turnBits, b.mark>>turnBits); n != 0 {
		return n < 0
	}
	m := c.machines[a.mark>>turnBits]
	return bytes.Compare(c.foldedKey(m, c.groups.at(a.group)), c.foldedKey(m, c.groups.at(b.group))) < 0
}

func (c *Correlator) pushTimer(t timer) {
	c.timers = append(c.timers, t)
	h := c.timers
	i := len(h) - 1
	for i > 0 {
		above := (i - 1) / 2
		if !c.before(&t, &h[above]) {
			break
		}
		h[i] = h[above]
		i = above
	}
	h[i] = t
}

func (c *Correlator) popTimer() timer {
	h := c.timers
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	c.timers = h
	for i := 0; len(h) > 0; {
		below := 2*i + 1
		if below+1 < len(h) && c.before(&h[below+1], &h[below]) {
			below++
		}
		if below >= len(h) || !c.before(&h[below], &last) {
			h[i] = last
			break
		}
		h[i] = h[below]
		i = below
	}
	return top
}

// setTimer sees to it that the group is looked at when it is over. A timer that is early is left: it is set anew when
// it comes up, so that a busy group costs one step of the heap for each timespan, not for each occurrence.
func (c *Correlator) setTimer(m *machine, h uint32) {
	g := c.groups.at(h)
	g.mark += 1 << positionBits
	g.timers++
	c.pushTimer(timer{stampOf(c.deadline(m, g)), h, uint32(m.number)<<turnBits | g.mark>>positionBits})
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
	m, g := c.machines[t.mark>>turnBits], c.groups.at(t.group)
	g.timers--
	if g.timers&deadBit != 0 {
		c.bury(t.group)
		return
	}
	if g.mark>>positionBits != t.mark&(1<<turnBits-1) {
		return
	}
	if stampOf(c.deadline(m, g)).compare(t.at) > 0 {
		c.setTimer(m, t.group)
		return
	}
	c.expire(m, t.group, emit)
	if g.empty() {
		c.dropGroup(m, t.group)
		return
	}
	c.setTimer(m, t.group)
}
