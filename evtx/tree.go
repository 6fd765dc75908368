package evtx

// tree walks a record as the elements that it stands for. Nothing is built: a node is a place in a program, and the
// nodes of the elements under way lie on one stack.
type tree struct {
	r     *Record
	nodes []node
	dst   []byte
	limit int // length of dst at which writing ends
	steps int // left
}

// node is a step of an instance. An element that holds an array is repeated for each of its items.
type node struct {
	inst, op int
	array    ref // the value that is an array
	item     int // of the array; -1 if the element is not repeated
}

// Bounds of a rendering. Definitions can use values, and values that hold BinXML, any number of times.
const (
	maxOutput = 16 << 20
	maxSteps  = 1 << 18
)

func (t *tree) full() bool {
	t.steps--
	return t.steps < 0 || len(t.dst) > t.limit
}

func (t *tree) ops(inst int) []op { return t.r.insts[inst].program.ops }

// gather puts the nodes of the steps [from, to) on the stack. Values that hold BinXML are replaced by what is in it.
func (t *tree) gather(n node, from, to, nesting int) {
	ops := t.ops(n.inst)
	for i := from; i < to && !t.full(); i++ {
		o := &ops[i]
		switch o.kind {
		case opElement:
			if !t.r.leftOut(n.inst, i, from) {
				t.gatherElement(n.inst, i)
			}
			i = int(o.end) - 1
			continue
		case opSub:
			r := ref{uint16(n.inst), o.id}
			if child := t.r.child(r); child != noChild {
				if nesting < maxDepth {
					t.gather(node{inst: child, item: -1}, 0, len(t.ops(child)), nesting+1)
				}
				continue
			}
			if o.optional && t.value(n, o).isEmpty() {
				continue
			}
		}
		t.nodes = append(t.nodes, node{n.inst, i, n.array, n.item})
	}
}

// leftOut says whether an element is left out, because a value that it depends on is null. What stands at the top of a
// definition, whose steps begin at 0, is always there.
func (r *Record) leftOut(inst, i, from int) bool {
	id := r.insts[inst].program.ops[i].id
	return from > 0 && id != none && r.isNull(ref{uint16(inst), id})
}

// gatherElement puts an element on the stack, several times if it holds an array of several items.
func (t *tree) gatherElement(inst, i int) {
	ops := t.ops(inst)
	o := &ops[i]
	for _, span := range [2][2]int{{int(o.body), int(o.end)}, {i + 1, int(o.body)}} {
		for k := span[0]; k < span[1]; k++ {
			switch p := &ops[k]; p.kind {
			case opElement:
				k = int(p.end) - 1
			case opSub:
				r := ref{uint16(inst), p.id}
				if n := t.r.value(r).Len(); n > 1 {
					for item := 0; item < n && !t.full(); item++ {
						t.nodes = append(t.nodes, node{inst, i, r, item})
					}
					return
				}
			}
		}
	}
	t.nodes = append(t.nodes, node{inst: inst, op: i, item: -1})
}

// value returns the value that a step stands for, in an element that may be repeated.
func (t *tree) value(n node, o *op) Value {
	switch o.kind {
	case opValue:
		return Value{o.typ, o.raw}
	case opSub:
		r := ref{uint16(n.inst), o.id}
		v := t.r.value(r)
		if n.item >= 0 && r == n.array {
			return v.At(n.item)
		}
		return v
	}
	return Value{}
}

// isEmpty says whether nothing is to be seen of a step that is no element.
func (t *tree) isEmpty(n node, o *op) bool {
	switch o.kind {
	case opValue, opSub:
		return t.value(n, o).isEmpty()
	case opCDATA:
		return o.text == ""
	case opTarget, opData:
		return true
	}
	return false
}

// attributes calls f for each attribute that has a value, with the steps of that value.
func (t *tree) attributes(n node, f func(name string, from, to int)) {
	ops := t.ops(n.inst)
	for k := n.op + 1; k < int(ops[n.op].body) && !t.full(); k = max(k+1, int(ops[k].end)) {
		for i := k + 1; i < int(ops[k].end); i++ {
			if !t.isEmpty(n, &ops[i]) {
				f(ops[k].text, k+1, int(ops[k].end))
				break
			}
		}
	}
}
