package sigma

import (
	"fmt"
	"slices"
)

// parseOverRules reads the extended condition of a temporal type: "a and (b or not c)", where a, b and c are references
// as the correlation lists them. An atom's id is the reference's number.
func parseOverRules(rule *Correlation) (*expr, error) {
	p := &conditionParser{text: rule.Condition.Expression, name: func(name string) (*expr, error) {
		ref := slices.Index(rule.Refs, name)
		if ref < 0 {
			return nil, fmt.Errorf("condition: there is no rule %q", name)
		}
		return atomExpr(&atom{field: name, id: ref}), nil
	}}
	return p.parse()
}

func negates(x *expr) bool { return x.kind == kindNot || slices.ContainsFunc(x.subs, negates) }

// isTrue evaluates an extended condition. What stands under a not is asked of occurs, the rest of has: for
// temporal_ordered these differ.
func (m *machine) isTrue(x *expr, has, occurs func(ref int) bool, negated bool) bool {
	switch x.kind {
	case kindAtom:
		if negated {
			return occurs(x.atom.id)
		}
		return has(x.atom.id)
	case kindNot:
		return !m.isTrue(x.subs[0], has, occurs, !negated)
	case kindAnd:
		return !slices.ContainsFunc(x.subs, func(s *expr) bool { return !m.isTrue(s, has, occurs, negated) })
	case kindOr:
		return slices.ContainsFunc(x.subs, func(s *expr) bool { return m.isTrue(s, has, occurs, negated) })
	case kindAtLeast:
		n := 0
		for _, s := range x.subs {
			if m.isTrue(s, has, occurs, negated) {
				n++
			}
		}
		return n >= x.n
	}
	return x.kind == kindTrue
}
