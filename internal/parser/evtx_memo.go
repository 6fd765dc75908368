package parser

import (
	"bytes"

	"github.com/goshawk-ir/goshawk/evtx"
)

// evtxMemo is the value that a field had last, and how it was written. Most records repeat much of what one before them
// said: the host's programs and accounts, who logs on, a run's context.
type evtxMemo struct {
	typ    evtx.Type
	misses uint8  // in a row
	raw    []byte // the value, as it lay in the evidence
	text   []byte // its key and itself, as JSON
}

// Bounds of what is remembered: longer values are written anew, and beyond the other all is forgotten.
const (
	maxMemo  = 1 << 10
	maxMemos = 4 << 20
)

// evtxWorthwhile marks the types of values that take longer to write than to compare.
var evtxWorthwhile = [256]bool{
	evtx.TypeString: true, evtx.TypeGUID: true, evtx.TypeSID: true, evtx.TypeHexInt32: true, evtx.TypeHexInt64: true,
}

// is says whether x is the value that was remembered.
func (m *evtxMemo) is(x evtx.Value) bool { return m.typ == x.Type && bytes.Equal(m.raw, x.Raw) }

// keep remembers a value that was not the one before, and returns how much more memory that takes. A field that has
// another value each time is looked at now and then only.
func (m *evtxMemo) keep(x evtx.Value, text []byte) int {
	m.misses++
	if len(x.Raw) > maxMemo || m.misses >= 4 && m.misses%16 != 0 {
		return 0
	}
	before := cap(m.raw) + cap(m.text)
	m.typ, m.raw, m.text = x.Type, append(m.raw[:0], x.Raw...), append(m.text[:0], text...)
	return cap(m.raw) + cap(m.text) - before
}
