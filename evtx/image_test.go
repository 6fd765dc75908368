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
	recognised := 0
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
			recognised++
		}
	}
	if recognised < 100 {
		t.Errorf("%d bytes", recognised)
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
