package sigma

// kind is the kind of an expr.
type kind uint8

const (
	kindFalse kind = iota
	kindTrue
	kindAtom
	kindNot
	kindAnd
	kindOr
	kindAtLeast // n of the parts
)

// expr is what a rule asks, as a tree.
type expr struct {
	kind kind
	atom *atom
	n    int // kindAtLeast
	subs []*expr
}

var (
	exprFalse = &expr{kind: kindFalse}
	exprTrue  = &expr{kind: kindTrue}
)

func atomExpr(a *atom) *expr { return &expr{kind: kindAtom, atom: a} }

func notExpr(x *expr) *expr {
	switch x.kind {
	case kindFalse:
		return exprTrue
	case kindTrue:
		return exprFalse
	case kindNot:
		return x.subs[0]
	}
	return &expr{kind: kindNot, subs: []*expr{x}}
}

// andExpr and orExpr flatten, and drop what decides nothing.
func andExpr(subs ...*expr) *expr { return joinExpr(kindAnd, kindTrue, kindFalse, subs) }
func orExpr(subs ...*expr) *expr  { return joinExpr(kindOr, kindFalse, kindTrue, subs) }

func joinExpr(k, neutral, decides kind, subs []*expr) *expr {
	if len(subs) == 1 {
		return subs[0]
	}
	out := make([]*expr, 0, len(subs))
	for _, x := range subs {
		switch x.kind {
		case neutral:
		case decides:
			return x
		case k:
			out = append(out, x.subs...)
		default:
			out = append(out, x)
		}
	}
	switch len(out) {
	case 0:
		if neutral == kindTrue {
			return exprTrue
		}
		return exprFalse
	case 1:
		return out[0]
	}
	return &expr{kind: k, subs: out}
}

func atLeastExpr(n int, subs []*expr) *expr {
	var open []*expr
	for _, x := range subs {
		switch x.kind {
		case kindTrue:
			n--
		case kindFalse:
		default:
			open = append(open, x)
		}
	}
	switch {
	case n <= 0:
		return exprTrue
	case n > len(open):
		return exprFalse
	case n == 1:
		return orExpr(open...)
	case n == len(open):
		return andExpr(open...)
	}
	return &expr{kind: kindAtLeast, n: n, subs: open}
}

// mapAtoms rebuilds the tree with each atom replaced.
func (x *expr) mapAtoms(f func(*atom) *expr) *expr {
	switch x.kind {
	case kindAtom:
		return f(x.atom)
	case kindNot:
		return notExpr(x.subs[0].mapAtoms(f))
	case kindAnd, kindOr, kindAtLeast:
		subs := make([]*expr, len(x.subs))
		for i, sub := range x.subs {
			subs[i] = sub.mapAtoms(f)
		}
		return joined(x.kind, x.n, subs)
	}
	return x
}

// settled returns what is left of the tree once atoms over constants are decided; where that is all of it, the tree itself.
func (x *expr) settled(truth *decided) *expr {
	switch x.kind {
	case kindAtom:
		switch truth.of(x.atom) {
		case decidedTrue:
			return exprTrue
		case decidedFalse:
			return exprFalse
		}
		return x
	case kindNot, kindAnd, kindOr, kindAtLeast:
		var subs []*expr
		for i, sub := range x.subs {
			left := sub.settled(truth)
			if left != sub && subs == nil {
				subs = append(make([]*expr, 0, len(x.subs)), x.subs[:i]...)
			}
			if subs != nil {
				subs = append(subs, left)
			}
		}
		if subs != nil {
			return joined(x.kind, x.n, subs)
		}
	}
	return x
}

func joined(k kind, n int, subs []*expr) *expr {
	switch k {
	case kindNot:
		return notExpr(subs[0])
	case kindAnd:
		return andExpr(subs...)
	case kindOr:
		return orExpr(subs...)
	}
	return atLeastExpr(n, subs)
}

// eachAtom calls f for every atom.
func (x *expr) eachAtom(f func(*atom)) {
	if x.kind == kindAtom {
		f(x.atom)
	}
	for _, sub := range x.subs {
		sub.eachAtom(f)
	}
}

// eval evaluates the tree, with the truth of an atom given.
func (x *expr) eval(truth func(*atom) bool) bool {
	switch x.kind {
	case kindTrue:
		return true
	case kindAtom:
		return truth(x.atom)
	case kindNot:
		return !x.subs[0].eval(truth)
	case kindAnd:
		for _, sub := range x.subs {
			if !sub.eval(truth) {
				return false
			}
		}
		return true
	case kindOr:
		for _, sub := range x.subs {
			if sub.eval(truth) {
				return true
			}
		}
		return false
	case kindAtLeast:
		n := 0
		for _, sub := range x.subs {
			if sub.eval(truth) {
				if n++; n == x.n {
					return true
				}
			}
		}
	}
	return false
}
