package sigma

import (
	"maps"
	"slices"
)

// ways writes the ways, and before them the forms that they come in: log source, channels, files and names of fields,
// which all rules of a log source share.
func (w *storeWriter) ways() {
	var forms []*alternative
	known := map[*alternative]int{}
	nodes, subs, lists := 0, 0, 0
	for _, x := range w.engine.compiled.ways {
		if _, ok := known[x.alternative]; !ok {
			known[x.alternative] = len(forms)
			forms = append(forms, x.alternative)
		}
		x.root.eachInner(func(y *expr) {
			nodes++
			subs += len(y.subs)
		})
		lists += len(x.fixed) + len(x.consts)
	}
	writeList(w, forms, w.alternative)
	w.number(nodes)
	w.number(subs)
	w.number(lists)
	writeList(w, w.engine.compiled.ways, func(x *way) {
		w.number(known[x.alternative])
		w.number(x.rule)
		w.tree(x.root)
		w.number(storedEnd)
		writeList(w, x.consts, func(a *atom) { w.number(a.id) })
		writeList(w, x.fixed, func(y *expr) { w.number(slices.Index(x.parts(), y)) })
	})
}

func (w *storeWriter) alternative(a *alternative) {
	w.source(&a.source)
	w.texts(a.channels)
	w.texts(a.files)
	writeList(w, slices.Sorted(maps.Keys(a.fields)), func(name string) {
		w.text(name)
		w.texts(a.fields[name])
	})
}

// storedEnd ends a tree: no node is of that kind.
const storedEnd = 7

// eachInner calls f for every node that has a node of its own in the stored form. Nodes of atoms are shared.
func (x *expr) eachInner(f func(*expr)) {
	if x.kind >= kindNot {
		f(x)
	}
	for _, sub := range x.subs {
		sub.eachInner(f)
	}
}

// tree writes a tree in postfix form: a number for each node, its kind in the lowest three bits and above them the atom, or how
// many of the trees before it are its parts.
func (w *storeWriter) tree(x *expr) {
	for _, sub := range x.subs {
		w.tree(sub)
	}
	n := len(x.subs)
	if x.kind == kindAtom {
		n = x.atom.id
	}
	w.number(n<<3 | int(x.kind))
	if x.kind == kindAtLeast {
		w.number(x.n)
	}
}
