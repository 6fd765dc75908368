package evtx

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// layoutBuilder makes the layout of a record.
type layoutBuilder struct {
	r      *Record
	layout *Layout
	system []Field
	items  int
	steps  int
	// data is the name of the element before, if it was a Data element, and dataPath the path of its field: one of the
	// same name right after it joins its list.
	data, dataPath string
	*layoutMaps
}

// layoutMaps is memory for making a layout, to be used for the next one.
type layoutMaps struct {
	paths map[string]int // position of a field in its list, by section and path
	names map[string]bool
	uses  map[ref]int
}

var spareLayoutMaps = sync.Pool{New: func() any {
	return &layoutMaps{map[string]int{}, map[string]bool{}, map[ref]int{}}
}}

// usualLayout is how many fields a layout may have whose maps are used again: larger ones take long to clear.
const usualLayout = 64

func (m *layoutMaps) done() {
	if max(len(m.paths), len(m.names), len(m.uses)) > usualLayout {
		return
	}
	clear(m.paths)
	clear(m.names)
	clear(m.uses)
	spareLayoutMaps.Put(m)
}

// maxPath bounds the names around an element, together.
const maxPath = 2048

// place is where the builder is in the event.
type place struct {
	section Section
	depth   int    // 0 for Event, 1 for a section
	path    string // names of the elements around, with / between
	parent  string // name of the element around
	prefix  string // of names in this section
	deps    []ref  // of the elements around
}

func buildLayout(r *Record) *Layout {
	b := &layoutBuilder{
		r: r, layout: &Layout{Provider: -1, EventID: -1, Channel: -1, Computer: -1, Time: -1, RecordID: -1},
		layoutMaps: spareLayoutMaps.Get().(*layoutMaps),
	}
	defer b.done()
	b.content(0, 0, len(r.insts[0].program.ops), place{}, 0)
	l := b.layout
	first := len(l.Fields)
	for _, f := range b.system {
		if b.names[f.Name] {
			f.Name = b.free("System_" + f.Name)
		}
		b.names[f.Name] = true
		l.Fields = append(l.Fields, f)
	}
	for i := range l.Fields {
		f := &l.Fields[i]
		l.cells = append(l.cells, newCell(f))
		l.size += 16 + 128 + len(f.Name) + 128*len(f.items)
	}
	for _, known := range [...]struct {
		path string
		at   *int
	}{
		{"Event/System/Provider@Name", &l.Provider}, {"Event/System/EventID", &l.EventID}, {"Event/System/Channel", &l.Channel},
		{"Event/System/Computer", &l.Computer}, {"Event/System/TimeCreated@SystemTime", &l.Time}, {"Event/System/EventRecordID", &l.RecordID},
	} {
		if i, ok := b.paths[known.path]; ok {
			*known.at = first + i
		}
	}
	return l
}

// content looks at the steps [from, to) of an instance.
func (b *layoutBuilder) content(inst, from, to int, at place, nesting int) {
	ops := b.r.insts[inst].program.ops
	for i := from; i < to; i++ {
		if b.steps++; b.steps > maxSteps {
			b.layout.Cut = true
			return
		}
		switch o := &ops[i]; o.kind {
		case opElement:
			b.element(inst, i, at, from > 0, nesting)
			i = int(o.end) - 1
		case opSub:
			b.data = ""
			if child := b.r.child(ref{uint16(inst), o.id}); child != noChild && nesting < maxDepth {
				b.content(child, 0, len(b.r.insts[child].program.ops), at, nesting+1)
			}
		}
	}
}

// element looks at one element: its attributes, its text, and the elements in it.
func (b *layoutBuilder) element(inst, i int, at place, inner bool, nesting int) {
	ops := b.r.insts[inst].program.ops
	o := &ops[i]
	in := at.enter(o.text)
	if inner && o.id != none { // what stands at the top of a definition is always there
		in.deps = append(slices.Clip(at.deps), ref{uint16(inst), o.id})
	}
	if in.depth > maxDepth || len(in.path) > maxPath {
		b.layout.Cut = true
		return
	}
	isData := at.depth == 2 && at.section == SectionEventData && o.text == "Data"
	name := o.text
	if isData {
		if name = b.dataName(inst, i); name != "" {
			if name != b.data {
				b.dataPath = at.path + "/=" + b.free(name)
			}
			in.path = b.dataPath
		}
	}
	parts, elements := b.parts(inst, int(o.body), int(o.end))
	between := elements || in.depth <= 2
	label := name
	if isData && name == "" {
		label = "Data"
	}
	attributes := b.attributes(inst, i, isData)
	if len(parts) > 0 || !between && (len(attributes) == 0 || isData) {
		b.add(in, label, item{parts, in.deps, between})
	}
	for _, k := range attributes {
		value, _ := b.parts(inst, k+1, int(ops[k].end))
		of := in
		of.path += "@" + ops[k].text
		b.add(of, label+"_"+ops[k].text, item{value, in.deps, true})
	}
	if elements {
		b.content(inst, int(o.body), int(o.end), in, nesting)
	}
	b.data = ""
	if isData {
		b.data = name
	}
}

// attributes returns the steps of an element's attributes that are fields.
func (b *layoutBuilder) attributes(inst, i int, isData bool) (at []int) {
	ops := b.r.insts[inst].program.ops
	for k := i + 1; k < int(ops[i].body); k = int(ops[k].end) {
		if ops[k].kind != opAttr {
			break
		}
		if a := ops[k].text; a != "xmlns" && !strings.HasPrefix(a, "xmlns:") && !(isData && a == "Name") {
			at = append(at, k)
		}
	}
	return at
}

// enter returns the place in an element called name.
func (at place) enter(name string) place {
	in := at
	in.depth++
	in.parent = at.lastName()
	in.path = name
	if at.depth > 0 {
		in.path = at.path + "/" + name
	}
	if at.depth == 1 {
		switch name {
		case "System":
			in.section = SectionSystem
		case "EventData":
			in.section = SectionEventData
		case "UserData":
			in.section = SectionUserData
		default:
			in.section, in.prefix = SectionOther, name+"_"
		}
	}
	return in
}

func (at place) lastName() string { return at.path[strings.LastIndexByte(at.path, '/')+1:] }

// parts returns what stands between the elements in [from, to), and whether there are elements.
func (b *layoutBuilder) parts(inst, from, to int) (parts []part, elements bool) {
	ops := b.r.insts[inst].program.ops
	for i := from; i < to; i++ {
		if b.steps++; b.steps > maxSteps {
			b.layout.Cut = true
			return nil, false
		}
		switch o := &ops[i]; o.kind {
		case opElement:
			elements = true
			i = int(o.end) - 1
		case opSub:
			r := ref{uint16(inst), o.id}
			if b.r.child(r) != noChild {
				elements = true
				continue
			}
			if b.uses[r]++; b.uses[r] > maxReuse {
				b.layout.Cut = true
				continue
			}
			parts = append(parts, part{ref: r, isRef: true})
		case opValue:
			parts = append(parts, part{ref: ref{uint16(inst), uint16(i)}, isOp: true})
		default:
			if text := o.plain(); text != "" {
				parts = append(parts, part{text: Value{TypeText, []byte(text)}})
			}
		}
	}
	return parts, elements
}

// dataName returns the name of a Data element, without blanks around it, or "".
func (b *layoutBuilder) dataName(inst, i int) string {
	ops := b.r.insts[inst].program.ops
	for k := i + 1; k < int(ops[i].body); k = int(ops[k].end) {
		if ops[k].text != "Name" {
			continue
		}
		var text []byte
		parts, _ := b.parts(inst, k+1, int(ops[k].end))
		for _, p := range parts {
			if p.isRef {
				b.layout.named = append(b.layout.named, p.ref)
			}
			text = b.r.part(&p).AppendText(text)
		}
		return strings.TrimSpace(string(text))
	}
	return ""
}

// free returns name, or name_1, name_2 and so on, whichever no field has yet.
func (b *layoutBuilder) free(name string) string {
	out := name
	for n := 1; b.names[out]; n++ {
		out = name + "_" + strconv.Itoa(n)
	}
	return out
}

// add adds an item to the field at its path, or a new field.
func (b *layoutBuilder) add(at place, name string, i item) {
	list := &b.layout.Fields
	if at.section == SectionSystem && at.depth >= 2 {
		list = &b.system
	}
	if b.items++; b.items > maxItems || len(b.layout.Fields)+len(b.system) >= maxFields {
		b.layout.Cut = true
		return
	}
	if k, ok := b.paths[at.path]; ok {
		f := &(*list)[k]
		f.items = append(f.items, i)
		return
	}
	name = at.prefix + name
	if list != &b.system {
		if b.names[name] && at.section != SectionEventData && at.parent != "" {
			name = at.prefix + at.parent + "_" + strings.TrimPrefix(name, at.prefix)
		}
		name = b.free(name)
		b.names[name] = true
	}
	b.paths[at.path] = len(*list)
	*list = append(*list, Field{Name: name, Section: at.section, items: []item{i}})
}
