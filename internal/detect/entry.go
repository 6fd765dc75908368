package detect

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// Between scanners and joiners hits are sorted, perhaps on disk. All hits in a record are one entry, so that what is kept of the
// record is there once, however many rules saw something in it:
//
//	key   8 seconds  4 nanoseconds  4 file  8 offset    big-endian: keys stand in order of time, path and offset
//	data  flags  record id  number of hits  event id  host  channel  fields  hits
//	hit   engine  rule  number of needs  needs, each: present  text
//
// Numbers are varints, texts have their length in front. The hits of an entry stand in order of engine and rule. Fields are JSON, with marks in
// place of their names where flagMarked says so: an entry is read by the process that wrote it.

// KeySize is the length of a key in bytes, PlaceSize how many of them stand for time and file.
const (
	KeySize   = PlaceSize + 8
	PlaceSize = 8 + 4 + 4
)

// AppendKey appends the key of the record's entry.
func (s *Seen) AppendKey(dst []byte) []byte {
	var seconds uint64
	var nanos uint32
	if !s.Time.IsZero() {
		seconds = uint64(s.Time.Unix()) ^ 1<<63 // moved, so that bytes compare as the numbers do
		nanos = uint32(s.Time.Nanosecond())
	}
	dst = binary.BigEndian.AppendUint64(dst, seconds)
	dst = binary.BigEndian.AppendUint32(dst, nanos)
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.File))
	return binary.BigEndian.AppendUint64(dst, uint64(s.Offset))
}

const (
	flagRecordID = 1 << iota
	flagRecovered
	flagEventID
	flagFields
	flagMarked
)

// AppendData appends what the key doesn't hold. So many hits have to follow, each by AppendHit.
func (s *Seen) AppendData(dst []byte, hits int) []byte {
	var fields byte
	if s.Fields != nil {
		fields = flagFields
	}
	return appendBytes(s.appendHead(dst, hits, fields), s.Fields)
}

// AppendDataOf is AppendData with the fields of a record, which it appends in their place, marked.
func (s *Seen) AppendDataOf(dst []byte, hits int, r *event.Record) []byte {
	var room [fieldsLength]byte
	dst = append(s.appendHead(dst, hits, flagFields|flagMarked), room[:]...)
	at := len(dst)
	dst = r.AppendMarked(dst)
	n := len(dst) - at
	for i := range fieldsLength - 1 {
		dst[at-fieldsLength+i] = byte(n>>(7*i)) | 0x80
	}
	dst[at-1] = byte(n >> (7 * (fieldsLength - 1)))
	return dst
}

// fieldsLength is how many bytes a length takes that has to be written before it is known: a varint with zeros in front.
const fieldsLength = 5

// appendHead appends what stands before the fields; of flags, those that are about these are given.
func (s *Seen) appendHead(dst []byte, hits int, flags byte) []byte {
	if s.HasRecordID {
		flags |= flagRecordID
	}
	if s.Recovered {
		flags |= flagRecovered
	}
	if s.HasEventID {
		flags |= flagEventID
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, s.RecordID)
	dst = binary.AppendUvarint(dst, uint64(hits))
	dst = binary.AppendUvarint(dst, uint64(s.EventID))
	dst = appendBytes(dst, s.Host)
	return appendBytes(dst, s.Channel)
}

// AppendHit appends what is the hit's own.
func (h *Hit) AppendHit(dst []byte) []byte {
	dst = binary.AppendUvarint(append(dst, byte(h.Engine)), uint64(h.Rule))
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

func appendBytes[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// RecordOf reads out of an entry's data the record's number, 0 if it has none, whether the record was recovered, and how
// many hits there are.
func RecordOf(data []byte) (id uint64, recovered bool, hits int) {
	d := decoder{rest: data}
	flags := d.byte()
	id = d.uvarint()
	return id, flags&flagRecovered != 0, int(d.uvarint())
}

// AppendSome appends an entry's data with those of its hits alone that keep asks for, and returns how many these are.
func AppendSome(dst, data []byte, keep func(engine, rule int) bool) (out []byte, hits int) {
	d := decoder{rest: data}
	start := len(dst)
	flags, id := d.byte(), d.uvarint()
	left := d.uvarint()
	head := d.rest
	d.uvarint()
	for range 3 {
		d.bytes()
	}
	head = head[:len(head)-len(d.rest)]
	var chosen []byte
	for ; left > 0 && !d.bad; left-- {
		before := d.rest
		if engine, rule, _ := d.hit(nil); !d.bad && keep(engine, rule) {
			chosen = append(chosen, before[:len(before)-len(d.rest)]...)
			hits++
		}
	}
	dst = append(dst[:start], flags)
	dst = binary.AppendUvarint(dst, id)
	dst = binary.AppendUvarint(dst, uint64(hits))
	return append(append(dst, head...), chosen...), hits
}

var errEntry = errors.New("hits are cut short")

// EntryReader reads entries back, one after the other.
type EntryReader struct {
	hit    Hit
	marked bool // the entry's fields
	rest   decoder
	left   uint64            // hits that are still to come
	names  map[string]string // hosts and channels of entries before: few, and in most entries
	last   [2]string         // of the entry before
}

// maxNames bounds the names that an EntryReader remembers.
const maxNames = 4096

// Read begins with an entry. Texts and fields are borrowed from data; fields that are marked are so still (see Unmark).
func (r *EntryReader) Read(key, data []byte) error {
	if len(key) != KeySize {
		return errEntry
	}
	r.hit = Hit{Needs: r.hit.Needs[:0]}
	s := &r.hit.Seen
	if seconds := binary.BigEndian.Uint64(key); seconds != 0 {
		s.Time = time.Unix(int64(seconds^1<<63), int64(binary.BigEndian.Uint32(key[8:]))).UTC()
	}
	s.File = int(binary.BigEndian.Uint32(key[12:]))
	s.Offset = int64(binary.BigEndian.Uint64(key[16:]))
	d := decoder{rest: data}
	flags := d.byte()
	s.RecordID = d.uvarint()
	r.left = d.uvarint()
	s.EventID = uint32(d.uvarint())
	s.Host, s.Channel = r.name(0, d.bytes()), r.name(1, d.bytes())
	if s.Fields = d.bytes(); flags&flagFields == 0 {
		s.Fields = nil
	}
	s.HasRecordID, s.Recovered, s.HasEventID = flags&flagRecordID != 0, flags&flagRecovered != 0, flags&flagEventID != 0
	r.marked = flags&flagMarked != 0
	if r.rest = d; d.bad {
		return errEntry
	}
	return nil
}

// Unmark spells the names in the entry's fields, for its hits that are still to come, and appends them to room.
func (r *EntryReader) Unmark(room []byte) []byte {
	if !r.marked {
		return room
	}
	from := len(room)
	room = event.AppendUnmarked(room, r.hit.Fields)
	r.hit.Fields, r.marked = room[from:len(room):len(room)], false
	return room
}

// Next returns the entry's next hit, valid until the next call; nil after the last.
func (r *EntryReader) Next() (*Hit, error) {
	if r.left == 0 {
		return nil, nil
	}
	r.left--
	h := &r.hit
	if h.Engine, h.Rule, h.Needs = r.rest.hit(h.Needs[:0]); r.rest.bad {
		return nil, errEntry
	}
	return h, nil
}

func (r *EntryReader) name(which int, b []byte) string {
	last := &r.last[which]
	if *last == string(b) {
		return *last
	}
	if name, ok := r.names[string(b)]; ok {
		*last = name
		return name
	}
	if r.names == nil || len(r.names) >= maxNames {
		r.names = map[string]string{}
	}
	name := string(b)
	r.names[name] = name
	return name
}

// decoder reads the data of an entry and remembers whether it ran out.
type decoder struct {
	rest []byte
	bad  bool
}

// hit reads what AppendHit wrote; needs is used for its Needs.
func (d *decoder) hit(needs []Need) (engine, rule int, _ []Need) {
	engine, rule = int(d.byte()), int(d.uvarint())
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		present := d.byte()
		needs = append(needs, Need{Present: present == 1, Text: d.bytes()})
	}
	return engine, rule, needs
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
