package evtx

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// TestImages changes every byte of a chunk behind its header in turn, and reads it after the chunk as it was: what is recognised by how it
// lay before is what is read by someone who has seen no other chunk. Also where the definitions stand in another order, and so their names.
func TestImages(t *testing.T) {
	one := newLog()
	one.record(userEvent(1, "usera", 1))
	one.record(event(2, null()))
	one.record(userEvent(3, "userb", 2))
	other := newLog()
	other.record(event(1, null()))
	other.record(userEvent(2, "userb", 1))
	read := func(data []byte, from int) string {
		f, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := NewChunk(&Cache{})
		for i := from; i < f.Chunks(); i++ {
			for r, err := range f.Records(i, c) {
				if i == 2 {
					checkRecord(t, r, err, int64(len(data)), &out)
				}
			}
		}
		return out.String()
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	changes := 0
	for _, w := range []*logBuilder{one, other} {
		chunk := w.chunk(0)
		end := int(binary.LittleEndian.Uint32(chunk[48:]))
		data := logFile(one.chunk(0), other.chunk(0), chunk)
		changed := data[FileHeaderSize+2*ChunkSize:]
		if plain, after := read(data, 2), read(data, 0); plain != after || plain == "" {
			t.Fatalf("%s, and after other chunks %s", plain, after)
		}
		for at := chunkHeaderSize; at < end; at += step {
			was := changed[at]
			for _, b := range []byte{was ^ 1, was + 2, 0} {
				changed[at] = b
				if plain, after := read(data, 2), read(data, 0); plain != after {
					t.Fatalf("byte 0x%x made 0x%02x: %s, and after other chunks %s", at, b, plain, after)
				}
			}
			changed[at] = was
			changes++
		}
	}
	if changes < 100 {
		t.Errorf("%d bytes were changed", changes)
	}
}

// TestImagesBounded reads definitions that differ from chunk to chunk, large ones, and more than are kept.
func TestImagesBounded(t *testing.T) {
	c := NewChunk(&Cache{})
	for n := range 3 * maxImages {
		w := newLog()
		w.record(inst{id: 7, def: section("Event", section("EventData", data("A", string(bytes.Repeat([]byte{byte('a' + n%26), byte('a' + n/26)}, 12_000)), sub{0, false}))), values: []any{num16(7)}})
		log := logFile(w.chunk(0))
		f, err := Open(bytes.NewReader(log), int64(len(log)))
		if err != nil {
			t.Fatal(err)
		}
		records := 0
		for _, err := range f.Records(0, c) {
			if err != nil {
				t.Fatal(err)
			}
			records++
		}
		if records != 1 {
			t.Fatalf("%d records", records)
		}
		bytes, most := 0, 0
		for i := range c.known {
			most = max(most, len(c.known[i].known))
			for _, im := range c.known[i].known {
				bytes += len(im.bytes) + 4*len(im.free) + 32*len(im.names)
			}
		}
		if most > maxImages || bytes > maxImageBytes {
			t.Fatalf("%d images of a place, %d bytes", most, bytes)
		}
	}
}

// TestImagesAndSlack reads a record in the slack whose own template has a name that a live definition has, too, and of which the hash is
// damaged: what is read of it doesn't depend on whether the live definition was recognised or read.
func TestImagesAndSlack(t *testing.T) {
	w := newLog()
	w.record(userEvent(1, "usera", 1))
	w.record(userEvent(2, "userb", 2))
	live := len(w.b)
	w.record(inst{id: 9, def: section("Event", section("EventData", data("Slack", sub{0, true}))), values: []any{str("secret")}})
	chunk := w.chunk(live)
	binary.LittleEndian.PutUint64(chunk[8:], 1)
	binary.LittleEndian.PutUint64(chunk[16:], 2)
	binary.LittleEndian.PutUint64(chunk[24:], 1)
	binary.LittleEndian.PutUint64(chunk[32:], 2)
	chunk[w.names["EventData"]+4] ^= 0x5a
	log := logFile(chunk, chunk, chunk)
	f, err := Open(bytes.NewReader(log), int64(len(log)))
	if err != nil {
		t.Fatal(err)
	}
	for from := range f.Chunks() { // those before the last
		c, found := NewChunk(&Cache{}), false
		for i := from; i < f.Chunks(); i++ {
			found = false
			for r, err := range f.Records(i, c) {
				if err != nil {
					t.Fatal(err)
				}
				field := r.Layout().Index("Slack")
				found = found || r.Recovered && field >= 0 && r.Len(field) == 1
			}
		}
		if !found {
			t.Errorf("after %d chunks the record in the slack of the next is not read", f.Chunks()-1-from)
		}
	}
}

// bareRecord appends a record whose one element is a template without values, at off of the chunk; or, if there is a definition, at its own.
func bareRecord(b []byte, number uint64, id, off uint32, def []byte) []byte {
	le, start := binary.LittleEndian, len(b)
	b = le.AppendUint64(le.AppendUint32(le.AppendUint32(b, recordMagic), 0), number)
	b = append(le.AppendUint32(le.AppendUint64(b, 0), fragmentHead), tokenTemplate, 1)
	if b = le.AppendUint32(b, id); def != nil {
		off = uint32(len(b) + 4)
	}
	b = append(le.AppendUint32(b, off), def...)
	b = append(le.AppendUint32(b, 0), tokenEnd)
	b = le.AppendUint32(b, uint32(len(b)-start+4))
	le.PutUint32(b[start+4:], uint32(len(b)-start))
	return b
}

// bareChunk returns the chunk of records that stand behind its header in b.
func bareChunk(b []byte, records uint64) []byte {
	return (&logBuilder{b: b, first: 1, next: records + 1, last: chunkHeaderSize, defs: map[*elem]int{}}).chunk(0)
}

// TestNoDefinition reads records of templates that can't be where they are said to be: that is damage once, at 0 too.
func TestNoDefinition(t *testing.T) {
	b := make([]byte, chunkHeaderSize)
	for n := range uint64(40) {
		b = bareRecord(b, n+1, 7, []uint32{0, ChunkSize - 4, 256}[n%3], nil) // of these, 0 and 256 have one entry in Chunk.recent
	}
	records, damage := readAll(t, logFile(bareChunk(b, 40)))
	if len(damage) != 3 || len(records) != 40 {
		t.Errorf("%d records, damage %q", len(records), damage)
	}
}

// TestImagesCounted reads definitions of which the first is short, and others that say the same have much behind their end: the images that
// a Cache holds are no larger than it counts, names included.
func TestImagesCounted(t *testing.T) {
	le := binary.LittleEndian
	definition := func(id uint32, junk int) []byte {
		s := append(le.AppendUint32(nil, fragmentHead), tokenElement)
		s = le.AppendUint32(le.AppendUint32(le.AppendUint16(s, none), 0), 0x178) // its name stands in the chunk's header, and is empty
		s = append(append(s, tokenCloseVoid, tokenEnd), make([]byte, junk)...)
		head := make([]byte, definitionHead)
		le.PutUint32(head[4:], id)
		le.PutUint32(head[20:], uint32(len(s)))
		return append(head, s...)
	}
	var cache Cache
	for _, junk := range []int{0, 40_000} {
		c := NewChunk(&cache)
		for id := range uint32(50) {
			data := logFile(bareChunk(bareRecord(make([]byte, chunkHeaderSize), 1, id+1, 0, definition(id+1, junk)), 1))
			f, err := Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range f.Records(0, c) {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	programs, images := 0, 0
	for i := range *cache.programs.slots.Load() {
		if p := (*cache.programs.slots.Load())[i].entry.Load(); p != nil {
			programs++
			images += p.image.weight()
		}
	}
	if programs != 50 || images > cache.size {
		t.Errorf("%d programs, whose images take %d bytes, are counted as %d", programs, images, cache.size)
	}
}
