package sigma

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
)

// feed is one reference of a correlation to a rule: where its occurrences go and which of the values that they bring
// are wanted there. An index is -1 for what they don't bring.
type feed struct {
	to       *machine
	position int   // of the rule among the correlation's distinct rules
	group    []int // the group-by fields
	fields   []int // the condition's fields
	carry    []int // what correlations over this one want
}

// connect makes the feeds. Correlations over others are connected first, for they say what the others must carry.
func (c *Correlator) connect() {
	byRule := map[*Correlation]*machine{}
	for _, m := range c.machines {
		byRule[m.rule] = m
	}
	for _, m := range slices.Backward(c.machines) {
		for i, inner := range m.rule.Correlations {
			if below := byRule[inner]; inner != nil && below != nil {
				below.carryFor(m, m.rule.Refs[i])
			}
		}
	}
	// An event counts for the correlations that refer to it directly before the firings that it causes: so those over
	// others come first.
	for _, m := range slices.Backward(c.machines) {
		done := map[int]bool{}
		for i, ref := range m.rule.Refs {
			if done[m.listed[i]] {
				continue
			}
			done[m.listed[i]] = true
			switch target := targetOf(m.rule, i).(type) {
			case *Rule:
				c.byRule[target] = append(c.byRule[target], m.feed(m.listed[i], ref, target.Needs))
			case *Correlation:
				below := byRule[target]
				if below == nil {
					continue
				}
				brings := slices.Concat(target.GroupBy, below.carry)
				below.outer = append(below.outer, m.feed(m.listed[i], ref, brings))
			}
		}
	}
}

// carryFor adds what the machine above wants of this one's occurrences beyond the group-by fields.
func (m *machine) carryFor(above *machine, ref string) {
	for _, name := range slices.Concat(above.rule.GroupBy, above.rule.Condition.Fields, above.carry) {
		name = above.fieldOf(name, ref)
		if !slices.Contains(m.rule.GroupBy, name) && !slices.Contains(m.carry, name) {
			m.carry = append(m.carry, name)
		}
	}
}

func (m *machine) feed(position int, ref string, brings []string) feed {
	index := func(names []string) []int {
		out := make([]int, len(names))
		for i, name := range names {
			out[i] = slices.Index(brings, m.fieldOf(name, ref))
		}
		return out
	}
	return feed{to: m, position: position, group: index(m.rule.GroupBy), fields: index(m.rule.Condition.Fields), carry: index(m.carry)}
}

// fieldOf resolves an alias.
func (m *machine) fieldOf(name, ref string) string {
	if field, ok := m.rule.Aliases[name][ref]; ok {
		return field
	}
	return name
}

// wants says whether an occurrence has what the condition asks for, and a number where one is asked for; otherwise it takes no
// part.
func (c *Correlator) wants(f *feed, brought []KeyValue) (ok bool) {
	switch f.to.rule.Type {
	case ValueCount:
		c.text, ok = appendKey(c.text[:0], f.fields, brought)
		return ok
	case ValueSum, ValueAvg, ValuePercentile:
		_, ok = f.number(brought)
		return ok
	}
	return true
}

func (f *feed) number(brought []KeyValue) (float64, bool) {
	if len(f.fields) == 0 {
		return 0, false
	}
	v := at(f.fields[0], brought)
	n, ok := parseNumber(v.Text)
	return n.float, ok && v.Present && math.Abs(n.float) < maxSummand
}

// setValues takes what the condition asks for, if it is there, and what the occurrence is to carry.
func (c *Correlator) setValues(f *feed, it *item, brought []KeyValue) bool {
	if !c.wants(f, brought) {
		return false
	}
	switch f.to.rule.Type {
	case ValueCount:
		it.value = c.texts.hold(c.text)
	case ValueSum, ValueAvg, ValuePercentile:
		it.number, _ = f.number(brought)
	}
	if len(f.carry) > 0 {
		c.text = c.text[:0]
		for _, i := range f.carry {
			c.text = appendValue(c.text, at(i, brought))
		}
		it.carried = c.texts.hold(c.text)
	}
	return true
}

// appendValue writes a value of what an occurrence carries; appendCarried reads them all.
func appendValue(dst []byte, v KeyValue) []byte {
	if !v.Present {
		return append(dst, 0)
	}
	return appendPart(append(dst, 1), v.Text)
}

func appendCarried(dst []KeyValue, text []byte) []KeyValue {
	for i := 0; i < len(text); {
		v := KeyValue{Present: text[i] == 1}
		i++
		if v.Present {
			var value []byte
			value, i = keyPart(text, i)
			v.Text = string(value)
		}
		dst = append(dst, v)
	}
	return dst
}

// maxSummand keeps sums finite, and so in a state that JSON can hold.
const maxSummand = 1e200

func at(i int, brought []KeyValue) KeyValue {
	if i < 0 || i >= len(brought) || !brought[i].Present {
		return KeyValue{}
	}
	return KeyValue{bounded(brought[i].Text), true}
}

// appendKey joins values, folded; false if one is missing.
func appendKey(dst []byte, indices []int, brought []KeyValue) ([]byte, bool) {
	for _, i := range indices {
		v := at(i, brought)
		if !v.Present {
			return dst, false
		}
		dst = appendKeyPart(dst, v.Text)
	}
	return dst, true
}

func appendKeyPart(dst []byte, text string) []byte {
	var scratch [64]byte
	folded := appendFold(scratch[:0], text)
	return append(binary.AppendUvarint(dst, uint64(len(folded))), folded...)
}

// maxKeyText bounds one value: evidence can make it as long as a record.
const maxKeyText = 1024

// bounded cuts a long value. What was cut off goes on telling values apart by its hash.
func bounded(text string) string {
	if len(text) <= maxKeyText {
		return text
	}
	sum := sha256.Sum256([]byte(foldString(text)))
	return text[:maxKeyText] + "..." + hex.EncodeToString(sum[:8])
}
