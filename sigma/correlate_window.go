package sigma

import "time"

// step moves a group on by one occurrence.
func (c *Correlator) step(m *machine, h uint32, it *item, emit func(*Firing)) {
	g := c.groups.at(h)
	began := g.empty()
	g.timers |= movedBit
	// As long as occurrences come in order, the time at which a group is over only moves on and its timer is never too late.
	late := it.time.Before(c.latest)
	var before time.Time
	if late && !began {
		before = c.deadline(m, g)
	}
	if !late {
		c.latest = it.time
	}
	if c.repeats(g, it) {
		if !m.temporal() {
			return
		}
		it.again = true
	}
	if m.sliding {
		c.slide(m, h, it, late, emit)
	} else {
		c.wait(m, h, it)
	}
	switch {
	case began:
		c.setTimer(m, h, it.time.Add(m.rule.Timespan))
	case late:
		if over := c.deadline(m, g); over.Before(before) {
			c.setTimer(m, h, over)
		}
	}
}

// repeats says whether the item is the event that came last, matched by another rule.
func (c *Correlator) repeats(g *group, it *item) bool {
	if it.chained || !c.hasRef(it.event) {
		return false
	}
	if g.last != 0 && it.position != g.lastPosition() && c.sameEvent(g.last, it.event, stampOf(it.time)) {
		return true
	}
	c.setLast(g, it.event, it.position)
	return false
}

func (s *store) setLast(g *group, event uint32, position int) {
	s.hold(event)
	s.drop(g.last)
	g.last = event
	g.mark = g.mark&^(1<<positionBits-1) | uint32(position)
}

// slide decides the condition over the timespan that ends with the newest occurrence.
func (c *Correlator) slide(m *machine, h uint32, it *item, late bool, emit func(*Firing)) {
	g, span := c.groups.at(h), m.rule.Timespan
	if g.run != 0 && it.time.Sub(c.runs.at(g.run).first.time()) > c.maxEpisode(span) {
		c.finish(m, h, emit)
	}
	if late && g.n > 0 && it.time.Before(c.timeAt(m, g, int(g.n)-1).Add(-span)) {
		c.late++
		return
	}
	t := &c.tally
	c.readTally(m, g, t)
	if place := c.insert(m, h, it, late); place < int(g.n)-1 && m.rule.Type == TemporalOrdered {
		c.rebuild(m, g, t)
	} else {
		t.add(m, it, it.time.Add(-span))
	}
	newest := it.time
	if late {
		newest = c.timeAt(m, g, int(g.n)-1)
	}
	horizon := newest.Add(-span)
	edge := stampOf(horizon)
	for g.n > 1 {
		first := c.itemAt(m, g, 0)
		old := c.isBefore(first[0]&^takenBit, edge)
		if !old && int(g.n) <= m.maxWindow {
			break
		}
		if !old && first[0]&takenBit == 0 {
			c.letGo++
		}
		if m.rule.Type == ValueSum {
			t.sum -= c.load(m, first).number
			t.removed++
		}
		c.dropFirst(m, h)
	}
	c.settle(m, g, t)
	t.n, t.distinct = int(g.n), int(g.distinct)
	value, ok := m.holds(t, horizon)
	c.writeTally(m, g, t)
	if ok {
		c.goOn(m, h, it.time, value, emit)
	}
}

// goOn takes the window of a condition that holds into the firing under way, which may begin with it.
func (c *Correlator) goOn(m *machine, h uint32, at time.Time, value float64, emit func(*Firing)) {
	g := c.groups.at(h)
	began := g.run == 0
	if began {
		g.run = c.runs.alloc()
		r := c.runs.at(g.run)
		r.time, r.value = stampOf(at), value
	}
	r := c.runs.at(g.run)
	r.value = max(r.value, value)
	c.takePending(m, g, r)
	if began {
		c.chain(m, h, at, emit)
	}
}

// takePending makes evidence of the items that are none yet.
func (c *Correlator) takePending(m *machine, g *group, r *run) {
	i := int(g.n)
	for n := g.pending; n > 0; {
		if i--; c.itemAt(m, g, i)[0]&takenBit == 0 {
			n--
		}
	}
	for ; g.pending > 0; i++ {
		words := c.itemAt(m, g, i)
		if words[0]&takenBit != 0 {
			continue
		}
		it := c.load(m, words)
		c.add(r, m, &it, c.options.MaxRefs)
		words[0] |= takenBit
		if m.carryAt > 0 {
			c.texts.drop(words[m.carryAt])
			words[m.carryAt] = 0
		}
		g.pending--
	}
}

// wait gathers what a condition is decided over when the window is over. It begins with its first occurrence and lasts
// for the timespan.
func (c *Correlator) wait(m *machine, h uint32, it *item) {
	g, span := c.groups.at(h), m.rule.Timespan
	if g.open == 0 {
		g.open = c.runs.alloc()
		c.runs.at(g.open).time = stampOf(it.time)
	}
	r := c.runs.at(g.open)
	if r.begun {
		switch start := r.time.time(); {
		case it.time.Before(r.last.time().Add(-span)) || it.time.After(start.Add(span)):
			c.late++
			return
		case it.time.Before(start):
			r.time = stampOf(it.time)
		}
	}
	c.add(r, m, it, c.options.MaxRefs)
	if r.hopeless {
		return
	}
	switch m.rule.Type {
	case ValueCount:
		c.addDistinct(m, h, it.value)
	case ValuePercentile:
		c.addSample(m, g, r, it.number)
	}
	t := &c.tally
	c.readTally(m, g, t)
	t.add(m, it, time.Time{})
	c.writeTally(m, g, t)
	if m.hopeless(t) {
		r.hopeless = true
		c.dropEvidence(r)
		c.clearItems(m, h)
	}
}

// expire closes what is over in a group at its deadline.
func (c *Correlator) expire(m *machine, h uint32, emit func(*Firing)) {
	switch g := c.groups.at(h); {
	case g.open != 0:
		c.decide(m, h, emit)
	case g.run != 0:
		c.finish(m, h, emit)
	default:
		c.clearItems(m, h)
	}
}

// decide decides a waiting window. If the one before it held as well, they are one firing.
func (c *Correlator) decide(m *machine, h uint32, emit func(*Firing)) {
	g, span := c.groups.at(h), m.rule.Timespan
	over := c.runs.at(g.open)
	end := over.time.time().Add(span)
	c.readTally(m, g, &c.tally)
	if m.rule.Type == ValuePercentile {
		c.tally.sample = c.appendSample(c.tally.sample, g)
	}
	value, ok := m.holds(&c.tally, time.Time{})
	ok = ok && !over.hopeless
	opened := g.open
	c.clearItems(m, h)
	c.words.release(g.extra)
	g.open, g.extra = 0, 0
	if g.run != 0 {
		r := c.runs.at(g.run)
		if !ok || !r.near(over, span) || over.last.time().Sub(r.first.time()) > c.maxEpisode(span) {
			c.finish(m, h, emit)
		}
	}
	switch {
	case !ok:
		c.dropRun(opened)
	case g.run == 0:
		over.time, over.value = over.last, value
		g.run = opened
		c.chain(m, h, end, emit)
	default:
		c.join(c.runs.at(g.run), over)
		c.dropRun(opened)
	}
}

// near says whether the run goes on with another; only a late one can be far.
func (r *run) near(other *run, span time.Duration) bool {
	return !other.first.time().After(r.last.time().Add(span)) && !other.last.time().Before(r.first.time().Add(-span))
}

func (c *Correlator) join(r, more *run) {
	if more.first.compare(r.first) < 0 {
		r.first = more.first
	}
	if more.last.compare(r.last) > 0 {
		r.last = more.last
	}
	r.count += more.count
	c.list(r, c.words.at(more.refs)[:more.listed], c.options.MaxRefs)
}

// finish hands out the firing under way. What was evidence of it is consumed.
func (c *Correlator) finish(m *machine, h uint32, emit func(*Firing)) {
	g := c.groups.at(h)
	r := c.runs.at(g.run)
	f := &Firing{
		Correlation: m.rule, Time: r.time.time(), First: r.first.time(), Last: r.last.time(),
		Refs: make([][]byte, 0, r.listed), Times: make([]time.Time, 0, r.listed), Count: int(r.count), Value: r.value,
	}
	var all []byte
	for _, h := range c.words.at(r.refs)[:r.listed] {
		e := c.event(h)
		from := len(all)
		all = append(append(all, c.ref(&e)...), c.texts.text(e.shared)...)
		f.Refs = append(f.Refs, all[from:len(all):len(all)])
		f.Times = append(f.Times, e.at.time())
	}
	for i, value := range c.written(m, g) {
		f.Group = append(f.Group, GroupValue{m.rule.GroupBy[i], value})
	}
	c.dropRun(g.run)
	g.run = 0
	if m.sliding {
		c.keepPending(m, h)
		c.rebuild(m, g, &c.tally)
		c.words.release(g.extra)
		g.extra = 0
		c.writeTally(m, g, &c.tally)
	}
	emit(f)
}

func (c *Correlator) maxEpisode(span time.Duration) time.Duration {
	if c.options.MaxEpisode > 0 {
		return c.options.MaxEpisode
	}
	if span > 1<<62/10 {
		return 1 << 62
	}
	return max(24*time.Hour, 10*span)
}
