package sigma

import (
	"math/bits"
	"slices"
)

// ordering puts small numbers in order, each once: a set of bits, and a set of its words that are in use. What a record's values call for
// are a few lists in order, so comparing one with another is a guess each time. The zero value is ready for use.
type ordering struct {
	set   []uint64
	words []uint64
}

// fewToOrder is the length up to which it is quicker to compare.
const fewToOrder = 4

// order puts list in order, without repeats. Its numbers are at least 0 and below limit.
func (o *ordering) order(list []int32, limit int) []int32 {
	if inOrder(list) {
		return list
	}
	if len(list) <= fewToOrder {
		slices.Sort(list)
		return slices.Compact(list)
	}
	if limit >= 64*len(o.set) {
		o.words = make([]uint64, limit>>12+1)
		o.set = make([]uint64, 64*len(o.words))
	}
	for _, n := range list {
		o.set[n>>6] |= 1 << (n & 63)
		o.words[n>>12] |= 1 << (n >> 6 & 63)
	}
	list = list[:0]
	for at, words := range o.words[:limit>>12+1] {
		for o.words[at] = 0; words != 0; words &= words - 1 {
			word := at<<6 | bits.TrailingZeros64(words)
			left := o.set[word]
			for o.set[word] = 0; left != 0; left &= left - 1 {
				list = append(list, int32(word<<6|bits.TrailingZeros64(left)))
			}
		}
	}
	return list
}

func inOrder(list []int32) bool {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return false
		}
	}
	return true
}
