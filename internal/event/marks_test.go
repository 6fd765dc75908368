package event

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/simd"
)

// textValues has one text in each field but every seventh, which has none, and every fifth, which has two.
type textValues []string

func (v textValues) Len(field int) int {
	switch {
	case field%7 == 6:
		return 0
	case field%5 == 4:
		return 2
	}
	return 1
}

func (v textValues) At(field, k int) Value {
	return Value{Kind: Text, Raw: []byte(v[(field+k)%len(v)])}
}

// recordOf returns a record with fields of these names.
func recordOf(names []string, values textValues) *Record {
	s := &Schema{}
	for i, name := range names {
		s.Fields = append(s.Fields, Field{Name: name, Envelope: i%11 == 10})
	}
	return &Record{Schema: s, Values: values}
}

// freshMarks lets a test have all marks for itself.
func freshMarks(t *testing.T) {
	numbers, keys := marks.numbers, marks.keys
	marks.numbers, marks.keys = nil, simd.Words{}
	t.Cleanup(func() { marks.numbers, marks.keys = numbers, keys })
}

// TestMarked marks fields and spells them again: with few names, and with more than there are marks.
func TestMarked(t *testing.T) {
	values := textValues{"x", "", "a value of some length, of more than one step", "\x00\x01\x1f\x7f \"quoted\" \\", "Größe €", strings.Repeat("long", 300)}
	rnd := rand.New(rand.NewPCG(1, 2))
	freshMarks(t)
	for round := range 1000 {
		var names []string
		for range rnd.IntN(60) {
			name := fmt.Sprintf("Name%d", rnd.IntN(10000))
			switch rnd.IntN(10) {
			case 0:
				name = strings.Repeat(name, 4) // a key of more than 32 bytes
			case 1:
				name += "\x01\x02 <ü>"
			case 2:
				name = ""
			}
			names = append(names, name)
		}
		r := recordOf(names, values)
		want := r.AppendFields([]byte("before "))
		text := r.AppendMarked(nil)
		if got := AppendUnmarked([]byte("before "), text); !bytes.Equal(got, want) {
			t.Fatalf("round %d: %q comes out as\n%s\nand is\n%s", round, text, got, want)
		}
		if got := AppendUnmarked(make([]byte, 0, 4<<10), text); !bytes.Equal(got, want[len("before "):]) {
			t.Fatalf("round %d: with room at once, %q comes out as\n%s\nand is\n%s", round, text, got, want)
		}
	}
	if n := len(marks.numbers); n != len(marks.keys) {
		t.Errorf("%d of %d marks were used", n, len(marks.keys))
	}
}

// TestUnmarkedDamage spells what nobody wrote.
func TestUnmarkedDamage(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		text := make([]byte, rnd.IntN(100))
		for i := range text {
			text[i] = byte(rnd.IntN(256))
			if rnd.IntN(2) == 0 {
				text[i] = byte(rnd.IntN(0x20))
			}
		}
		if out := AppendUnmarked(nil, text); len(out) < 1 || len(out) > 2+len(text)*len(simd.Word{}.Text) {
			t.Fatalf("%d bytes of %q", len(out), text)
		}
	}
}

// TestMarkedAtOnce marks and spells from several goroutines, which give marks to the same names.
func TestMarkedAtOnce(t *testing.T) {
	freshMarks(t)
	var all sync.WaitGroup
	for k := range 4 {
		all.Go(func() {
			for i := range 300 {
				r := recordOf([]string{fmt.Sprint("a", i), fmt.Sprint("b", i%7), fmt.Sprint("c", k)}, textValues{"some text of a value, and more of it", ""})
				if got, want := AppendUnmarked(nil, r.AppendMarked(nil)), r.AppendFields(nil); !bytes.Equal(got, want) {
					t.Errorf("%s comes out as %s", want, got)
					return
				}
			}
		})
	}
	all.Wait()
}
