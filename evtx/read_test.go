package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// described is what a test wants to know of a record.
type described struct {
	ID        uint64
	Recovered bool
	Orphan    bool
	Fields    string
}

func describe(r *Record) described {
	var b strings.Builder
	for i, f := range r.Layout().Fields {
		if f.Section == SectionSystem && f.Name != "EventID" && f.Name != "Computer" {
			continue
		}
		n := r.Len(i)
		if n == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(f.Name + "=")
		for k := range n {
			if k > 0 {
				b.WriteByte('|')
			}
			b.Write(r.Value(i, k).AppendText(nil))
		}
	}
	return described{r.ID, r.Recovered, r.Orphan, b.String()}
}

// readAll reads a log with one Cache and Chunk.
func readAll(t testing.TB, data []byte) (records []described, damage []string) {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var cache Cache
	c := NewChunk(&cache)
	c.Templates = f.Templates(&cache)
	for i := range f.Chunks() {
		for r, err := range f.Records(i, c) {
			if err != nil {
				damage = append(damage, err.Error())
			} else {
				records = append(records, describe(r))
			}
		}
	}
	return records, damage
}

func usual(id uint64, i int) described {
	return described{ID: id, Fields: fmt.Sprintf("User=user%c Count=%d EventID=4711 Computer=host1.example.com", 'a'+i%26, i)}
}

func recovered(d described) described {
	d.Recovered = true
	return d
}

func TestRecords(t *testing.T) {
	records, damage := readAll(t, logFile(sampleLog(3).chunk(0)))
	want := []described{usual(1, 0), usual(2, 1), usual(3, 2)}
	if diff := cmp.Diff(want, records); diff != "" || damage != nil {
		t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
	}
}

func TestHeader(t *testing.T) {
	data := logFile(sampleLog(1).chunk(0))
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	want := Header{LastChunk: 0, Minor: 1, Major: 3, BlockSize: 4096, ChunkCount: 1, ChecksumOK: true}
	if diff := cmp.Diff(want, f.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	var cache Cache
	c := NewChunk(&cache)
	if err := f.ReadChunk(0, c); err != nil {
		t.Fatal(err)
	}
	if head, records := c.ChecksumsOK(); !head || !records {
		t.Errorf("checksums of a sound chunk: header %t, records %t", head, records)
	}
	c.data[600]++
	if head, records := c.ChecksumsOK(); !head || records {
		t.Errorf("checksums of a changed record: header %t, records %t", head, records)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		err  error
	}{
		{"empty", nil, ErrTruncated},
		{"short", []byte(fileMagic), ErrTruncated},
		{"other", make([]byte, 4096), ErrCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Open(bytes.NewReader(tt.data), int64(len(tt.data))); !errors.Is(err, tt.err) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// TestDirty reads a log whose headers were written before its records.
func TestDirty(t *testing.T) {
	t.Run("chunk_beyond_count", func(t *testing.T) {
		second := newLog()
		second.first, second.next = 4, 4
		second.record(userEvent(4, "usera", 0))
		data := logFile(sampleLog(1).chunk(0), second.chunk(0))
		data[42] = 1
		records, damage := readAll(t, data)
		if diff := cmp.Diff([]described{usual(1, 0), usual(4, 0)}, records); diff != "" || damage != nil {
			t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
		}
	})
	t.Run("records_beyond_count", func(t *testing.T) {
		w := sampleLog(2)
		live := len(w.b)
		w.record(userEvent(3, "userc", 2))
		records, damage := readAll(t, logFile(w.chunk(live)))
		if diff := cmp.Diff([]described{usual(1, 0), usual(2, 1), recovered(usual(3, 2))}, records); diff != "" || damage != nil {
			t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
		}
	})
	t.Run("free_space_too_far", func(t *testing.T) {
		w := sampleLog(2)
		w.next += 5 // the header counts records that were never written
		records, damage := readAll(t, logFile(w.chunk(60000)))
		if diff := cmp.Diff([]described{usual(1, 0), usual(2, 1)}, records); diff != "" || damage != nil {
			t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
		}
	})
	t.Run("empty_chunk", func(t *testing.T) {
		records, damage := readAll(t, logFile(make([]byte, ChunkSize), sampleLog(1).chunk(0)))
		if diff := cmp.Diff([]described{usual(1, 0)}, records); diff != "" || damage != nil {
			t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
		}
	})
}

// TestDamage reads logs with a damaged place. What is sound elsewhere is read as before.
func TestDamage(t *testing.T) {
	three := func() ([]byte, []int) {
		w := newLog()
		var at []int
		for i := range 3 {
			at = append(at, len(w.b))
			w.record(userEvent(w.next, "user"+string(rune('a'+i)), uint32(i)))
		}
		return w.chunk(0), at
	}
	all := []described{usual(1, 0), usual(2, 1), usual(3, 2)}
	for _, tt := range []struct {
		name   string
		harm   func(chunk []byte, at []int)
		damage []string
		want   []described
	}{
		{"chunk_magic", func(c []byte, _ []int) { c[0] = 'X' }, []string{`read chunk 0 at 0x1000: corrupt: "XlfChnk\x00" instead of a chunk`},
			[]described{recovered(all[0]), recovered(all[1]), recovered(all[2])}},
		{"record_magic", func(c []byte, at []int) { c[at[1]] = 'X' }, []string{"find a record at 0x1648: corrupt: 0x00002a58 instead of a record"},
			[]described{all[0], recovered(all[2])}},
		{"record_size", func(c []byte, at []int) { c[at[1]+6] = 0xff }, []string{"find a record at 0x1648: corrupt: a record of 16711808 bytes"},
			[]described{all[0], recovered(all[2])}},
		{"definition", func(c []byte, at []int) { c[at[0]+recordHeaderSize+4+10+definitionHead+4] = 0x7f },
			[]string{"read a record at 0x1200: read the template definition at 0x226 of the chunk: token 0x7f at 0x242 of the chunk: corrupt: no such token"},
			[]described{recovered(all[0]), recovered(all[1]), recovered(all[2])}},
		{"value_size", func(c []byte, at []int) { c[at[1]+recordHeaderSize+19] = 0xff },
			[]string{"read a record at 0x1648: truncated: value 0 of a template ends at 0x10588 of the chunk, the record at 0x6c4"},
			[]described{all[0], {2, true, true, ""}, all[2]}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			chunk, at := three()
			tt.harm(chunk, at)
			records, damage := readAll(t, logFile(chunk, sampleLog(1).chunk(0)))
			if diff := cmp.Diff(append(tt.want, usual(1, 0)), records); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.damage, damage); diff != "" {
				t.Errorf("damage (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCutChunk reads a log whose last chunk is cut.
func TestCutChunk(t *testing.T) {
	w := sampleLog(3)
	data := logFile(w.chunk(0))
	records, damage := readAll(t, data[:FileHeaderSize+w.last+10])
	if diff := cmp.Diff([]described{recovered(usual(1, 0)), recovered(usual(2, 1))}, records); diff != "" || len(damage) != 1 {
		t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
	}
}

// TestLostTemplate reads a record whose own definition is gone: from elsewhere in the file, or without names.
func TestLostTemplate(t *testing.T) {
	lost := func(id uint32) []byte {
		w := sampleLog(1)
		live := len(w.b)
		e := userEvent(2, "userb", 1)
		inner := e.values[3].(inst)
		inner.id, inner.lost = id, true
		e.values[3] = inner
		w.record(e)
		return w.chunk(live)
	}
	for _, tt := range []struct {
		name string
		id   uint32
		want described
	}{
		{"elsewhere", 0xd0d0, recovered(usual(2, 1))},
		{"nowhere", 0xbad, described{2, true, true, "value_0=userb value_1=1 EventID=4711 Computer=host1.example.com"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			records, damage := readAll(t, logFile(lost(tt.id)))
			if diff := cmp.Diff([]described{usual(1, 0), tt.want}, records); diff != "" || damage != nil {
				t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
			}
		})
	}
}

// TestLostSystem reads a record whose outer definition is lost, but whose values are in the usual order.
func TestLostSystem(t *testing.T) {
	sid := Value{TypeSID, []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}}
	u8 := func(n byte) Value { return Value{TypeUint8, []byte{n}} }
	values := []any{
		u8(4), u8(1), num16(7), num16(4624), null(), Value{TypeHexInt64, bytes64(1)}, Value{TypeFileTime, bytes64(testTime)},
		null(), num32(640), num32(8), num64(99), u8(2), sid, null(), str("Example-Provider"), null(), str("Security"),
		inst{id: 0xd0d0, def: dataDef, values: []any{str("userb"), num32(1)}},
	}
	w := newLog()
	w.record(inst{id: 0xbad, def: eventDef, values: values, lost: true})
	records, damage := readAll(t, logFile(w.chunk(chunkHeaderSize)))
	want := []described{{1, true, true, "User=userb Count=1 EventID=4624"}}
	if diff := cmp.Diff(want, records); diff != "" || damage != nil {
		t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
	}
}

// TestSameIdentifier reads two definitions with one identifier.
func TestSameIdentifier(t *testing.T) {
	other := &elem{name: "EventData", body: []any{&elem{name: "Data", attrs: []attr{{"Name", []any{"Path"}}}, body: []any{sub{0, false}}}}}
	w := newLog()
	w.record(userEvent(1, "usera", 0))
	w.record(event(2, inst{id: 0xd0d0, def: other, values: []any{str("C:\\")}}))
	w.record(userEvent(3, "userc", 2))
	records, damage := readAll(t, logFile(w.chunk(0)))
	want := []described{usual(1, 0), {ID: 2, Fields: `Path=C:\ EventID=4711 Computer=host1.example.com`}, usual(3, 2)}
	if diff := cmp.Diff(want, records); diff != "" || damage != nil {
		t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
	}
}

// TestSameLayout holds records of one shape to one layout, in any chunk and through any reader of a Cache.
func TestSameLayout(t *testing.T) {
	other := newLog() // in another order, so that names and definitions lie elsewhere
	other.record(event(1, null()))
	other.record(userEvent(2, "userb", 1))
	data := logFile(sampleLog(2).chunk(0), other.chunk(0))
	f, _ := Open(bytes.NewReader(data), int64(len(data)))
	var cache Cache
	seen := map[*Layout]int{}
	for range 2 {
		c := NewChunk(&cache)
		for i := range f.Chunks() {
			for r, err := range f.Records(i, c) {
				if err != nil {
					t.Fatal(err)
				}
				seen[r.Layout()]++
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d layouts for two shapes", len(seen))
	}
}

// TestAlike holds definitions that differ in literals alone to one layout, which gives each record its own literals;
// what names a Data element tells layouts apart.
func TestAlike(t *testing.T) {
	def := func(name, kind, text string) inst {
		body := data(name, text, sub{0, false})
		return inst{id: 1, def: section("Event", section("EventData", body, &elem{name: "Kind", attrs: []attr{{"Of", []any{kind}}}})), values: []any{num16(7)}}
	}
	w := newLog()
	w.record(def("A", "k1", "x"))
	w.record(def("A", "k2", "y"))
	w.record(def("B", "k1", "x"))
	log := logFile(w.chunk(0))
	f, _ := Open(bytes.NewReader(log), int64(len(log)))
	var cache Cache
	var fields []string
	var layouts []*Layout
	for r, err := range f.Records(0, NewChunk(&cache)) {
		if err != nil {
			t.Fatal(err)
		}
		fields, layouts = append(fields, describe(r).Fields), append(layouts, r.Layout())
	}
	if diff := cmp.Diff([]string{"A=x7 Kind_Of=k1", "A=y7 Kind_Of=k2", "B=x7 Kind_Of=k1"}, fields); diff != "" {
		t.Fatalf("fields (-want +got):\n%s", diff)
	}
	if layouts[0] != layouts[1] || layouts[0] == layouts[2] {
		t.Errorf("layouts %p, %p and %p: the first two are to be one", layouts[0], layouts[1], layouts[2])
	}
}

func TestCarve(t *testing.T) {
	chunk, second := sampleLog(3).chunk(0), sampleLog(2).chunk(0)
	lone := sampleLog(3)
	all := []described{recovered(usual(1, 0)), recovered(usual(2, 1)), recovered(usual(3, 2))}
	for _, tt := range []struct {
		name string
		data []byte
		want []described
	}{
		{"nothing", bytes.Repeat([]byte("no log at all "), 20000), nil},
		{"empty", nil, nil},
		{"shifted_chunks", bytes.Join([][]byte{make([]byte, 777), chunk, second}, nil), append(append([]described(nil), all...), all[:2]...)},
		{"beginning_of_chunk_lost", chunk[100:], all},
		{"cut_chunk_before_chunk", append(append([]byte(nil), chunk[:lone.last]...), chunk...), append(append([]described(nil), all[:2]...), all...)},
		{"lone_record", append(make([]byte, 70000), lone.b[lone.last:]...), []described{
			{3, true, true, "system_value_0=4711 system_value_1=3 system_value_2=2026-03-01T12:00:00.0000000Z value_0=userc value_1=2"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var cache Cache
			var got []described
			for r, err := range Carve(bytes.NewReader(tt.data), int64(len(tt.data)), NewChunk(&cache)) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, describe(r))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMovedChunk reads a log from which bytes were taken in the middle, so that its chunks no longer lie where they
// should.
func TestMovedChunk(t *testing.T) {
	data := logFile(sampleLog(2).chunk(0), sampleLog(3).chunk(0), sampleLog(1).chunk(0))
	cut := FileHeaderSize + 40000
	data = append(data[:cut:cut], data[cut+1000:]...)
	records, damage := readAll(t, data)
	want := []described{usual(1, 0), usual(2, 1), recovered(usual(1, 0)), recovered(usual(2, 1)), recovered(usual(3, 2)), recovered(usual(1, 0))}
	if diff := cmp.Diff(want, records); diff != "" || len(damage) != 2 {
		t.Errorf("damage %v, records (-want +got):\n%s", damage, diff)
	}
}
