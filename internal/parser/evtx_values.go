package parser

import (
	"encoding/binary"

	"github.com/goshawk-ir/goshawk/evtx"
	"github.com/goshawk-ir/goshawk/internal/bin"
	"github.com/goshawk-ir/goshawk/internal/event"
)

// evtxValues gives the values of a record.
type evtxValues struct {
	reader *evtxReader
	record *evtx.Record
	schema *evtxSchema // of the record
}

// Len returns how many values the field has.
func (v *evtxValues) Len(field int) int { return v.record.Len(field) }

// At returns value k of the field.
func (v *evtxValues) At(field, k int) event.Value { return v.value(v.record.Value(field, k)) }

func (v *evtxValues) value(x evtx.Value) event.Value {
	if raw, ok := x.Text16(); ok {
		return event.Value{Kind: event.UTF16, Raw: raw}
	}
	if x.IsNull() {
		return event.Value{}
	}
	switch x.Type {
	case evtx.TypeUint8, evtx.TypeUint16, evtx.TypeUint32, evtx.TypeUint64:
		n, _ := x.Uint()
		return event.Value{Kind: event.Uint, Num: n}
	case evtx.TypeInt8, evtx.TypeInt16, evtx.TypeInt32, evtx.TypeInt64:
		n, _ := x.Int()
		return event.Value{Kind: event.Int, Num: uint64(n)}
	case evtx.TypeBool:
		if n := binary.LittleEndian.Uint32(x.Raw); n > 1 {
			return event.Value{Kind: event.Int, Num: uint64(int32(n))}
		} else {
			return event.Value{Kind: event.Bool, Num: uint64(n)}
		}
	case evtx.TypeText:
		return event.Value{Kind: event.Text, Raw: x.Raw}
	}
	kind := event.Text
	if x.IsNumber() {
		kind = event.Number
	}
	return event.Value{Kind: kind, Raw: v.reader.spelling.Append(v, x.AppendText)}
}

// some returns where the values of fields lie, in a slice that the next call uses again.
func (v *evtxValues) some(fields []int32) []evtx.Place {
	r := v.reader
	if len(r.places) < len(fields) {
		r.places = make([]evtx.Place, len(fields))
	}
	places := r.places[:len(fields)]
	v.record.Places(places, fields)
	return places
}

// AppendFieldsJSON writes the single values that most fields have straight from the evidence: the text that Value and
// event.Value would lead to, without either in between. A value that the field had in the record before is not written
// again but copied.
func (v *evtxValues) AppendFieldsJSON(dst []byte, shown *event.Shown) []byte {
	places := v.some(shown.Fields)
	known := &v.schema.memos
	if shown.Marks != nil {
		known = &v.schema.marked
	}
	if len(*known) < len(places) {
		*known = make([]evtxMemo, len(places))
	}
	memos := (*known)[:len(places)]
	for i, p := range places {
		typ := p.Type()
		if typ == evtx.TypeAbsent {
			continue
		}
		if !evtxWorthwhile[typ] {
			dst = v.appendJSON(shown.AppendKey(dst, i), p, int(shown.Fields[i]))
			continue
		}
		m, x := &memos[i], v.record.At(p)
		if m.is(x) {
			m.misses = 0
			dst = append(dst, m.text...)
			continue
		}
		start := len(dst)
		dst = shown.AppendKey(dst, i)
		dst = v.appendJSON(dst, p, 0)
		v.reader.remembered += m.keep(x, dst[start:])
	}
	return dst
}

// appendJSON appends what lies at p, or the values of the field if those lie elsewhere.
func (v *evtxValues) appendJSON(dst []byte, p evtx.Place, field int) []byte {
	x := v.record.At(p)
	if x.Type == evtx.TypeElsewhere {
		x = v.record.Value(field, 0)
	}
	switch x.Type {
	case evtx.TypeNull:
		return append(dst, '"', '"')
	case evtx.TypeSeveral:
		return event.AppendList(dst, v, field, v.Len(field))
	case evtx.TypeString, evtx.TypeXML:
		dst, _ = event.AppendUTF16JSON(append(dst, '"'), x.Raw)
		return append(dst, '"')
	case evtx.TypeUint8, evtx.TypeUint16, evtx.TypeUint32, evtx.TypeUint64:
		if n, ok := x.Uint(); ok {
			return bin.AppendUint(dst, n)
		}
	case evtx.TypeGUID, evtx.TypeSID, evtx.TypeHexInt32, evtx.TypeHexInt64, evtx.TypeSize, evtx.TypeFileTime, evtx.TypeBinary:
		return append(x.AppendText(append(dst, '"')), '"') // without anything to escape
	}
	return v.value(x).AppendJSON(dst)
}
