package sigma

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// modifiers is what the part of a key behind the field's name says: "CommandLine|contains|all".
type modifiers struct {
	node       *yaml.Node // the key
	keyword    bool       // no field is named
	transforms []string   // of the text, in order: windash, base64, wide, ...
	before     bool       // endswith, contains: anything may stand before
	after      bool       // startswith, contains: anything may stand behind
	anchored   bool       // one of these three was given
	all        bool
	neq        bool
	cased      bool
	expand     bool
	re         bool
	reFlags    string
	cidr       bool
	exists     bool
	fieldref   bool
	rel        relation // relEqual if none is given
	hasRel     bool
	part       timePart
}

var modifierNames = []string{
	"contains", "startswith", "endswith", "all", "neq", "cased", "expand", "re", "i", "m", "s", "cidr", "exists", "fieldref",
	"lt", "lte", "gt", "gte", "minute", "hour", "day", "week", "month", "year",
	"windash", "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide",
}

var relations = map[string]relation{"lt": relLess, "lte": relLessEqual, "gt": relGreater, "gte": relGreaterEqual}

var timeParts = map[string]timePart{
	"minute": partMinute, "hour": partHour, "day": partDay, "week": partWeek, "month": partMonth, "year": partYear,
}

// parseModifiers reads the modifiers of a key, which stands at node n.
func (d *document) parseModifiers(n *yaml.Node, names []string) (*modifiers, error) {
	m := &modifiers{node: n}
	for _, name := range names {
		if err := d.addModifier(m, name); err != nil {
			return nil, err
		}
	}
	return m, d.checkModifiers(m)
}

func (d *document) addModifier(m *modifiers, name string) error {
	if rel, ok := relations[name]; ok {
		if m.hasRel {
			return d.refuse(m.node, "write two keys: they are joined by and", "two comparisons in one key")
		}
		m.rel, m.hasRel = rel, true
		return nil
	}
	if part, ok := timeParts[name]; ok {
		if m.part != partNone {
			return d.refuse(m.node, "write two keys: they are joined by and", "two parts of a time in one key")
		}
		m.part = part
		return nil
	}
	switch name {
	case "contains":
		m.before, m.after, m.anchored = true, true, true
	case "startswith":
		m.after, m.anchored = true, true
	case "endswith":
		m.before, m.anchored = true, true
	case "all":
		m.all = true
	case "neq":
		m.neq = true
	case "cased":
		m.cased = true
	case "expand":
		m.expand = true
	case "re":
		m.re = true
	case "i", "m", "s":
		if !m.re {
			return d.refuse(m.node, "write re before it", "modifier %q belongs to re", name)
		}
		if !strings.Contains(m.reFlags, name) {
			m.reFlags += name
		}
	case "cidr":
		m.cidr = true
	case "exists":
		m.exists = true
	case "fieldref":
		m.fieldref = true
	case "windash", "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide":
		if m.anchored && name != "windash" {
			return d.refuse(m.node, "modifiers work in the order in which they stand: write contains, startswith or endswith last", "modifier %q comes after one that adds wildcards", name)
		}
		m.transforms = append(m.transforms, name)
	default:
		return d.refuse(m.node, meant(name, modifierNames), "unknown modifier %q", name)
	}
	return nil
}

// meant asks whether another name was meant.
func meant(name string, names []string) string {
	if near := nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// checkModifiers refuses modifiers that make no sense together.
func (d *document) checkModifiers(m *modifiers) error {
	var types []string
	for _, t := range []struct {
		set  bool
		name string
	}{{m.re, "re"}, {m.cidr, "cidr"}, {m.exists, "exists"}, {m.fieldref, "fieldref"}, {m.hasRel || m.part != partNone, "a comparison of numbers or times"}} {
		if t.set {
			types = append(types, t.name)
		}
	}
	text := len(m.transforms) > 0 || m.anchored
	switch {
	case len(types) > 1:
		return d.refuse(m.node, "write two keys", "%s and %s exclude one another", types[0], types[1])
	case len(types) == 1 && len(m.transforms) > 0:
		return d.refuse(m.node, "leave one of the two out", "%s can't be joined with %s", types[0], m.transforms[0])
	case len(types) == 1 && text && !m.fieldref:
		return d.refuse(m.node, m.anchorHint(), "%s can't be joined with contains, startswith or endswith", types[0])
	case m.anchored && m.fieldref && m.before && m.after:
		return nil
	case m.exists && (m.all || m.neq || m.cased || m.expand):
		return d.refuse(m.node, "write true or false as its value", "exists takes no other modifier")
	case m.hasRel && m.neq:
		return d.refuse(m.node, "turn the comparison round", "neq can't be joined with lt, lte, gt or gte")
	case m.expand && (m.re || m.fieldref || m.hasRel || m.part != partNone):
		return d.refuse(m.node, "leave one of the two out", "expand can't be joined with %s", types[0])
	}
	return nil
}

func (m *modifiers) anchorHint() string {
	if m.re {
		return "an expression is looked for anywhere in the value; bind it with ^ and $"
	}
	return "leave one of the two out"
}
