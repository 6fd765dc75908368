package evtx

import "strconv"

// maxOrphans is how many programs for lost definitions a Chunk remembers.
const maxOrphans = 64

// orphan returns a program that stands for a lost definition with these values.
//
// Windows puts the values of the System section in one order into nearly all of its templates; if count and types
// are those, they get their names. Other values of the outer template are called system_value_0 and so on, those
// of a template in it value_0 and so on, by their place in the list.
func (c *Chunk) orphan(values []slot, depth int) *program {
	c.orphaned = true
	usual := depth == 0 && isUsualSystem(values)
	key := append(c.key[:0], byte(min(depth, 1)))
	for _, s := range values {
		switch {
		case s.child() != noChild:
			key = append(key, 'x')
		case s.typ() == TypeNull:
			key = append(key, '-')
		default:
			key = append(key, 'v')
		}
	}
	if usual {
		key = append(key, 1)
	}
	c.key = key
	if p := c.orphans[string(key)]; p != nil {
		return p
	}
	b := opBuilder{values: values, used: make([]bool, len(values)), prefix: "value_"}
	switch {
	case depth > 0:
		b.data()
	default:
		b.prefix = "system_value_"
		b.open("Event")
		if usual {
			b.system()
		}
		b.data()
		for k, s := range values {
			if s.child() != noChild {
				b.sub(k)
			}
		}
		b.close()
	}
	if len(c.orphans) >= maxOrphans {
		clear(c.orphans)
	}
	p := c.cache.program(&[16]byte{}, b.ops, nil)
	c.orphans[string(key)] = p
	return p
}

// usualTypes are the types of the first values of nearly all templates of events: level, opcode, task, event
// identifier, qualifiers, keywords, time, activity, process, thread, record identifier, version, user.
var usualTypes = [13]Type{
	TypeUint8, TypeUint8, TypeUint16, TypeUint16, TypeUint16, TypeHexInt64, TypeFileTime, TypeGUID, TypeUint32, TypeUint32,
	TypeUint64, TypeUint8, TypeSID,
}

func isUsualSystem(values []slot) bool {
	if len(values) != 18 && len(values) != 20 {
		return false
	}
	for k, want := range usualTypes {
		if have := values[k].typ(); have != want && have != TypeNull {
			return false
		}
	}
	return values[3].typ() != TypeNull && values[6].typ() != TypeNull && values[10].typ() != TypeNull
}

// opBuilder writes the program of a lost definition.
type opBuilder struct {
	ops    []op
	opened []int
	values []slot
	used   []bool // values that have a name
	prefix string
}

func (b *opBuilder) open(name string) {
	b.opened = append(b.opened, len(b.ops))
	b.ops = append(b.ops, op{kind: opElement, id: none, text: name, body: uint16(len(b.ops) + 1)})
}

func (b *opBuilder) close() {
	last := len(b.opened) - 1
	b.ops[b.opened[last]].end = uint16(len(b.ops))
	b.opened = b.opened[:last]
}

func (b *opBuilder) sub(k int) {
	b.ops = append(b.ops, op{kind: opSub, id: uint16(k), optional: true})
	b.used[k] = true
}

// attr adds an attribute with value k to the element just opened.
func (b *opBuilder) attr(name string, k int) {
	at := len(b.ops)
	b.ops = append(b.ops, op{kind: opAttr, text: name, end: uint16(at + 2)})
	b.sub(k)
	b.ops[b.opened[len(b.opened)-1]].body = uint16(at + 2)
}

func (b *opBuilder) leaf(name string, k int) {
	b.open(name)
	b.sub(k)
	b.close()
}

// system writes the System section with the values of their usual places. What is constant for a provider stood in the
// definition, and is lost.
func (b *opBuilder) system() {
	b.open("System")
	related := 18
	if len(b.values) == 18 {
		related = 13
		b.open("Provider")
		b.attr("Name", 14)
		b.attr("Guid", 15)
		b.close()
	}
	b.open("EventID")
	b.attr("Qualifiers", 4)
	b.sub(3)
	b.close()
	b.leaf("Version", 11)
	b.leaf("Level", 0)
	b.leaf("Task", 2)
	b.leaf("Opcode", 1)
	b.leaf("Keywords", 5)
	b.open("TimeCreated")
	b.attr("SystemTime", 6)
	b.close()
	b.leaf("EventRecordID", 10)
	b.open("Correlation")
	b.attr("ActivityID", 7)
	b.attr("RelatedActivityID", related)
	b.close()
	b.open("Execution")
	b.attr("ProcessID", 8)
	b.attr("ThreadID", 9)
	b.close()
	if len(b.values) == 18 {
		b.leaf("Channel", 16)
	}
	b.open("Security")
	b.attr("UserID", 12)
	b.close()
	b.close()
}

// data writes the values that have no name as an EventData section.
func (b *opBuilder) data() {
	b.open("EventData")
	for k, s := range b.values {
		if b.used[k] || s.child() != noChild || s.typ() == TypeNull || len(b.ops) > maxOps-8 {
			continue
		}
		label := op{kind: opValue, typ: TypeString}
		for _, c := range []byte(b.prefix + strconv.Itoa(k)) {
			label.raw = append(label.raw, c, 0)
		}
		at := len(b.ops)
		b.ops = append(b.ops, op{kind: opElement, id: none, text: "Data", body: uint16(at + 3), end: uint16(at + 4)},
			op{kind: opAttr, text: "Name", end: uint16(at + 3)}, label)
		b.sub(k)
	}
	if b.prefix == "value_" {
		for k, s := range b.values {
			if s.child() != noChild {
				b.sub(k)
			}
		}
	}
	b.close()
}
