package sigma

import (
	"cmp"
	"container/heap"
	"time"
)

// timer says when a group has to be looked at: when its window or its firing is over. A group has one that counts, that
// which it points to. Since every group is closed at its own time, and in order of these times, neither other groups
// nor saving and restoring change what fires.
type timer struct {
	at  time.Time
	m   *machine
	key string
}

// timers is a heap. At equal times correlations that others refer to come first.
type timers []*timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	a, b := t[i], t[j]
	if n := a.at.Compare(b.at); n != 0 {
		return n < 0
	}
	return cmp.Or(cmp.Compare(a.m.number, b.m.number), cmp.Compare(a.key, b.key)) < 0
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(*timer)) }
func (t *timers) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	return x
}

// setTimer sees to it that the group is looked at when it is over. A timer that is early is left: it is set anew when
// it comes up, so that a busy group costs one step of the heap for each timespan, not for each occurrence.
func (c *Correlator) setTimer(m *machine, key string, w *window) {
	at := w.deadline(m)
	if w.timer == nil || at.Before(w.timer.at) {
		w.timer = &timer{at, m, key}
		heap.Push(&c.timers, w.timer)
	}
}

// closeNext takes the first timer and closes what is over at its time.
func (c *Correlator) closeNext(emit func(*Firing)) {
	t := heap.Pop(&c.timers).(*timer)
	w := t.m.groups[t.key]
	if w == nil || w.timer != t {
		return
	}
	if at := w.deadline(t.m); at.After(t.at) {
		t.at = at
		heap.Push(&c.timers, t)
		return
	}
	c.expire(t.m, w, emit)
	if w.empty() {
		delete(t.m.groups, t.key)
		return
	}
	w.timer = nil
	c.setTimer(t.m, t.key, w)
}
