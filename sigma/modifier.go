package sigma

import (
	"net/netip"
	"slices"
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
		return d.refuse(m.node, "", "%s can't be joined with %s", types[0], m.transforms[0])
	case len(types) == 1 && text && !m.fieldref:
		return d.refuse(m.node, m.anchorHint(), "%s can't be joined with contains, startswith or endswith", types[0])
	case m.anchored && m.fieldref && m.before && m.after:
		return nil
	case m.exists && (m.all || m.neq || m.cased || m.expand):
		return d.refuse(m.node, "write true or false as its value", "exists takes no other modifier")
	case m.hasRel && m.neq:
		return d.refuse(m.node, "turn the comparison round", "neq can't be joined with lt, lte, gt or gte")
	case m.expand && (m.re || m.fieldref || m.hasRel || m.part != partNone):
		return d.refuse(m.node, "", "expand can't be joined with %s", types[0])
	}
	return nil
}

func (m *modifiers) anchorHint() string {
	if m.re {
		return "an expression is looked for anywhere in the value; bind it with ^ and $"
	}
	return ""
}

// build makes the test of one key: field, modifiers, values.
func (d *document) build(field string, m *modifiers, values []*yaml.Node) (*expr, error) {
	if m.keyword && (m.exists || m.fieldref || m.hasRel || m.part != partNone || m.cidr) {
		return nil, d.refuse(m.node, "name the field before the first |", "this modifier needs a field")
	}
	if len(values) == 0 {
		d.warn(m.node, "give it a value, or remove the key", "the list of values is empty: this never matches")
	}
	if m.all && len(values) == 1 {
		d.warn(m.node, "remove all, or give a list", "all has but one value")
	}
	var subs []*expr
	for _, v := range values {
		x, err := d.buildValue(field, m, v)
		if err != nil {
			return nil, err
		}
		subs = append(subs, x)
	}
	var x *expr
	if m.all && len(subs) > 0 {
		x = andExpr(subs...)
	} else {
		x = orExpr(subs...)
	}
	if m.neq && len(subs) > 0 {
		x = notExpr(x)
	}
	return x, nil
}

func (d *document) buildValue(field string, m *modifiers, v *yaml.Node) (*expr, error) {
	if v.Kind != yaml.ScalarNode {
		return nil, d.refuse(v, "give a value or a list of values", "the value of %q is %s", field, describe(v))
	}
	if err := d.visit(v); err != nil {
		return nil, err
	}
	switch {
	case m.exists:
		return d.buildExists(field, v)
	case v.ShortTag() == "!!null":
		if m.keyword || m.re || m.cidr || m.fieldref || m.hasRel || m.part != partNone || m.anchored || len(m.transforms) > 0 || m.expand {
			return nil, d.refuse(v, "quote it, if the text null is meant", "null can't be modified")
		}
		return atomExpr(&atom{field: field, op: opNull}), nil
	case m.re:
		return d.buildRegexp(field, m, v)
	case m.fieldref:
		return d.buildReference(field, m, v)
	case m.hasRel || m.part != partNone:
		return d.buildComparison(field, m, v)
	}
	texts := []string{v.Value}
	if m.expand {
		var err error
		if texts, err = d.expand(v); err != nil {
			return nil, err
		}
	}
	if m.cidr {
		return d.buildNetworks(field, v, texts)
	}
	if !m.keyword && !m.anchored && len(m.transforms) == 0 && !m.expand {
		if tag := v.ShortTag(); tag == "!!int" || tag == "!!float" {
			if n, ok := parseNumber(strings.ReplaceAll(v.Value, "_", "")); ok {
				return atomExpr(&atom{field: field, op: opNumber, num: n, text: v.Value}), nil
			}
		}
	}
	var subs []*expr
	for _, text := range texts {
		patterns, err := d.transform(m, v, parsePattern(text))
		if err != nil {
			return nil, err
		}
		for _, p := range patterns {
			if !m.cased {
				p.mapText(func(s []byte) []byte { return appendFold(nil, s) })
			}
			subs = append(subs, atomExpr(&atom{field: field, op: opPattern, cased: m.cased, pattern: p}))
		}
	}
	return orExpr(subs...), nil
}

// transform applies the modifiers of texts. A value may become several, any of which will do.
func (d *document) transform(m *modifiers, v *yaml.Node, p pattern) ([]pattern, error) {
	patterns := []pattern{p}
	for _, name := range m.transforms {
		switch name {
		case "windash":
			for i := range patterns {
				patterns[i].splitDashes()
			}
			continue
		case "utf16", "utf16le", "utf16be", "wide":
			for i := range patterns {
				if slices.ContainsFunc(slices.Concat(patterns[i].parts...), func(x piece) bool { return x.text == nil }) {
					return nil, d.refuse(v, `escape the wildcard: \?`, "%s can't encode the wildcard ?", name)
				}
				patterns[i].mapText(func(s []byte) []byte { return encodeUTF16(s, name == "utf16be") })
				if name == "utf16" {
					patterns[i].parts[0] = append(part{{text: []byte("\xff\xfe")}}, patterns[i].parts[0]...)
					patterns[i].join()
				}
			}
			continue
		}
		var out []pattern
		for i := range patterns {
			text, ok := patterns[i].literal()
			if !ok {
				return nil, d.refuse(v, `escape the wildcard (\*, \?), and write windash behind`, "%s can't encode wildcards", name)
			}
			if len(text) == 0 {
				return nil, d.refuse(v, "", "%s of an empty value", name)
			}
			if name == "base64" {
				out = append(out, literalPattern(encodeBase64(text)))
				continue
			}
			for _, s := range encodeOffsets(text) {
				out = append(out, literalPattern(s))
			}
		}
		patterns = out
	}
	if m.anchored || m.keyword {
		for i := range patterns {
			patterns[i].open(m.before || m.keyword && !m.anchored, m.after || m.keyword && !m.anchored)
		}
	}
	return patterns, nil
}

func (d *document) buildExists(field string, v *yaml.Node) (*expr, error) {
	switch strings.ToLower(v.Value) {
	case "true", "yes":
		return atomExpr(&atom{field: field, op: opExists}), nil
	case "false", "no":
		return notExpr(atomExpr(&atom{field: field, op: opExists})), nil
	}
	return nil, d.refuse(v, "write true or false", "exists needs true or false, not %q", shorten(v.Value))
}

func (d *document) buildRegexp(field string, m *modifiers, v *yaml.Node) (*expr, error) {
	text := v.Value
	if len(text) > maxRegexp {
		return nil, d.refuse(v, "split it", "the regular expression has %d bytes; %d are allowed", len(text), maxRegexp)
	}
	if m.reFlags != "" {
		text = "(?" + m.reFlags + ")" + text
	}
	x, err := compileExpression(text)
	if err != nil {
		return nil, d.refuse(v, "escape characters that are meant for themselves with a backslash", "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return atomExpr(&atom{field: field, op: opRegexp, text: text, expr: x}), nil
}

func (d *document) buildReference(field string, m *modifiers, v *yaml.Node) (*expr, error) {
	other := trimField(v.Value)
	if other == "" {
		return nil, d.refuse(v, "name the field to compare with", "fieldref names no field")
	}
	s := shapeEquals
	switch {
	case m.before && m.after:
		s = shapeContains
	case m.after:
		s = shapePrefix
	case m.before:
		s = shapeSuffix
	}
	return atomExpr(&atom{field: field, op: opFieldRef, cased: m.cased, other: other, shape: s}), nil
}

func (d *document) buildComparison(field string, m *modifiers, v *yaml.Node) (*expr, error) {
	n, ok := parseNumber(strings.ReplaceAll(v.Value, "_", ""))
	if !ok {
		return nil, d.refuse(v, "give a number", "a comparison needs a number, not %q", shorten(v.Value))
	}
	a := &atom{field: field, op: opNumber, rel: m.rel, num: n}
	if m.part != partNone {
		a.op, a.part = opTimePart, m.part
		least, most := m.part.bounds()
		low, high := number{whole: true, abs: uint64(least), float: float64(least)}, number{whole: true, abs: uint64(most), float: float64(most)}
		if n.compare(low) < 0 && m.rel != relGreater && m.rel != relGreaterEqual || n.compare(high) > 0 && m.rel != relLess && m.rel != relLessEqual {
			d.warn(v, "", "this part of a time lies between %d and %d: %s never matches", least, most, n)
		}
	} else if m.rel == relEqual {
		a.text = v.Value
	}
	return atomExpr(a), nil
}

func (d *document) buildNetworks(field string, v *yaml.Node, texts []string) (*expr, error) {
	var subs []*expr
	for _, text := range texts {
		text = strings.TrimSpace(text)
		network, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, d.refuse(v, "write it as 192.0.2.0/24 or 2001:db8::/32", "%q is no network", shorten(text))
			}
			network = netip.PrefixFrom(addr, addr.BitLen())
		}
		if network.Addr().Is4In6() && network.Bits() >= 96 {
			network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
		}
		subs = append(subs, atomExpr(&atom{field: field, op: opCIDR, net: network.Masked()}))
	}
	return orExpr(subs...), nil
}
