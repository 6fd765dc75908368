package sigma

import (
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

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
				return atomExpr(&atom{field: field, op: opNumber, operand: &operand{num: n, text: v.Value}}), nil
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
			p.seal()
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
	return atomExpr(&atom{field: field, op: opRegexp, expr: x, operand: &operand{text: text}}), nil
}

func (d *document) buildReference(field string, m *modifiers, v *yaml.Node) (*expr, error) {
	other := trimField(v.Value)
	if other == "" {
		return nil, d.refuse(v, "name the field to compare with", "fieldref names no field")
	}
	if strings.ContainsAny(other, "*?") {
		return nil, d.refuse(v, "name one field; join fieldref with contains, startswith or endswith for a part of its value", "fieldref %q has a wildcard", shorten(other))
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
	return atomExpr(&atom{field: field, op: opFieldRef, cased: m.cased, operand: &operand{other: other, shape: s}}), nil
}

func (d *document) buildComparison(field string, m *modifiers, v *yaml.Node) (*expr, error) {
	n, ok := parseNumber(strings.ReplaceAll(v.Value, "_", ""))
	if !ok {
		return nil, d.refuse(v, "give a number", "a comparison needs a number, not %q", shorten(v.Value))
	}
	a := &atom{field: field, op: opNumber, operand: &operand{rel: m.rel, num: n}}
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
		subs = append(subs, atomExpr(&atom{field: field, op: opCIDR, operand: &operand{net: network.Masked()}}))
	}
	return orExpr(subs...), nil
}
