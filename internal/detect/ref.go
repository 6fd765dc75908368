package detect

import (
	"encoding/binary"
	"time"
)

// appendRef appends the place of the hit's record, as a correlation keeps it beside the time: what is the record's own to ref,
// and to shared what many records have in common. ref is a byte with the numbers of bytes of offset and record
// number, and those bytes; it is short, which is what a correlation keeps at least cost.
func appendRef(ref, shared []byte, h *Hit) (own, common []byte) {
	var flags byte
	if h.HasRecordID {
		flags |= flagRecordID
	}
	if h.Recovered {
		flags |= flagRecovered
	}
	lengths := len(ref)
	ref = append(ref, 0)
	for shift, number := range [2]uint64{uint64(h.Offset), h.RecordID} {
		for ; number > 0; number >>= 8 {
			ref = append(ref, byte(number))
			ref[lengths] += 1 << (4 * shift)
		}
	}
	shared = binary.AppendUvarint(append(shared, flags), uint64(h.File))
	return ref, append(shared, h.Host...)
}

// decodeRef reads what appendRef wrote, one part behind the other, of a record with a time.
func (h *Hit) decodeRef(ref []byte, at time.Time) error {
	*h = Hit{Seen: Seen{Time: at}}
	d := decoder{rest: ref}
	lengths := d.byte()
	h.Offset = int64(d.number(int(lengths & 15)))
	h.RecordID = d.number(int(lengths >> 4))
	flags := d.byte()
	h.HasRecordID, h.Recovered = flags&flagRecordID != 0, flags&flagRecovered != 0
	h.File = int(d.uvarint())
	h.Host = string(d.rest)
	if d.bad {
		return errEntry
	}
	return nil
}

// number reads n bytes, the lowest first.
func (d *decoder) number(n int) (v uint64) {
	for i := range n {
		v |= uint64(d.byte()) << (8 * i)
	}
	return v
}
