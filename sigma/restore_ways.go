package sigma

func (r *storeReader) readWays() {
	forms := make([]alternative, r.length(8))
	for i := range forms {
		forms[i] = r.alternative()
	}
	r.nodes = make([]expr, r.length(1))
	r.subs = make([]*expr, r.length(1))
	lists := r.length(1)
	fixed, consts := make([]*expr, lists), make([]*atom, lists)
	all := make([]way, r.length(5))
	r.ways, r.gates = make([]*way, 0, len(all)), make([]int32, 0, len(all))
	listed := 0
	for i := range all {
		w := &all[i]
		form := r.below(len(forms))
		w.rule = r.below(len(r.collection.Rules))
		if w.root = r.tree(); r.bad {
			return
		}
		w.alternative = &forms[form]
		w.consts = take(r, &consts, r.length(1))
		for k := range w.consts {
			n := r.number()
			if n >= len(r.atoms) || r.atoms[n].constant == 0 {
				r.fail()
				return
			}
			w.consts[k] = r.atoms[n]
		}
		parts := w.parts()
		w.fixed = take(r, &fixed, r.length(1))
		for k := range w.fixed {
			w.fixed[k] = parts[r.below(len(parts))]
		}
		if listed += len(w.channels); listed > len(r.data) {
			r.fail() // many ways by many channels
			return
		}
		r.addWay(w)
	}
}

func (r *storeReader) alternative() (a alternative) {
	a.source = r.source()
	a.channels, a.files = r.ownList(), r.ownList()
	if n := r.length(2); n > 0 {
		a.fields = make(map[string][]string, n)
		for range n {
			name := r.text()
			a.fields[name] = r.ownList()
		}
	}
	return a
}

// maxStoredDepth bounds the depth of trees, which are walked by recursion. Conditions nest by maxConditionDepth, and
// each name in them adds a few levels.
const maxStoredDepth = 4 * maxConditionDepth

// tree reads a tree. What a node takes off the stack are its parts.
func (r *storeReader) tree() *expr {
	r.stack, r.depths = r.stack[:0], r.depths[:0]
	for n := r.number(); n != storedEnd; n = r.number() {
		if r.bad || !r.node(kind(n&7), n>>3) {
			r.fail()
			return nil
		}
	}
	if len(r.stack) != 1 {
		r.fail()
		return nil
	}
	return r.stack[0]
}

// node reads a node with what its number says above the kind.
func (r *storeReader) node(k kind, n int) bool {
	switch {
	case k == kindFalse && n == 0:
		r.push(exprFalse, 0)
		return true
	case k == kindTrue && n == 0:
		r.push(exprTrue, 0)
		return true
	case k == kindAtom && n < len(r.trees):
		r.push(&r.trees[n], 0)
		return true
	case k < kindNot || k > kindAtLeast || n < 1 || n > len(r.stack) || k == kindNot && n != 1 || len(r.nodes) == 0 || n > len(r.subs):
		return false
	}
	x := &r.nodes[0]
	r.nodes = r.nodes[1:]
	x.kind, x.subs = k, take(r, &r.subs, n)
	if k == kindAtLeast {
		x.n = r.number()
	}
	from, depth := len(r.stack)-n, int32(0)
	copy(x.subs, r.stack[from:])
	for _, d := range r.depths[from:] {
		depth = max(depth, d)
	}
	r.stack, r.depths = r.stack[:from], r.depths[:from]
	r.push(x, depth+1)
	return depth < maxStoredDepth
}

func (r *storeReader) push(x *expr, depth int32) {
	r.stack, r.depths = append(r.stack, x), append(r.depths, depth)
}
