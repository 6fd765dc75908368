package parser

import (
	"github.com/goshawk-ir/goshawk/evtx"
	"github.com/goshawk-ir/goshawk/internal/event"
)

// evtxTags holds the tags of values by type; the rest, arrays above all, is RawOther. Types have one tag only if the same
// bytes always have the same text.
var evtxTags = func() (t [256]uint8) {
	for i := range t {
		t[i] = event.RawOther
	}
	for _, typ := range []evtx.Type{evtx.TypeAnsiString, evtx.TypeReal32, evtx.TypeReal64, evtx.TypeBool} {
		t[typ] = uint8(typ)
	}
	for _, typ := range []evtx.Type{
		evtx.TypeInt8, evtx.TypeUint8, evtx.TypeInt16, evtx.TypeUint16, evtx.TypeInt32, evtx.TypeUint32, evtx.TypeInt64, evtx.TypeUint64,
		evtx.TypeBinary, evtx.TypeGUID, evtx.TypeSize, evtx.TypeFileTime, evtx.TypeSystemTime, evtx.TypeSID, evtx.TypeHexInt32, evtx.TypeHexInt64,
		evtx.TypeHandle,
	} {
		t[typ] = event.RawPlain | uint8(typ)
	}
	t[evtx.TypeAbsent], t[evtx.TypeNull] = event.RawNone, event.RawNull
	t[evtx.TypeString] = event.RawUTF16 | uint8(evtx.TypeString)
	t[evtx.TypeXML] = t[evtx.TypeString]
	return t
}()

// Raw shows single values as they lie in the chunk.
func (v *evtxValues) Raw(dst []event.Raw, fields []int32) { v.record.Tagged(dst, fields, &evtxTags) }

// AnyText shows the texts of the record's values.
func (v *evtxValues) AnyText(key uint64, but []int32, piece, f func(utf16 []byte) bool) bool {
	return v.record.AnyText(key, but, piece, f)
}
