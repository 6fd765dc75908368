package sigma

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"
)

// restore makes a group again. What a correlator could not have saved is damage.
func (r *restorer) restore(m *machine, saved *savedGroup) error {
	if len(saved.Group) != len(m.rule.GroupBy) || len(saved.Items) > m.maxWindow+1 || m.sliding && saved.Open != nil || !m.sliding && len(saved.Items) > 0 {
		return errState
	}
	var key, written []byte
	for _, value := range saved.Group {
		written = appendPart(written, value)
		key = appendKeyPart(key, string(value))
	}
	hash := hashOf(key)
	if r.to.findGroup(m, key, hash) != 0 {
		return fmt.Errorf("it is there twice: %w", errState)
	}
	h := r.to.newGroup(m, append(key, written...), len(key), hash)
	g := r.to.groups.at(h)
	if err := r.items(m, h, saved); err != nil {
		return err
	}
	var err error
	if g.open, err = r.run(m, saved.Open); err == nil {
		g.run, err = r.run(m, saved.Run)
	}
	if err != nil {
		return err
	}
	if g.open != 0 {
		open := r.to.runs.at(g.open)
		if saved.Start == nil || !countable(saved.Start.time()) || stampOf(saved.Start.time()).compare(open.first) > 0 {
			return fmt.Errorf("start of a window: %w", errState)
		}
		open.time = stampOf(saved.Start.time())
	}
	if l := saved.Last; l != nil && l.Position >= 0 && l.Position < m.positions && countable(l.Time.time()) {
		event := r.event(&l.savedRef)
		r.to.setLast(g, event, l.Position)
		r.to.drop(event)
	}
	if err := r.restoreTally(m, h, saved); err != nil {
		return err
	}
	if g.empty() {
		return errState
	}
	return nil
}

func (r *restorer) see(t time.Time) {
	if t.After(r.latest) {
		r.latest = t
	}
}

func (r *restorer) event(saved *savedRef) uint32 {
	return r.to.newEvent(saved.Time.time(), saved.Ref, saved.Shared)
}

func (r *restorer) events(saved []savedRef) (out []uint32, err error) {
	for i := range saved {
		if !countable(saved[i].Time.time()) {
			return out, fmt.Errorf("an event: %w", errState)
		}
		out = append(out, r.event(&saved[i]))
	}
	return out, nil
}

func (r *restorer) items(m *machine, h uint32, saved *savedGroup) error {
	var last time.Time
	for i := range saved.Items {
		s := &saved.Items[i]
		at := s.Time.time()
		switch {
		case !countable(at) || s.Position < 0 || s.Position >= m.positions || s.Count < 0 || !(s.Number > -maxSummand && s.Number < maxSummand):
			return fmt.Errorf("an occurrence: %w", errState)
		case at.Before(last) || s.Taken && saved.Run == nil:
			return fmt.Errorf("order of occurrences: %w", errState)
		case len(s.Refs) > r.c.options.MaxRefs || !s.Many && len(s.Refs) > 1 || len(m.carry) > 0 && !s.Taken && !wholeCarried(m, s.Carried):
			return fmt.Errorf("an occurrence: %w", errState)
		}
		last = at
		r.see(at)
		it := item{time: at, position: s.Position, again: s.Again && m.temporal(), number: s.Number}
		listed, err := r.events(s.Refs)
		switch {
		case err != nil:
			return err
		case s.Many:
			it.event = r.to.newMany(at, listed, s.Count)
			for _, e := range listed {
				r.to.drop(e)
			}
		case len(listed) == 1 && s.Refs[0].Time == s.Time:
			it.event = listed[0]
		case len(listed) == 0:
			it.event = r.to.newEvent(at, nil, nil)
		default:
			return fmt.Errorf("an occurrence: %w", errState)
		}
		if m.rule.Type == ValueCount {
			it.value = r.to.texts.hold(s.Value)
		}
		if len(m.carry) > 0 && !s.Taken {
			it.carried = r.to.texts.hold(s.Carried)
		}
		place := r.to.insert(m, h, &it, true)
		if g := r.to.groups.at(h); s.Taken {
			r.to.itemAt(m, g, place)[0] |= takenBit
			g.pending--
		}
		r.to.drop(it.event)
		r.to.texts.drop(it.value)
		r.to.texts.drop(it.carried)
	}
	return nil
}

func (r *restorer) run(m *machine, s *savedRun) (uint32, error) {
	if s == nil {
		return 0, nil
	}
	first, last := s.First.time(), s.Latest.time()
	if !countable(first) || !countable(last) || last.Before(first) || s.Count < 0 || len(s.Refs) > r.c.options.MaxRefs || len(s.Carried) > maxCarried {
		return 0, fmt.Errorf("a firing: %w", errState)
	}
	h := r.to.runs.alloc()
	run := r.to.runs.at(h)
	run.first, run.last, run.begun = stampOf(first), stampOf(last), true
	if at := s.Time.time(); countable(at) {
		run.time = stampOf(at)
	}
	run.count, run.value = s.Count, s.Value
	r.see(last)
	listed, err := r.events(s.Refs)
	if err != nil {
		return 0, err
	}
	r.to.list(run, listed, r.c.options.MaxRefs)
	for _, e := range listed {
		r.to.drop(e)
	}
	for _, carried := range s.Carried {
		if !wholeCarried(m, carried) {
			return 0, fmt.Errorf("a firing: %w", errState)
		}
		text := uint32(0)
		if len(m.carry) > 0 {
			text = r.to.texts.hold(carried)
		}
		r.to.carry(run, m, text)
		r.to.texts.drop(text)
	}
	run.handed = s.Handed
	return h, nil
}

// wholeCarried says whether a text is what an occurrence of the machine carries.
func wholeCarried(m *machine, text []byte) bool {
	n := 0
	for i := 0; i < len(text); n++ {
		kind := text[i]
		i++
		if kind == 1 {
			size, length := binary.Uvarint(text[i:])
			if length <= 0 || size > uint64(len(text)-i-length) {
				return false
			}
			i += length + int(size)
		} else if kind != 0 {
			return false
		}
	}
	return n == len(m.carry)
}

func (r *restorer) restoreTally(m *machine, h uint32, saved *savedGroup) error {
	g, t, s := r.to.groups.at(h), &tally{}, saved.Tally
	if m.sliding {
		r.to.rebuild(m, g, t)
	}
	if s == nil {
		if g.open == 0 {
			r.to.writeTally(m, g, t)
			return nil
		}
		return fmt.Errorf("a tally: %w", errState)
	}
	if s.Removed < 0 || g.open != 0 && s.N < 1 || int64(s.N) > math.MaxUint32 || s.Stride < 0 || int64(s.Stride) > math.MaxUint32 || len(s.Sample) > m.maxWindow || len(s.Values) > m.maxWindow+1 {
		return fmt.Errorf("a tally: %w", errState)
	}
	if len(s.Seen) > 0 && (!m.temporal() || len(s.Seen) != m.positions) || len(s.Seen) == 0 && len(s.Chains)+len(s.Before) > 0 {
		return fmt.Errorf("a tally: %w", errState)
	}
	t.sum, t.removed = s.Sum, min(s.Removed, math.MaxInt32)
	if g.open != 0 {
		t.n = s.N
		run := r.to.runs.at(g.open)
		run.stride, run.hopeless = uint32(s.Stride), s.Hopeless
		r.values(m, h, s)
	}
	t.seen = nil
	for _, seen := range s.Seen {
		at := seen.time()
		if !countable(at) {
			at = time.Time{}
		}
		t.seen = append(t.seen, at)
	}
	var err error
	if t.chains, err = restoreChains(m, s.Chains); err == nil {
		t.before, err = restoreChains(m, s.Before)
	}
	if err != nil {
		return err
	}
	r.to.writeTally(m, g, t)
	return nil
}

// values restores what a waiting window keeps a list of.
func (r *restorer) values(m *machine, h uint32, s *savedTally) {
	switch m.rule.Type {
	case ValueCount:
		for _, value := range s.Values {
			text := r.to.texts.hold(value)
			r.to.addDistinct(m, h, text)
			r.to.texts.drop(text)
		}
	case ValuePercentile:
		whole := &run{}
		for _, x := range s.Sample {
			r.to.addSample(m, r.to.groups.at(h), whole, x)
		}
	}
}

func restoreChains(m *machine, saved []savedChain) (out []chain, err error) {
	if len(saved) > maxChains {
		return nil, fmt.Errorf("a chain of occurrences: %w", errState)
	}
	for _, c := range saved {
		tooMuch := c.Mask > uint64(len(m.listed))
		if m.condition != nil {
			tooMuch = bits.Len64(c.Mask) > len(m.listed)
		}
		if c.Last < 0 || c.Last >= len(m.listed) || tooMuch || !countable(c.Start.time()) {
			return nil, fmt.Errorf("a chain of occurrences: %w", errState)
		}
		out = append(out, chain{c.Last, c.Mask, c.Start.time()})
	}
	return slices.Clip(out), nil
}
