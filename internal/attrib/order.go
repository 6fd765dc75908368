package attrib

import (
	"fmt"
	"math"
	"slices"
)

// Constants of the likeness of orders. Not measured.
const (
	orderDoubt  = 20.0 // pairs of techniques that half of the full weight takes
	mostOrdered = 100  // techniques of a case that are compared in order
)

// likenOrder compares the order in which the case's techniques were first seen with that of the learned cases of each group, by Kendall's
// tau: the pairs that both have in one order, less those in the other order, over all. Only pairs of techniques that serve the same tactic
// count: that access comes before theft is so in every case. What was first seen at one time has no order.
func (k *Knowledge) likenOrder(order [][]string, s *sides) {
	own := k.places(order)
	if len(own) < 2 {
		return
	}
	for g, lessons := range k.lessons {
		agree, pairs := 0, 0
		var names []string
		for _, l := range lessons {
			a, n := k.concordance(own, l.places)
			if n > 0 {
				names = append(names, l.name)
			}
			agree, pairs = agree+a, pairs+n
		}
		if pairs == 0 {
			continue
		}
		tau := float64(agree) / float64(pairs)
		n := float64(pairs)
		s.add(g, Side{Kind: SideOrder, Name: "Order of techniques", Bits: mostOrder * tau * n / (n + orderDoubt),
			Basis: fmt.Sprintf("of %d pairs that its cases have too, %d in the same order", pairs, (pairs+agree)/2), Cases: first(names, mostCasesNamed)})
	}
}

// place is when a technique was first seen: its place among the times.
type place struct{ item, at int }

// places puts techniques into the order of the knowledge, bounded.
func (k *Knowledge) places(order [][]string) []place {
	var out []place
	seen := map[int]bool{}
	for at, ids := range order {
		for _, id := range ids {
			item, ok := k.itemAt[k.Canonical(id)]
			if !ok || item >= len(k.techniques) || seen[item] {
				continue
			}
			if seen[item] = true; len(out) < mostOrdered {
				out = append(out, place{item, at})
			}
		}
	}
	slices.SortFunc(out, func(a, b place) int { return a.item - b.item })
	return out
}

// concordance counts the pairs of techniques that both have: agree is how many more stand in one order than in the other.
func (k *Knowledge) concordance(a, b []place) (agree, pairs int) {
	var both []([2]int) // places in a and b
	var items []int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].item < b[j].item:
			i++
		case a[i].item > b[j].item:
			j++
		default:
			both, items = append(both, [2]int{a[i].at, b[j].at}), append(items, a[i].item)
			i++
			j++
		}
	}
	for i := range both {
		for j := range both[:i] {
			x, y := both[i][0]-both[j][0], both[i][1]-both[j][1]
			if x == 0 || y == 0 || !k.sameTactic(items[i], items[j]) {
				continue
			}
			pairs++
			if (x > 0) == (y > 0) {
				agree++
			} else {
				agree--
			}
		}
	}
	return agree, pairs
}

func (k *Knowledge) sameTactic(a, b int) bool {
	return slices.ContainsFunc(k.tacticsOf[a], func(t int) bool { return slices.Contains(k.tacticsOf[b], t) })
}

// mostCasesNamed bounds the learned cases that evidence names.
const mostCasesNamed = 10

func first[T any](list []T, n int) []T { return list[:min(len(list), n)] }

// lesson is what of a learned case is compared beside its techniques.
type lesson struct {
	name   string
	places []place
}

// heed notes what learned cases say beside techniques and software.
func (k *Knowledge) heed(local []LocalCase) {
	k.victims, k.hit = make([]Victims, len(k.groups)), make([][]string, len(k.groups))
	k.lessons = make([][]lesson, len(k.groups))
	k.traces, k.learned = map[trace]*traced{}, len(local)
	for g := range k.groups {
		k.victims[g] = k.groups[g].Victims
	}
	for i := range local {
		c := &local[i]
		g := k.groupAt[c.Group]
		if known, err := c.Victims.Check(); err == nil && !known.None() {
			k.victims[g].join(known)
			k.hit[g] = append(k.hit[g], c.Name)
		}
		if places := k.places(c.Order); len(places) > 1 {
			k.lessons[g] = append(k.lessons[g], lesson{c.Name, places})
		}
		k.keepTraces(g, c)
	}
}

// diminished sums weights, the greatest first, each further one by half.
func diminished(weights []float64) float64 {
	slices.Sort(weights)
	sum, part := 0.0, 1.0
	for _, w := range slices.Backward(weights) {
		sum += w * part
		part /= 2
	}
	return math.Max(0, sum)
}
