package parser

import (
	"bytes"
	"os"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

// BenchmarkEVTX reads a log through the parser, writes its records, as events does, and asks for ten fields of each as they
// lie in the evidence, as hunt does.
func BenchmarkEVTX(b *testing.B) {
	path := os.Getenv("EVTX_BENCH")
	if path == "" {
		b.Skip("EVTX_BENCH names no log")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	p := ByName("evtx")
	in := &evidence.Input{ReaderAt: bytes.NewReader(data), Origin: &event.Origin{Path: "a.evtx"}, Size: int64(len(data)), To: int64(len(data))}
	var fields []int32
	raws := make([]event.Raw, 10)
	for _, form := range []struct {
		name string
		use  func(r *event.Record, buf []byte) []byte
	}{
		{"read", func(_ *event.Record, buf []byte) []byte { return buf }},
		{"json", func(r *event.Record, buf []byte) []byte { return r.AppendJSON(buf) }},
		{"raw", func(r *event.Record, buf []byte) []byte {
			fields = fields[:0]
			for i := range min(len(r.Schema.Fields), 10) {
				fields = append(fields, int32(i))
			}
			r.Values.(event.RawValues).Raw(raws[:len(fields)], fields)
			return buf
		}},
	} {
		b.Run(form.name, func(b *testing.B) {
			b.SetBytes(in.Size)
			b.ReportAllocs()
			records := 0
			var buf []byte
			for b.Loop() {
				for r, err := range p.Parse(in) {
					if err == nil {
						records++
						buf = form.use(r, buf[:0])
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
		})
	}
}
