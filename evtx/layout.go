package evtx

import (
	"encoding/binary"
	"slices"
)

// Section is the part of an event that a field stands in.
type Section uint8

// The sections of an event.
const (
	SectionSystem Section = iota
	SectionEventData
	SectionUserData
	SectionOther // RenderingInfo, DebugData and the like
)

// Field is a value that records of a layout have, under a name that no other field of the layout has:
//
//   - a named Data element of EventData has its own name; of several that don't stand side by side the further
//     ones get _1, _2 and so on;
//   - Data elements without a name are together the list Data;
//   - an element of System has its name, an attribute in it Element_Attribute (TimeCreated_SystemTime);
//   - an element of UserData has its name, an attribute Element_Attribute; where two have one name the second gets
//     its parent's before it;
//   - elements of other sections have the section's name before them (RenderingInfo_Message);
//   - where an element of System has the name of a field of another section it gets System_ before it.
type Field struct {
	Name    string
	Section Section

	items []item
}

// item is an element's content or an attribute's value.
type item struct {
	parts []part
	deps  []ref // elements around it that are left out where this value is null
	ifAny bool  // no value rather than an empty one: an attribute, or text beside elements
}

// part is a piece of an item: a value of the record, a literal of its definition, or text that the layout knows.
type part struct {
	text  Value
	ref   ref // of a literal: the number of the instance and of the step in its program
	isRef bool
	isOp  bool
}

// ref names a value of a record: the number of the instance and of the value in it.
type ref struct{ inst, slot uint16 }

// Layout is the shape of a record: which fields it has, and where their values lie. Records of one shape have the
// same *Layout as long as they come through the same Cache. It is read-only.
type Layout struct {
	Number uint64  // of the layouts of a Cache no two have one
	Fields []Field // those of EventData, UserData and other sections first, then those of System
	// Positions in Fields of the values that say what a record is; -1 where the layout has none.
	Provider, EventID, Channel, Computer, Time, RecordID int
	// Cut says that the layout would have more fields than a sound record can have, and lacks some.
	Cut bool

	cells []cell // of the fields
	named []ref  // values that are names of Data elements: records of such a layout have layouts by these names
	size  int    // of its memory, about
}

// Bounds of a layout.
const (
	maxFields = 2048
	maxItems  = 1 << 14
	maxReuse  = 4 // times that one value of a record may occur
)

// Index returns the position of the field called name, or -1.
func (l *Layout) Index(name string) int {
	return slices.IndexFunc(l.Fields, func(f Field) bool { return f.Name == name })
}

// layoutEntry is the entry of a Chunk's table of layouts: the shapes of a template and of the one in it, the value that
// holds that one, and how many values each has.
type layoutEntry struct {
	shape recordShape
	guide *guide
}

// guide says where to look for what in records with the same layout and as many values.
type guide struct {
	layout *Layout
	spots  []spot        // of the fields; nil if they have to be looked for in each record
	head   [headLen]spot // of the fields that Head is about, in its order
}

type recordShape struct {
	outer, inner  uint64 // 0 if there is none
	slot          int32
	counts, count int32 // of the values: of both, and of the outer one
}

// setLayout finds the layout of the record whose instances were read.
func (r *Record) setLayout() {
	c := r.chunk
	// Fast path: a template, or a template with one in it, which is what all but a few records are. The table is keyed
	// by their shapes, and by the number of values, since spots depend on it.
	n := len(r.insts)
	if n > 2 {
		r.guideAlone(r.findLayout())
		return
	}
	want := recordShape{outer: r.insts[0].program.shape, count: r.insts[0].count, counts: int32(len(r.slots))}
	at := want.outer
	if n == 2 {
		want.inner, want.slot = r.insts[1].program.shape, r.insts[1].slot
		at += want.inner * 31
	}
	e := &c.layouts[at%uint64(len(c.layouts))]
	if e.shape != want {
		l := r.findLayout()
		if l.named != nil {
			r.guideAlone(l)
			return
		}
		*e = layoutEntry{want, r.guideOf(l)}
	}
	r.guide = e.guide
}

// findLayout looks the layout up in the cache, by the shapes of all instances and by where each lies.
func (r *Record) findLayout() *Layout {
	c := r.chunk
	key := c.key[:0]
	for i := range r.insts {
		in := &r.insts[i]
		key = binary.LittleEndian.AppendUint64(key, in.program.shape)
		for k, s := range r.slots[in.first : in.first+in.count] {
			if s.child() != noChild {
				key = binary.LittleEndian.AppendUint32(key, uint32(k)<<16|uint32(uint16(s.child())))
			}
		}
		key = append(key, 0xff, 0xff, 0xff, 0xff)
	}
	l := c.cache.layout(key, func() *Layout { return buildLayout(r) })
	if l.named != nil {
		for _, at := range l.named {
			v := r.value(at)
			key = binary.LittleEndian.AppendUint32(append(key, byte(v.Type)), uint32(len(v.Raw)))
			key = append(key, v.Raw...)
		}
		l = c.cache.layout(key, func() *Layout { return buildLayout(r) })
	}
	c.key = key
	return l
}

// value returns a value of the record; null where there is none.
func (r *Record) value(at ref) Value {
	in := &r.insts[at.inst]
	if int32(at.slot) >= in.count {
		return Value{}
	}
	s := r.slots[in.first+int32(at.slot)]
	typ := s.typ()
	if typ == TypeNull || typ == TypeBinXML {
		return Value{}
	}
	off := s.off()
	return Value{typ, r.chunk.data[off : off+s.size()]}
}

func (r *Record) child(at ref) int {
	in := &r.insts[at.inst]
	if int32(at.slot) >= in.count {
		return noChild
	}
	return r.slots[in.first+int32(at.slot)].child()
}
