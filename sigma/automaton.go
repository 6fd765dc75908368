package sigma

import "slices"

// automaton finds any of many literals in a text, in one pass (Aho and Corasick). States near the root, in which a
// search spends most of its time, have a full row of successors; the many others have their few edges and a way to
// fall back on.
type automaton struct {
	class   [256]uint8 // of a byte; 0 for bytes that no literal has
	classes int
	dense   int      // states with a full row: those numbered below
	rows    []uint32 // dense * classes; successors are marked with hitFlag
	edges   []edge   // of the other states, by state
	first   []uint32 // first edge of state s - dense; one more than there are states
	fail    []uint32 // of every state
	out     []uint32 // 1 + the literal that ends in the state, 0 for none
	found   []uint32 // the state itself or the next on its way back that has a literal; 0 for none (the root has none)
	lengths []int32  // of the literals
}

type edge struct {
	class uint8
	to    uint32 // marked with hitFlag
}

// hitFlag marks a successor in which, or on whose way back, a literal ends, so that a search need look no further for
// most bytes.
const hitFlag = 1 << 31

// maxDense bounds the full rows of one automaton.
const maxDense = 1024

// trieNode is a state under construction.
type trieNode struct {
	class          uint8
	lit            uint32 // 1 + the literal that ends here
	child, sibling uint32 // 0 for none
	fail, renumber uint32
}

// newAutomaton builds the automaton of literals, which must be different and not empty.
func newAutomaton(lits []string) *automaton {
	a := &automaton{classes: 1}
	for _, lit := range lits {
		a.lengths = append(a.lengths, int32(len(lit)))
		for i := range len(lit) {
			if c := lit[i]; a.class[c] == 0 && a.classes < 256 {
				a.class[c] = uint8(a.classes)
				a.classes++
			}
		}
	}
	trie := a.trie(lits)
	order := breadthFirst(trie)
	a.link(trie, order)
	a.fill(trie, order)
	return a
}

func (a *automaton) trie(lits []string) []trieNode {
	trie := make([]trieNode, 1, 1+len(lits)*8)
	for n, lit := range lits {
		at := uint32(0)
		for i := range len(lit) {
			c := a.class[lit[i]]
			next := child(trie, at, c)
			if next == 0 {
				next = uint32(len(trie))
				trie = append(trie, trieNode{class: c, sibling: trie[at].child})
				trie[at].child = next
			}
			at = next
		}
		trie[at].lit = uint32(n) + 1
	}
	return trie
}

func child(trie []trieNode, at uint32, c uint8) uint32 {
	for k := trie[at].child; k != 0; k = trie[k].sibling {
		if trie[k].class == c {
			return k
		}
	}
	return 0
}

func breadthFirst(trie []trieNode) []uint32 {
	order := make([]uint32, 1, len(trie))
	for i := 0; i < len(order); i++ {
		trie[order[i]].renumber = uint32(i)
		for k := trie[order[i]].child; k != 0; k = trie[k].sibling {
			order = append(order, k)
		}
	}
	return order
}

// link sets the ways back: to the longest other state that is a suffix.
func (a *automaton) link(trie []trieNode, order []uint32) {
	for _, at := range order {
		for k := trie[at].child; k != 0; k = trie[k].sibling {
			f := trie[at].fail
			for at != 0 {
				if to := child(trie, f, trie[k].class); to != 0 {
					f = to
					break
				}
				if f == 0 {
					break
				}
				f = trie[f].fail
			}
			trie[k].fail = f
		}
	}
}

func (a *automaton) fill(trie []trieNode, order []uint32) {
	n := len(order)
	a.dense = min(n, maxDense)
	a.rows = make([]uint32, a.dense*a.classes)
	a.fail, a.out, a.found = make([]uint32, n), make([]uint32, n), make([]uint32, n)
	a.first = make([]uint32, 0, n-a.dense+1)
	for s, at := range order {
		node := &trie[at]
		fail := trie[node.fail].renumber
		a.fail[s], a.out[s] = fail, node.lit
		if node.lit != 0 {
			a.found[s] = uint32(s)
		} else {
			a.found[s] = a.found[fail]
		}
		if s < a.dense {
			row := a.rows[s*a.classes : (s+1)*a.classes]
			if s > 0 {
				copy(row, a.rows[int(fail)*a.classes:]) // fail stands before s
			}
			for k := node.child; k != 0; k = trie[k].sibling {
				row[trie[k].class] = trie[k].renumber
			}
			continue
		}
		a.first = append(a.first, uint32(len(a.edges)))
		start := len(a.edges)
		for k := node.child; k != 0; k = trie[k].sibling {
			a.edges = append(a.edges, edge{trie[k].class, trie[k].renumber})
		}
		slices.SortFunc(a.edges[start:], func(x, y edge) int { return int(x.class) - int(y.class) })
	}
	a.first = append(a.first, uint32(len(a.edges)))
	for i, to := range a.rows {
		a.rows[i] = a.flagged(to)
	}
	for i := range a.edges {
		a.edges[i].to = a.flagged(a.edges[i].to)
	}
}

func (a *automaton) flagged(state uint32) uint32 {
	if a.found[state] != 0 {
		state |= hitFlag
	}
	return state
}

// step returns the state that follows s at byte b, marked with hitFlag; s is not marked.
func (a *automaton) step(s uint32, b byte) uint32 {
	c := a.class[b]
	for int(s) >= a.dense {
		i := int(s) - a.dense
		for _, e := range a.edges[a.first[i]:a.first[i+1]] {
			if e.class == c {
				return e.to
			}
		}
		s = a.fail[s]
	}
	return a.rows[int(s)*a.classes+int(c)]
}
