package evtx

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// benchmarkLog returns the log that benchmarks read: EVTX_BENCH, or the largest of the corpus.
func benchmarkLog(b *testing.B) []byte {
	b.Helper()
	path := os.Getenv("EVTX_BENCH")
	if path == "" {
		var size int64
		for _, l := range corpusLogs(b) {
			if info, err := os.Stat(l.Path); err == nil && info.Size() > size {
				path, size = l.Path, info.Size()
			}
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%s, %d bytes", filepath.Base(path), len(data))
	return data
}

// BenchmarkReader reads every record of a log: what is there before anybody asks for a value.
func BenchmarkReader(b *testing.B) {
	benchmark(b, func(*Record) {})
}

// BenchmarkValues reads every record and every value of it.
func BenchmarkValues(b *testing.B) {
	n := 0
	benchmark(b, func(r *Record) {
		for i := range r.Layout().Fields {
			for k := range r.Len(i) {
				n += len(r.Value(i, k).Raw)
			}
		}
	})
}

// BenchmarkXML reads every record and writes it as XML, as evtx_dump does.
func BenchmarkXML(b *testing.B) {
	var buf []byte
	benchmark(b, func(r *Record) { buf = r.AppendXML(buf[:0]) })
}

// BenchmarkJSON reads every record and writes it as JSON, as evtx_dump does.
func BenchmarkJSON(b *testing.B) {
	var buf []byte
	benchmark(b, func(r *Record) { buf = r.AppendJSON(buf[:0]) })
}

func benchmark(b *testing.B, use func(*Record)) {
	data := benchmarkLog(b)
	var cache Cache
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	c := NewChunk(&cache)
	c.Templates = f.Templates(&cache)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		for i := range f.Chunks() {
			for r, err := range f.Records(i, c) {
				if err == nil {
					records++
					use(r)
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
}
