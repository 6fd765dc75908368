package evtxwriter

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goshawk-ir/goshawk/evtx"
)

// scalars are the types that a random field may have, each with a random value and its text.
var scalars = []struct {
	t    Type
	make func(r *rand.Rand) (any, string)
}{
	{String, func(r *rand.Rand) (any, string) { s := randomText(r); return s, s }},
	{Ansi, func(r *rand.Rand) (any, string) { s := strings.Repeat("ansi ", r.IntN(9)) + "."; return s, s }},
	{Int8, func(r *rand.Rand) (any, string) { n := int8(r.Uint32()); return n, fmt.Sprint(n) }},
	{Uint8, func(r *rand.Rand) (any, string) { n := uint8(r.Uint32()); return n, fmt.Sprint(n) }},
	{Int16, func(r *rand.Rand) (any, string) { n := int16(r.Uint32()); return n, fmt.Sprint(n) }},
	{Uint16, func(r *rand.Rand) (any, string) { n := uint16(r.Uint32()); return n, fmt.Sprint(n) }},
	{Int32, func(r *rand.Rand) (any, string) { n := int32(r.Uint32()); return n, fmt.Sprint(n) }},
	{Uint32, func(r *rand.Rand) (any, string) { n := r.Uint32(); return n, fmt.Sprint(n) }},
	{Int64, func(r *rand.Rand) (any, string) { n := int64(r.Uint64()); return n, fmt.Sprint(n) }},
	{Uint64, func(r *rand.Rand) (any, string) { n := r.Uint64(); return n, fmt.Sprint(n) }},
	{Bool, func(r *rand.Rand) (any, string) { b := r.IntN(2) == 1; return b, fmt.Sprint(b) }},
	{Binary, func(r *rand.Rand) (any, string) {
		b := make([]byte, 1+r.IntN(40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b, fmt.Sprintf("%X", b)
	}},
	{GUIDType, func(r *rand.Rand) (any, string) {
		var g GUID
		for i := range g {
			g[i] = byte(r.Uint32())
		}
		return g, "{" + strings.ToLower(g.String()) + "}"
	}},
	{Size, func(r *rand.Rand) (any, string) { n := r.Uint64(); return n, fmt.Sprintf("0x%x", n) }},
	{FileTime, func(r *rand.Rand) (any, string) {
		t := time.Unix(r.Int64N(4e9), r.Int64N(1e7)*100).UTC()
		return t, t.Format("2006-01-02T15:04:05.0000000Z")
	}},
	{SIDType, func(r *rand.Rand) (any, string) {
		s := fmt.Sprintf("S-1-5-21-%d-%d-%d", r.Uint32(), r.Uint32(), r.Uint32())
		return SID(s), s
	}},
	{Hex32, func(r *rand.Rand) (any, string) { n := r.Uint32(); return n, fmt.Sprintf("0x%x", n) }},
	{Hex64, func(r *rand.Rand) (any, string) { n := r.Uint64(); return n, fmt.Sprintf("0x%x", n) }},
}

func randomText(r *rand.Rand) string {
	letters := []rune("aZ09 -<>&\"'\\/\t äß€漢🦅")
	var b strings.Builder
	b.WriteByte('.')
	for range r.IntN(60) {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// FuzzRoundTrip writes events of random shapes with random values and reads them back.
func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, uint16(40*seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, events uint16) {
		r := rand.New(rand.NewPCG(seed, 7))
		type kind struct {
			s     *Shape
			makes []func(*rand.Rand) (any, string)
		}
		var kinds []kind
		for i := range 1 + r.IntN(6) {
			k := kind{s: &Shape{Form: Form(r.IntN(3)), Provider: fmt.Sprintf("Provider-%d", i), GUID: GUID{byte(i + 1)}, EventID: uint16(i + 1), Channel: "Example"}}
			if r.IntN(3) == 0 {
				k.s.UserData, k.s.Namespace = "Body", "Example_NS"
			}
			for j := range 1 + r.IntN(12) {
				c := scalars[r.IntN(len(scalars))]
				k.s.Fields = append(k.s.Fields, Field{Name: fmt.Sprintf("field%d", j), Type: c.t, Counted: r.IntN(2) == 0})
				k.makes = append(k.makes, c.make)
			}
			kinds = append(kinds, k)
		}
		var want []map[string]string
		log := writeLog(t, Options{Computer: "PC1", FirstID: 10}, func(w *Writer) {
			for range events % 1200 {
				k := kinds[r.IntN(len(kinds))]
				e, fields := Event{Shape: k.s, Time: testTime}, map[string]string{}
				for j, m := range k.makes {
					v, text := m(r)
					if r.IntN(10) == 0 {
						v, text = nil, ""
					}
					e.Values = append(e.Values, v)
					fields[fmt.Sprintf("field%d", j)] = text
				}
				appendEvent(t, w, e)
				want = append(want, fields)
			}
		})
		if d := cmp.Diff(want, readBack(t, log, 10)); d != "" {
			t.Errorf("seed %d (-written +read):\n%s", seed, d)
		}
	})
}

// readBack gives the bodies of a log's records, whose ids must count up from first.
func readBack(t *testing.T, log []byte, first uint64) []map[string]string {
	t.Helper()
	f, err := evtx.Open(bytes.NewReader(log), int64(len(log)))
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	c := evtx.NewChunk(&evtx.Cache{})
	for i := range f.Chunks() {
		for r, err := range f.Records(i, c) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Recovered || r.ID != first+uint64(len(out)) {
				t.Fatalf("record %d: recovered %v, expected %d", r.ID, r.Recovered, first+uint64(len(out)))
			}
			fields := map[string]string{}
			for j, field := range r.Layout().Fields {
				if field.Section != evtx.SectionSystem && strings.HasPrefix(field.Name, "field") {
					fields[field.Name] = string(r.Value(j, 0).AppendText(nil))
				}
			}
			out = append(out, fields)
		}
	}
	return out
}
