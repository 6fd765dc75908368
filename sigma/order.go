package sigma

import (
	"math/bits"
	"slices"
)

// ordering puts small numbers in order, each once: a set of bits, of which only the words in use are looked at. What a record's values call for
// are a few lists in order, so comparing one with another is a guess each time. The zero value is ready for use.
type ordering struct {
	set []uint64
}

// fewToOrder is the length up to which it is quicker to compare.
const fewToOrder = 4

// order puts list in order, without repeats. Its numbers are not negative.
func (o *ordering) order(list []int32) []int32 {
	if inOrder(list) {
		return list
	}
	if len(list) <= fewToOrder {
		slices.Sort(list)
		return slices.Compact(list)
	}
	low, high := list[0], list[0]
	for _, n := range list {
		low, high = min(low, n), max(high, n)
	}
	low, high = low>>6, high>>6
	if int(high) >= len(o.set) {
		o.set = make([]uint64, high+high/2+1)
	}
	for _, n := range list {
		o.set[n>>6] |= 1 << (n & 63)
	}
	list = list[:0]
	for word := low; word <= high; word++ {
		left := o.set[word]
		for o.set[word] = 0; left != 0; left &= left - 1 {
			list = append(list, word<<6|int32(bits.TrailingZeros64(left)))
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
