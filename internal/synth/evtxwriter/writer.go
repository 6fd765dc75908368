// Package evtxwriter writes Windows event logs (EVTX): a file header, chunks of 64 KiB with their checksums and
// tables of names and templates, and records in BinXML, laid out as Windows lays them out: template definitions
// stand at their first use in a chunk and are referred to by offset afterwards, the body of an event is a
// template instance nested in the envelope's.
//
// An event's shape is defined once and events are appended with values:
//
//	w, err := evtxwriter.New(file, evtxwriter.Options{Computer: "PC1.example.com"})
//	id, err := w.Append(evtxwriter.Event{Shape: logon, Time: t, Values: []any{"-", uint32(3)}})
//	err = w.Close()
//
// The writer holds two chunks in memory. It writes no event messages, no Unicode names outside the basic plane in
// element names, and no embedded BinXML but the nested body.
package evtxwriter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// Options are the constants of a log file.
type Options struct {
	Computer string // as the events name it
	FirstID  uint64 // record id of the first event; 0 means 1
	// Dirty leaves the header as it was when the file was made (one chunk, next record 1) and sets its flag, as
	// in a log that was copied while the machine ran.
	Dirty bool
}

// Event is one event to append.
type Event struct {
	Shape    *Shape
	Time     time.Time
	Process  uint32
	Thread   uint32
	User     SID // who logged it, "" if the log doesn't say
	Activity GUID
	// Values go with the shape's Fields; a missing or nil one becomes a null. Integer fields take any of Go's
	// integers, Bool a bool, times a time.Time, arrays a []any or []string. A shape without fields in the Classic
	// form takes its strings and, after them as a []byte, the binary.
	Values []any
}

// Writer writes one log.
type Writer struct {
	out       io.WriteSeeker
	o         Options
	c         chunk
	envelopes map[*Shape]*template
	number    uint64 // of the next record in the file
	id        uint64 // of the next record
	chunks    uint64 // written out
	first     []byte // the file's first chunk, for what clearing leaves of it
	err       error
}

var errTooLarge = errors.New("the event does not fit into a chunk")

// New begins a log on out, which must be empty and at its beginning.
func New(out io.WriteSeeker, o Options) (*Writer, error) {
	if o.FirstID == 0 {
		o.FirstID = 1
	}
	w := &Writer{out: out, o: o, envelopes: map[*Shape]*template{}, number: 1, id: o.FirstID}
	w.c.reset(w.number, w.id, false)
	_, err := out.Write(make([]byte, headerSize))
	if err != nil {
		return nil, fmt.Errorf("write log header: %w", err)
	}
	return w, nil
}

// NextID is the record id that the next event gets.
func (w *Writer) NextID() uint64 { return w.id }

// Append writes an event and returns its record id.
func (w *Writer) Append(e Event) (uint64, error) {
	if w.err != nil {
		return 0, w.err
	}
	e.Shape.prepare()
	err := w.encode(&e)
	if errors.Is(err, errTooLarge) && w.c.records > 0 {
		if err = w.flush(); err == nil {
			err = w.encode(&e)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("append event %d of %s: %w", e.Shape.EventID, e.Shape.Provider, err)
	}
	w.c.undo = w.c.undo[:0]
	w.c.records++
	w.number++
	w.id++
	return w.id - 1, nil
}

// Clear empties the log: record ids go on, the file is cut and begins again, and what the file's first chunk held
// stays until new records overwrite it.
func (w *Writer) Clear() error {
	if w.err != nil {
		return w.err
	}
	if t, ok := w.out.(interface{ Truncate(size int64) error }); ok {
		w.err = t.Truncate(headerSize)
	} else if w.chunks > 0 {
		w.err = errors.New("clear log: the output cannot be cut")
	}
	if w.err == nil {
		_, w.err = w.out.Seek(headerSize, io.SeekStart)
	}
	if w.chunks > 0 {
		copy(w.c.array[:], w.first)
	}
	w.chunks, w.number = 0, 1
	w.c.reset(w.number, w.id, true)
	return w.err
}

// Close writes what is left and the file's header. It doesn't close the output.
func (w *Writer) Close() error {
	if w.err == nil && (w.c.records > 0 || w.chunks == 0) {
		w.err = w.flush()
	}
	if w.err != nil {
		return w.err
	}
	if _, err := w.out.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write log header: %w", err)
	}
	if _, err := w.out.Write(w.header()); err != nil {
		return fmt.Errorf("write log header: %w", err)
	}
	w.err = errors.New("the log is closed")
	return nil
}

// header builds the file's header:
//
//	0   "ElfFile\0"          32  u32 128      42  u16 number of chunks
//	8   u64 first chunk      36  u16 minor 2  120 u32 flags: 1 dirty
//	16  u64 last chunk       38  u16 major 3  124 u32 CRC-32 of [0,120)
//	24  u64 next record      40  u16 4096
func (w *Writer) header() []byte {
	h, le := make([]byte, headerSize), binary.LittleEndian
	chunks, next := w.chunks, w.id
	if w.o.Dirty {
		chunks, next = 1, 1
		le.PutUint32(h[120:], 1)
	}
	copy(h, "ElfFile\x00")
	le.PutUint64(h[16:], chunks-1)
	le.PutUint64(h[24:], next)
	le.PutUint32(h[32:], 128)
	le.PutUint16(h[36:], 2)
	le.PutUint16(h[38:], 3)
	le.PutUint16(h[40:], headerSize)
	le.PutUint16(h[42:], uint16(chunks))
	le.PutUint32(h[124:], crc32.ChecksumIEEE(h[:120]))
	return h
}

func (w *Writer) flush() error {
	if _, err := w.out.Write(w.c.finish()); err != nil {
		w.err = fmt.Errorf("write chunk %d: %w", w.chunks, err)
		return w.err
	}
	if w.chunks == 0 {
		w.first = append(w.first[:0], w.c.array[:]...)
	}
	w.chunks++
	w.c.reset(w.number, w.id, false)
	return nil
}

// encode writes a record into the chunk: "**\0\0", u32 size, u64 record id, u64 FILETIME, BinXML, padding to a
// multiple of 8, u32 size. If it doesn't fit or can't be written, the chunk is as it was.
func (w *Writer) encode(e *Event) error {
	c, le := &w.c, binary.LittleEndian
	start := len(c.b)
	c.b = append(c.b, "**\x00\x00"...)
	c.u32(0)
	c.u64(w.id)
	c.u64(fileTime(e.Time))
	c.fragment()
	err := w.envelope(e)
	c.b = append(c.b, tokenEnd)
	for (len(c.b)-start)%8 != 4 {
		c.b = append(c.b, 0)
	}
	size := uint32(len(c.b) - start + 4)
	c.u32(size)
	if err == nil && len(c.b) > chunkSize {
		err = errTooLarge
	}
	if err != nil {
		c.rollback(start)
		return err
	}
	le.PutUint32(c.b[start+4:], size)
	c.lastRecord = start
	return nil
}

// envelope writes the instance of the Event template with its values.
func (w *Writer) envelope(e *Event) error {
	s, c := e.Shape, &w.c
	t := w.envelopes[s]
	if t == nil {
		built := s.envelopeTemplate(w.o.Computer)
		t = &built
		w.envelopes[s] = t
	}
	c.instance(t)
	count := manifestBody + 1
	switch s.Form {
	case Classic:
		count = classicBody + 1
	case Inline:
		count = inlineFirst + len(s.Fields)
	}
	v := c.values(count)
	err := errors.Join(
		v.put(Uint8, s.Level), v.put(Uint8, s.Opcode), v.put(Uint16, s.Task), v.put(Uint16, s.EventID),
		w.qualifiers(&v, s), v.put(Hex64, s.Keywords), v.put(FileTime, e.Time), w.activity(&v, e),
		v.put(Uint32, e.Process), v.put(Uint32, e.Thread), v.put(Uint64, w.id), v.put(Uint8, s.Version),
		v.put(SIDType, given(e.User)), v.put(Null, nil),
	)
	if err != nil {
		return err
	}
	return w.rest(&v, e)
}

// rest writes the values whose places differ between the forms, and the body.
func (w *Writer) rest(v *values, e *Event) error {
	s := e.Shape
	if s.Form == Manifest {
		err := errors.Join(v.put(String, s.Provider), v.put(GUIDType, s.GUID), v.put(String, s.Channel))
		if err != nil {
			return err
		}
		return w.body(v, e)
	}
	for range 5 {
		if err := v.absent(0); err != nil {
			return err
		}
	}
	if s.Form == Inline {
		return fields(v, e)
	}
	return w.body(v, e)
}

// body writes the nested instance as the last value.
func (w *Writer) body(v *values, e *Event) error {
	s, c := e.Shape, &w.c
	start := len(c.b)
	if s.Form == Classic {
		c.fragment()
	}
	c.instance(&s.inner)
	var err error
	if s.Form == Classic && len(s.Fields) == 0 {
		err = w.strings(e)
	} else {
		inner := c.values(len(s.Fields))
		err = fields(&inner, e)
	}
	if err != nil {
		return err
	}
	c.b = append(c.b, tokenEnd)
	if len(c.b) > chunkSize {
		return errTooLarge
	}
	return v.add(start, binXML)
}

// fields writes the values of the shape's fields.
func fields(v *values, e *Event) error {
	for i := range e.Shape.Fields {
		f := &e.Shape.Fields[i]
		var value any
		if i < len(e.Values) {
			value = e.Values[i]
		}
		start := len(v.c.b)
		b, actual, err := appendValue(v.c.b, f, value)
		v.c.b = b
		if err == nil {
			err = v.add(start, actual)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	if len(e.Values) > len(e.Shape.Fields) {
		return fmt.Errorf("%d values for %d fields", len(e.Values), len(e.Shape.Fields))
	}
	return nil
}

// strings writes the values of a body without fields: the strings as one list, their category, the binary.
func (w *Writer) strings(e *Event) error {
	list, data := e.Values, any(nil)
	if n := len(list); n > 0 {
		if b, ok := list[n-1].([]byte); ok {
			list, data = list[:n-1], b
		}
	}
	v := w.c.values(3)
	var err error
	if len(list) == 0 {
		err = v.absent(0)
	} else {
		err = v.put(String|Array, list)
	}
	return errors.Join(err, v.put(Uint32, 0), v.put(Binary, data))
}

// qualifiers writes the upper half of a classic event's id; elsewhere Windows leaves two bytes of no meaning.
func (w *Writer) qualifiers(v *values, s *Shape) error {
	if s.Form == Manifest {
		return v.absent(2)
	}
	return v.put(Uint16, s.Qualifiers)
}

// activity writes the id that joins events; where there is none, manifest events keep its room.
func (w *Writer) activity(v *values, e *Event) error {
	switch {
	case e.Activity != GUID{}:
		return v.put(GUIDType, e.Activity)
	case e.Shape.Form == Manifest:
		return v.absent(16)
	}
	return v.absent(0)
}

// given is the user, or nil for none.
func given(s SID) any {
	if s == "" {
		return nil
	}
	return s
}
