package sigma

import "math/bits"

// triggers tell which rules a hit of an atom calls for: a set of bits by atom, and lists by rank in the set.
type triggers struct {
	set   []uint64
	ranks []uint32 // bits set before each word
	ends  []uint32 // of the lists, in calls
	calls []int32
}

func (t *triggers) of(atom int32) []int32 {
	word := int(atom) >> 6
	if word >= len(t.set) || t.set[word]&(1<<(atom&63)) == 0 {
		return nil
	}
	return t.list(t.rank(int(atom)))
}

// rank is the place of an atom of the set.
func (t *triggers) rank(atom int) int {
	word := atom >> 6
	return int(t.ranks[word]) + bits.OnesCount64(t.set[word]&(1<<(atom&63)-1))
}

func (t *triggers) list(rank int) []int32 {
	from, to := uint32(0), t.ends[rank]
	if rank > 0 {
		from = t.ends[rank-1]
	}
	return t.calls[from:to:to]
}

// setTriggers makes the lists of rules that atoms call for, and notes what slots are to be looked at for that. The rules of an atom are in order, since callers are.
func (b *planBuilder) setTriggers() {
	t := &b.plan.triggers
	for i := range b.callers {
		for _, a := range b.callers[i].set {
			if word := a.id >> 6; word >= len(t.set) {
				t.set = append(t.set, make([]uint64, word+1-len(t.set))...)
			}
			t.set[a.id>>6] |= 1 << (a.id & 63)
		}
	}
	n := 0
	t.ranks = make([]uint32, 0, len(t.set))
	for at, word := range t.set {
		t.ranks = append(t.ranks, uint32(n))
		n += bits.OnesCount64(word)
		for ; word != 0; word &= word - 1 {
			b.look(b.engine.atoms[at<<6|bits.TrailingZeros64(word)])
		}
	}
	t.ends = make([]uint32, n)
	total := b.eachCall(n, func(rank int, _ int32) { t.ends[rank]++ })
	t.calls = make([]int32, total)
	for rank := n - 1; rank >= 0; rank-- { // where lists begin, until they are filled
		total -= int(t.ends[rank])
		t.ends[rank] = uint32(total)
	}
	b.eachCall(n, func(rank int, caller int32) {
		t.calls[t.ends[rank]] = caller
		t.ends[rank]++
	})
}

// eachCall calls f for each atom of each caller, once, by the atom's rank among n, and returns how many there are.
func (b *planBuilder) eachCall(n int, f func(rank int, caller int32)) (total int) {
	b.lasts = append(b.lasts[:0], make([]int32, n)...) // by rank: 1 + the caller that was last
	for i := range b.callers {
		for _, a := range b.callers[i].set {
			rank := b.plan.triggers.rank(a.id)
			if last := &b.lasts[rank]; *last != int32(i)+1 {
				*last = int32(i) + 1
				f(rank, int32(i))
				total++
			}
		}
	}
	return total
}

// look notes that an atom calls for rules: its field is looked at.
func (b *planBuilder) look(a *atom) {
	s := &b.plan.slots[b.plan.slotOf[a.field]]
	s.eager = true
	if !a.indexed {
		s.unindexed = append(s.unindexed, a)
	}
}
