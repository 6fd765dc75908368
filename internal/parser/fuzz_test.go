package parser

import (
	"bytes"
	"testing"
)

// FuzzParsers holds every parser to: no crash, offsets inside the file, the same answer twice, and the same
// answer whole and in two parts. Its seeds are the inputs under testdata; without any it fails.
func FuzzParsers(f *testing.F) {
	seeds := samples(f)
	if len(seeds) == 0 {
		f.Fatal("no seeds under testdata")
	}
	number := map[*Parser]byte{}
	for i, p := range All() {
		number[p] = byte(i)
	}
	for _, s := range seeds {
		f.Add(number[s.parser], s.data)
	}
	f.Fuzz(func(t *testing.T, number byte, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		p := All()[int(number)%len(All())]
		s := sample{p, "input", data}
		p.Match("input", data[:min(len(data), HeadSize)])
		first := collect(t, p, s.input())
		if again := collect(t, p, s.input()); !bytes.Equal(first.golden(), again.golden()) {
			t.Fatalf("%s: the second reading differs", p.Name)
		}
		if len(data) > 1 && s.lines() {
			if parts := s.cut(t, len(data)/2); !bytes.Equal(first.golden(), parts.golden()) {
				t.Fatalf("%s: two parts differ from the whole", p.Name)
			}
		}
	})
}
