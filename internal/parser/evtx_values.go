package parser

import (
	"encoding/binary"

	"github.com/goshawk-ir/goshawk/evtx"
	"github.com/goshawk-ir/goshawk/internal/bin"
	"github.com/goshawk-ir/goshawk/internal/event"
)

// evtxValues gives the values of the record under way.
type evtxValues struct {
	record  *evtx.Record
	scratch []byte       // text of values that are neither text nor whole numbers
	places  []evtx.Place // of some fields
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
	start := len(v.scratch)
	v.scratch = x.AppendText(v.scratch)
	return event.Value{Kind: kind, Raw: v.scratch[start:len(v.scratch):len(v.scratch)]}
}

// some returns where the values of fields lie, in a slice that the next call uses again.
func (v *evtxValues) some(fields []int32) []evtx.Place {
	if len(v.places) < len(fields) {
		v.places = make([]evtx.Place, max(64, len(fields)))
	}
	places := v.places[:len(fields)]
	v.record.Places(places, fields)
	return places
}

// AppendFieldsJSON writes the single values that most fields have straight from the evidence: the text that Value and
// event.Value would lead to, without either in between.
func (v *evtxValues) AppendFieldsJSON(dst []byte, shown *event.Shown) []byte {
	places := v.some(shown.Fields)
	keys := shown.Keys[:len(places)]
	for i, p := range places {
		typ := p.Type()
		if typ == evtx.TypeAbsent {
			continue
		}
		dst = keys[i].Append(dst)
		switch typ {
		case evtx.TypeNull:
			dst = append(dst, '"', '"')
			continue
		case evtx.TypeElsewhere, evtx.TypeSeveral:
			field := int(shown.Fields[i])
			dst = event.AppendList(dst, v, field, v.Len(field))
			continue
		}
		switch x := v.record.At(p); typ {
		case evtx.TypeString, evtx.TypeXML:
			dst, _ = event.AppendUTF16JSON(append(dst, '"'), x.Raw)
			dst = append(dst, '"')
		case evtx.TypeGUID, evtx.TypeSID, evtx.TypeHexInt32, evtx.TypeHexInt64, evtx.TypeSize, evtx.TypeFileTime, evtx.TypeBinary:
			dst = append(x.AppendText(append(dst, '"')), '"') // without anything to escape
		case evtx.TypeUint8, evtx.TypeUint16, evtx.TypeUint32, evtx.TypeUint64:
			if n, ok := x.Uint(); ok {
				dst = bin.AppendUint(dst, n)
				continue
			}
			fallthrough
		default:
			dst = v.value(x).AppendJSON(dst)
		}
	}
	return dst
}
