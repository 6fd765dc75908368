package parser

import (
	"bytes"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/evtx"
	"github.com/goshawk-ir/goshawk/internal/event"
)

// checkRaw holds the record's values, as they lie in the evidence, to what event.RawValues promises.
func checkRaw(t testing.TB, r *event.Record) {
	t.Helper()
	values, ok := r.Values.(event.RawValues)
	if !ok {
		return
	}
	fields := make([]int32, len(r.Schema.Fields))
	for i := range fields {
		fields[i] = int32(i)
	}
	raws := make([]event.Raw, len(fields))
	values.Raw(raws, fields)
	for i, raw := range raws {
		switch n := r.Values.Len(i); {
		case n == 0 != (raw.Tag == event.RawNone) || n > 1 && raw.Tag != event.RawOther:
			t.Fatalf("field %q has %d values and tag %d", r.Schema.Fields[i].Name, n, raw.Tag)
		case n == 1 && raw.Tag != event.RawOther:
			checkOneRaw(t, raw, r.Values.At(i, 0))
		}
	}
}

// checkOneRaw compares what tag and bytes say, and nothing else, with the value.
func checkOneRaw(t testing.TB, raw event.Raw, v event.Value) {
	t.Helper()
	text := v.AppendText(nil)
	if v.Kind == event.Null != (raw.Tag == event.RawNull) {
		t.Fatalf("kind %d has tag %d", v.Kind, raw.Tag)
	}
	var own []byte
	switch kind := event.RawTextOf(raw.Tag); kind {
	case event.RawTextUTF16:
		own, _, _ = bytes.Cut(event.AppendUTF16(nil, raw.Bytes[:len(raw.Bytes)&^1]), []byte{0})
	default:
		if raw.Tag != event.RawNull {
			values := evtxValues{reader: &evtxReader{}}
			own = values.value(evtx.Value{Type: evtx.Type(raw.Tag &^ event.RawPlain), Raw: raw.Bytes}).AppendText(nil)
		}
		if kind == event.RawTextPlain && strings.Trim(string(text), event.RawPlainText) != "" {
			t.Fatalf("%q, of tag %d, is not plain", text, raw.Tag)
		}
	}
	if !bytes.Equal(own, text) {
		t.Fatalf("the value is %q; tag %d and bytes %q say %q", text, raw.Tag, raw.Bytes, own)
	}
}

// FuzzEVTXRaw holds a value of any type to what event.RawValues promises.
func FuzzEVTXRaw(f *testing.F) {
	for typ := range 256 {
		for _, raw := range []string{"", "\x01", "\x01\x00\x00\x00\x02\x00\x00\x00", "a\x00b\x00\x00\x00c\x00d", strings.Repeat("\xff", 16), strings.Repeat("\x07", 21)} {
			f.Add(byte(typ), []byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, typ byte, data []byte) {
		x := evtx.Value{Type: evtx.Type(typ), Raw: data}
		raw := event.Raw{Bytes: data, Tag: x.Tag(&evtxTags)}
		if x.IsNull() {
			raw.Bytes = nil
		}
		if (raw.Tag == event.RawNone) != (x.Type == evtx.TypeAbsent) {
			t.Fatalf("a value of type %d has tag %d", typ, raw.Tag)
		}
		if x.Type.IsArray() {
			if raw.Tag != event.RawOther && x.Type != evtx.TypeAbsent {
				t.Fatalf("a list has tag %d", raw.Tag)
			}
			return
		}
		if raw.Tag != event.RawOther {
			values := evtxValues{reader: &evtxReader{}}
			checkOneRaw(t, raw, values.value(x))
		}
	})
}
