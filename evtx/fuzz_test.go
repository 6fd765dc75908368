package evtx

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
	"testing"
)

// seedChunks are chunks of every shape that Windows writes, and a few that it doesn't.
func seedChunks() [][]byte {
	resident := newLog()
	resident.record(section("Event", section("System", section("EventID", num16(1))),
		section("EventData", data("A", "x"), data("", cdata("y"), char('!'), entity("amp")), data("C", Value{TypeBinXML, []byte{0, 0}}))))
	resident.record(section("Event", inst{id: 0xd0d0, def: dataDef, values: []any{str("u"), num32(1)}}))
	for i := range uint16(5) {
		name := "v" + string('0'+rune(i/2))
		resident.record(section("Event", section("System", section("EventID", num16(i))), section("EventData", data(name, name+"!"), data("B", num16(i)))))
	}

	values := newLog()
	for typ := TypeNull; typ <= TypeXML; typ++ {
		size := max(8, int(itemSizes[typ]))
		v, list := Value{typ, bytes.Repeat([]byte{1, 0}, size/2)}, Value{typ | arrayBit, bytes.Repeat([]byte{1, 0}, size)}
		if typ != TypeBinXML {
			values.record(event(uint64(typ), inst{id: 0xd0d0, def: dataDef, values: []any{v, list}}))
		}
	}

	nested := newLog()
	wrap := section("UserData", sub{0, true}, section("B", sub{1, false}))
	nested.record(event(1, inst{id: 3, def: wrap, values: []any{inst{id: 3, def: wrap, values: []any{strs("a\x00b\x00"), num16(1)}}, null()}}))

	slack := sampleLog(4)
	return [][]byte{sampleLog(3).chunk(0), resident.chunk(0), values.chunk(0), nested.chunk(0), slack.chunk(slack.last), likeItsOwn(), make([]byte, ChunkSize)}
}

// check reads a log in every way there is, and holds what it yields to: places inside of the file, bounded text that is
// sound, and the same answer twice: the second time without what is remembered of records and chunks before, and out of
// memory that is lent.
func check(t testing.TB, in []byte) {
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		var cache Cache
		c := NewChunk(&cache)
		forget := func() {
			if out == &second {
				clear(c.known[:])
				clear(c.residents[:])
				clear(c.layouts[:])
			}
		}
		var file io.ReaderAt = bytes.NewReader(in)
		if out == &second {
			lender := &lender{t: t, Reader: bytes.NewReader(in), log: in}
			defer lender.back()
			file = lender
		}
		if f, err := Open(file, int64(len(in))); err == nil {
			c.Templates = f.Templates(&cache)
			for i := range f.Chunks() {
				for r, err := range f.Records(i, c) {
					checkRecord(t, r, err, int64(len(in)), out)
					forget()
				}
				c.ChecksumsOK()
			}
		}
		c.Templates = nil
		for r, err := range Carve(bytes.NewReader(in), int64(len(in)), c) {
			checkRecord(t, r, err, int64(len(in)), out)
			forget()
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Fatal("not the same answer twice")
	}
}

// lender lends the bytes of a log for one call of Records each: then it looks whether they are what they were, and makes them
// useless.
type lender struct {
	*bytes.Reader
	t         testing.TB
	log, lent []byte
	at        int64
}

func (l *lender) Borrow(off int64, n int) []byte {
	l.back()
	l.at, l.lent = off, bytes.Clone(l.log[off:off+int64(n)])
	return l.lent
}

func (l *lender) back() {
	if !bytes.Equal(l.lent, l.log[l.at:l.at+int64(len(l.lent))]) {
		l.t.Fatalf("what was lent at 0x%x was changed", l.at)
	}
	for i := range l.lent {
		l.lent[i] = 0xff
	}
}

func checkRecord(t testing.TB, r *Record, err error, size int64, out *bytes.Buffer) {
	if err != nil {
		d, ok := err.(*Damage)
		if !ok || d.Offset < 0 || d.Offset > size {
			t.Fatalf("damage outside of the file: %v", err)
		}
		out.WriteString(err.Error())
		return
	}
	if r.Offset < 0 || r.Offset+int64(r.Size) > size {
		t.Fatalf("record at %d, %d bytes of %d", r.Offset, r.Size, size)
	}
	seen := map[string]bool{}
	for i, f := range r.Layout().Fields {
		if seen[f.Name] {
			t.Fatalf("two fields %q", f.Name)
		}
		seen[f.Name] = true
		for k := range r.Len(i) {
			out.Write(r.Value(i, k).AppendText(nil))
		}
	}
	checkPlaces(t, r)
	checkPieces(t, r)
	line := r.AppendJSON(nil)
	if !json.Valid(line) || len(line) > 2*maxOutput {
		t.Fatalf("not JSON, or too long (%d): %.300s", len(line), line)
	}
	xml := r.AppendXML(nil)
	if len(xml) > 2*maxOutput {
		t.Fatalf("%d bytes of XML", len(xml))
	}
	out.Write(line)
	out.Write(xml)
}

// checkPlaces compares the fast way to the values of a record with the plain one.
func checkPlaces(t testing.TB, r *Record) {
	fields := r.Layout().Fields
	numbers, places := make([]int32, len(fields)), make([]Place, len(fields))
	for i := range numbers {
		numbers[i] = int32(i)
	}
	r.Places(places, numbers)
	checkHead(t, r, places)
	var types [256]uint8
	for i := range types {
		types[i] = uint8(i)
	}
	tagged := make([]Tagged, len(fields))
	r.Tagged(tagged, numbers, &types)
	for i, p := range places {
		n := r.Len(i)
		if v := r.At(p); Type(tagged[i].Tag) != Type(v.Tag(&types)) || !v.IsNull() && !bytes.Equal(tagged[i].Bytes, v.Raw) || v.IsNull() && tagged[i].Bytes != nil {
			t.Fatalf("field %q is %x of type %d, tagged %x and %d", fields[i].Name, v.Raw, v.Type, tagged[i].Bytes, tagged[i].Tag)
		}
		switch typ := p.Type(); {
		case typ == TypeAbsent && n == 0, typ == TypeSeveral && n > 1, typ == TypeElsewhere && n == 1:
		case typ == TypeAbsent, typ == TypeSeveral, typ == TypeElsewhere, n != 1:
			t.Fatalf("field %q has %d values and type %d", fields[i].Name, n, typ)
		default:
			if v, want := r.At(p), r.plain(i); v.Type != want.Type || !bytes.Equal(v.Raw, want.Raw) {
				t.Fatalf("field %q is %x of type %d, not %x of type %d", fields[i].Name, v.Raw, v.Type, want.Raw, want.Type)
			}
		}
		if n > 0 {
			if v, want := r.Value(i, 0), r.plain(i); v.Type != want.Type || !bytes.Equal(v.Raw, want.Raw) {
				t.Fatalf("field %q is %x of type %d, not %x of type %d", fields[i].Name, v.Raw, v.Type, want.Raw, want.Type)
			}
		}
	}
}

// checkHead compares what says what a record is with the same fields, at places.
func checkHead(t testing.TB, r *Record, places []Place) {
	var h Head
	r.Head(&h)
	for k, field := range r.Layout().headFields() {
		p := h[k]
		v := r.First(p, field)
		want := Value{Type: TypeAbsent}
		if field >= 0 && places[field].Type() != TypeAbsent {
			want = r.plain(field)
		}
		if v.Type != want.Type || !bytes.Equal(v.Raw, want.Raw) {
			t.Fatalf("field %d is %x of type %d, not %x of type %d", field, v.Raw, v.Type, want.Raw, want.Type)
		}
	}
}

// likeItsOwn is a chunk with a template, and then a record whose own elements are just like it and hold a template behind a value.
func likeItsOwn() []byte {
	like := func(provider, x, rest any) *elem {
		return &elem{name: "Event", body: []any{
			section("System", &elem{name: "Provider", attrs: []attr{{"Name", []any{provider}}}, void: true}),
			section("EventData", data("X", x), rest),
		}}
	}
	w := newLog()
	w.record(inst{def: like(sub{0, false}, sub{1, false}, sub{2, false}), values: []any{str("Provider"), str("first"), null()}})
	w.record(like("Provider", "second", inst{id: 0xd0d0, def: data("Y", sub{0, false}), values: []any{str("third")}}))
	return w.chunk(0)
}

// TestPieces holds that the texts of such a record are in the pieces, too.
func TestPieces(t *testing.T) {
	log := logFile(likeItsOwn())
	f, err := Open(bytes.NewReader(log), int64(len(log)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range f.Records(0, NewChunk(&Cache{})) {
		checkRecord(t, r, err, int64(len(log)), &bytes.Buffer{})
		n++
	}
	if n != 2 {
		t.Errorf("%d records", n)
	}
}

var textKeys atomic.Uint64

// checkPieces holds that all texts of a record lie in the pieces that AnyText shows, or are shown by themselves.
func checkPieces(t testing.TB, r *Record) {
	shows := func(piece func([]byte) bool) (texts [][]byte, more bool) {
		more = r.AnyText(textKeys.Add(1), nil, piece, func(text []byte) bool {
			texts = append(texts, text)
			return false
		})
		return texts, more
	}
	covered := make([]bool, len(r.chunk.data))
	at := func(b []byte) int { // in the chunk
		if from := len(r.chunk.data) - cap(b); len(b) > 0 && from >= 0 && &r.chunk.data[from] == &b[0] {
			return from
		}
		return -1
	}
	alone, odd := shows(func(piece []byte) bool {
		from := at(piece)
		for i := from; i < from+len(piece); i++ {
			covered[i] = true
		}
		return false
	})
	if odd {
		return // texts are shown up to one that is of another kind
	}
	texts, odd := shows(nil)
	if odd {
		t.Fatal("there is text of another kind, and pieces were believed")
	}
	for _, text := range texts {
		from := at(text)
		inPiece := from >= 0 && !slices.Contains(covered[from:from+len(text)], false)
		if !inPiece && !slices.ContainsFunc(alone, func(a []byte) bool { return bytes.Equal(a, text) }) {
			t.Fatalf("%q is in no piece", text)
		}
	}
}

// plain returns the first value of a field, item by item.
func (r *Record) plain(field int) Value {
	f := &r.guide.layout.Fields[field]
	for i := range f.items {
		if r.itemLen(&f.items[i]) > 0 {
			return r.itemValue(&f.items[i], 0)
		}
	}
	return Value{}
}

// FuzzFile reads any bytes as a log.
func FuzzFile(f *testing.F) {
	n := 0
	for _, c := range seedChunks() {
		// Fuzzing is much faster with small inputs: what follows the records of a chunk is left out, and read as zero.
		end := max(chunkHeaderSize, int(binary.LittleEndian.Uint32(c[48:])))
		f.Add(logFile(c[:min(end+600, ChunkSize)]))
		f.Add(c[:end])
		n++
	}
	if n == 0 {
		f.Fatal("no seed")
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 4*ChunkSize {
			return
		}
		check(t, in)
	})
}

// FuzzChunk reads any bytes as the records of one sound chunk.
func FuzzChunk(f *testing.F) {
	n := 0
	for _, c := range seedChunks() {
		f.Add(c[chunkHeaderSize:max(chunkHeaderSize, int(binary.LittleEndian.Uint32(c[48:])))])
		n++
	}
	if n == 0 {
		f.Fatal("no seed")
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		w := newLog()
		if len(in) > ChunkSize-chunkHeaderSize {
			return
		}
		w.b = append(w.b, in...)
		w.next = 1 << 40
		check(t, logFile(w.chunk(0)))
	})
}

// damaged returns a copy of a log with damage of one of five kinds.
func damaged(rnd *rand.Rand, b []byte, kind int) []byte {
	b = bytes.Clone(b)
	switch kind % 5 {
	case 0: // bytes changed
		for range 1 + rnd.IntN(400) {
			b[rnd.IntN(len(b))] = byte(rnd.Uint32())
		}
	case 1: // cut
		b = b[:1+rnd.IntN(len(b)-1)]
	case 2: // shifted
		b = b[1+rnd.IntN(len(b)-1):]
	case 3: // lengths made huge
		for range 20 {
			copy(b[rnd.IntN(len(b)-8):], [][]byte{{0xff, 0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0x7f}, {0, 0, 0, 0}, {1, 0, 0, 0x80}}[rnd.IntN(4)])
		}
	default: // pieces moved
		from, to, n := rnd.IntN(len(b)), rnd.IntN(len(b)), 1+rnd.IntN(5000)
		copy(b[to:], bytes.Clone(b[from:min(from+n, len(b))]))
	}
	return b
}

// TestDamagedCopies reads damaged copies of logs: those that tests build, and where the corpus is there, 400 of its.
func TestDamagedCopies(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	t.Logf("the seed is %d", seed) // shown on failure
	own := logFile(seedChunks()...)
	for i := range 50 {
		check(t, damaged(rnd, own, i))
	}
	if testing.Short() {
		return
	}
	if _, err := os.Stat(sharedCorpus); err != nil {
		t.Log("the shared corpus is not unpacked at .shared/corpus: only built logs were damaged")
		return
	}
	logs := corpusLogs(t)
	for i := range 400 {
		b, err := os.ReadFile(logs[rnd.IntN(len(logs))].Path)
		if err != nil || len(b) > 2<<20 {
			continue
		}
		readDamaged(t, damaged(rnd, b, i))
	}
}

// readDamaged reads a log once, in both ways.
func readDamaged(t testing.TB, in []byte) {
	var out bytes.Buffer
	var cache Cache
	c := NewChunk(&cache)
	if f, err := Open(bytes.NewReader(in), int64(len(in))); err == nil {
		c.Templates = f.Templates(&cache)
		for i := range f.Chunks() {
			for r, err := range f.Records(i, c) {
				out.Reset()
				checkRecord(t, r, err, int64(len(in)), &out)
			}
		}
		return
	}
	for r, err := range Carve(bytes.NewReader(in), int64(len(in)), c) {
		out.Reset()
		checkRecord(t, r, err, int64(len(in)), &out)
	}
}
