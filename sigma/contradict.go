package sigma

import (
	"slices"
	"strings"
)

// contradicts says whether x can be seen never to hold: it asks one field to be two different values at once, or
// something both to hold and not to hold. A field with several values could be both, but fields that rules ask so
// (EventID, Channel, Provider_Name) have one.
func contradicts(x *expr) bool {
	switch x.kind {
	case kindFalse:
		return true
	case kindOr:
		for _, sub := range x.subs {
			if !contradicts(sub) {
				return false
			}
		}
		return true
	case kindAnd:
		return contradictory(x.subs)
	}
	return false
}

// singleValued names the fields that have one value in every event.
var singleValued = map[string]bool{"EventID": true, "Channel": true, "Provider_Name": true, "EventType": true}

func contradictory(subs []*expr) bool {
	allowed := map[string]map[string]bool{}
	yes := map[*atom]bool{}
	for _, x := range subs {
		if contradicts(x) {
			return true
		}
		if x.kind == kindAtom {
			yes[x.atom] = true
		}
		field, values := exactValues(x)
		if values == nil || !singleValued[field] {
			continue
		}
		if before, ok := allowed[field]; ok {
			for v := range before {
				if !values[v] {
					delete(before, v)
				}
			}
			values = before
		}
		if len(values) == 0 {
			return true
		}
		allowed[field] = values
	}
	for _, x := range subs {
		if x.kind == kindNot && (follows(x.subs[0], yes) || slices.ContainsFunc(subs, func(y *expr) bool { return same(x.subs[0], y) })) {
			return true
		}
	}
	return false
}

// follows says whether x holds wherever the atoms do.
func follows(x *expr, atoms map[*atom]bool) bool {
	switch x.kind {
	case kindAtom:
		return atoms[x.atom]
	case kindAnd:
		return !slices.ContainsFunc(x.subs, func(sub *expr) bool { return !follows(sub, atoms) })
	case kindOr:
		return slices.ContainsFunc(x.subs, func(sub *expr) bool { return follows(sub, atoms) })
	}
	return false
}

// same says whether two trees are alike.
func same(x, y *expr) bool {
	return x.kind == y.kind && x.atom == y.atom && x.n == y.n && slices.EqualFunc(x.subs, y.subs, same)
}

// exactValues returns the values that x allows one field to have, folded; nil if it is no such test.
func exactValues(x *expr) (field string, values map[string]bool) {
	switch x.kind {
	case kindAtom:
		a := x.atom
		switch {
		case a.field == "":
			return "", nil
		case a.op == opNumber && a.rel == relEqual:
			return a.field, map[string]bool{a.num.String(): true}
		case a.op == opPattern:
			if text, ok := a.pattern.literal(); ok {
				return a.field, map[string]bool{strings.TrimSpace(foldString(string(text))): true}
			}
		}
	case kindOr:
		all := map[string]bool{}
		for i, sub := range x.subs {
			f, v := exactValues(sub)
			if v == nil || i > 0 && f != field {
				return "", nil
			}
			field = f
			for s := range v {
				all[s] = true
			}
		}
		return field, all
	}
	return "", nil
}
