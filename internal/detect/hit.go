package detect

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// Hit is one rule and one record that it saw something in, between a scanner and a joiner. Between the two it is
// sorted, perhaps on disk, so it has a binary form: a key, by whose bytes hits stand in order of time, path, offset
// and rule, and data.
type Hit struct {
	Time   time.Time // zero if the record has none: sorted first
	File   int       // position of the file in the walk
	Offset int64
	Engine int // number of the engine that saw it
	Rule   int // the engine's number for the rule

	RecordID    uint64
	HasRecordID bool
	Recovered   bool
	Host        string
	Channel     string
	EventID     uint32
	HasEventID  bool
	Fields      []byte // the record's fields as a JSON object; nil where no finding will show them
	Needs       []Need // values that correlations ask for
}

// Need is one value for a correlation.
type Need struct {
	Text    string
	Present bool
}

// Years that a finding can state: what lies outside can't be written in RFC 3339, and is damage or forgery.
const minYear, maxYear = 1, 9999

// Reset makes h speak of r. A time that can't be stated counts as none; the record's own fields show it.
func (h *Hit) Reset(r *event.Record) {
	*h = Hit{
		Time: r.Time, Offset: r.Offset, RecordID: r.RecordID, HasRecordID: r.HasRecordID, Recovered: r.Recovered,
		Host: r.Host, Channel: r.Schema.Channel, EventID: r.Schema.EventID, HasEventID: r.Schema.HasEventID,
		Needs: h.Needs[:0],
	}
	if year := r.Time.Year(); year < minYear || year > maxYear {
		h.Time = time.Time{}
	}
}

// KeySize is the length of a key in bytes.
const KeySize = 8 + 4 + 4 + 8 + 1 + 4

// AppendKey appends the key: seconds and nanoseconds of the time, file, offset, engine and rule, all big-endian.
func (h *Hit) AppendKey(dst []byte) []byte {
	var seconds, nanos int64
	if !h.Time.IsZero() {
		seconds, nanos = h.Time.Unix(), int64(h.Time.Nanosecond())
		dst = binary.BigEndian.AppendUint64(dst, uint64(seconds)^1<<63) // moved, so that bytes compare as the numbers do
	} else {
		dst = binary.BigEndian.AppendUint64(dst, 0)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(nanos))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.File))
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Offset))
	dst = append(dst, byte(h.Engine))
	return binary.BigEndian.AppendUint32(dst, uint32(h.Rule))
}

const (
	flagRecordID = 1 << iota
	flagRecovered
	flagEventID
	flagFields
)

// AppendData appends what the key doesn't hold.
func (h *Hit) AppendData(dst []byte) []byte {
	var flags byte
	for _, f := range []struct {
		set  bool
		flag byte
	}{{h.HasRecordID, flagRecordID}, {h.Recovered, flagRecovered}, {h.HasEventID, flagEventID}, {h.Fields != nil, flagFields}} {
		if f.set {
			flags |= f.flag
		}
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, h.RecordID)
	dst = binary.AppendUvarint(dst, uint64(h.EventID))
	dst = appendBytes(dst, h.Host)
	dst = appendBytes(dst, h.Channel)
	dst = appendBytes(dst, h.Fields)
	dst = binary.AppendUvarint(dst, uint64(len(h.Needs)))
	for _, n := range h.Needs {
		present := byte(0)
		if n.Present {
			present = 1
		}
		dst = appendBytes(append(dst, present), n.Text)
	}
	return dst
}

var errHit = errors.New("hit is cut short")

// Decode reads a hit from its key and data. Fields is borrowed from data.
func (h *Hit) Decode(key, data []byte) error {
	if len(key) != KeySize {
		return errHit
	}
	*h = Hit{Needs: h.Needs[:0]}
	if seconds := binary.BigEndian.Uint64(key); seconds != 0 {
		h.Time = time.Unix(int64(seconds^1<<63), int64(binary.BigEndian.Uint32(key[8:]))).UTC()
	}
	h.File = int(binary.BigEndian.Uint32(key[12:]))
	h.Offset = int64(binary.BigEndian.Uint64(key[16:]))
	h.Engine, h.Rule = KeyRule(key)
	if len(data) == 0 {
		return errHit
	}
	flags := data[0]
	d := decoder{rest: data[1:]}
	h.RecordID = d.uvarint()
	h.EventID = uint32(d.uvarint())
	h.Host, h.Channel = string(d.bytes()), string(d.bytes())
	h.Fields = d.bytes()
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		present := d.byte()
		h.Needs = append(h.Needs, Need{Present: present == 1, Text: string(d.bytes())})
	}
	h.HasRecordID, h.Recovered, h.HasEventID = flags&flagRecordID != 0, flags&flagRecovered != 0, flags&flagEventID != 0
	if flags&flagFields == 0 {
		h.Fields = nil
	}
	if d.bad {
		return errHit
	}
	return nil
}

func appendBytes[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// decoder reads the data of a hit and remembers whether it ran out.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.bad = true
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad = true
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

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
	*h = Hit{Time: at, Needs: h.Needs[:0]}
	d := decoder{rest: ref}
	lengths := d.byte()
	h.Offset = int64(d.number(int(lengths & 15)))
	h.RecordID = d.number(int(lengths >> 4))
	flags := d.byte()
	h.HasRecordID, h.Recovered = flags&flagRecordID != 0, flags&flagRecovered != 0
	h.File = int(d.uvarint())
	h.Host = string(d.rest)
	if d.bad {
		return errHit
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

// PlaceSize is how many bytes of a key stand for time and file.
const PlaceSize = 8 + 4 + 4

// RecordOf reads the record's number, 0 if it has none, and whether it was recovered out of a hit's data.
func RecordOf(data []byte) (id uint64, recovered bool) {
	if len(data) == 0 {
		return 0, false
	}
	id, _ = binary.Uvarint(data[1:])
	return id, data[0]&flagRecovered != 0
}

// KeyRule reads the engine and the rule out of a key.
func KeyRule(key []byte) (engine, rule int) {
	return int(key[24]), int(binary.BigEndian.Uint32(key[25:]))
}

// SetFile writes the number of a file into a key.
func SetFile(key []byte, file int) []byte {
	binary.BigEndian.PutUint32(key[12:], uint32(file))
	return key
}
