package simd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// testWords are words of every length.
func testWords() *Words {
	words := &Words{}
	for i := range words {
		words[i].Size = copy(words[i].Text[:], fmt.Sprintf("%d %032d", i, i)[:i%33])
	}
	return words
}

// plainUnmark writes what Unmark would write of all of the text, byte by byte.
func plainUnmark(text []byte, words *Words) (dst []byte) {
	for len(text) > 0 {
		if c := text[0]; c == 0 || c > MarkLeads {
			dst, text = append(dst, c), text[1:]
			continue
		}
		w := &words[int(text[0]-1)*256+int(text[1])]
		dst, text = append(dst, w.Text[:w.Size]...), text[2:]
	}
	return dst
}

// TestUnmark compares Unmark with its plain twin, and looks at what lies behind the room that it has.
func TestUnmark(t *testing.T) {
	if !Available {
		t.Skip("not for this processor")
	}
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	words := testWords()
	for range 50000 {
		var text []byte
		for n := rnd.IntN(200); len(text) < n; {
			switch rnd.IntN(20) {
			case 0, 1:
				text = append(text, byte(1+rnd.IntN(MarkLeads)), byte(rnd.IntN(256)))
			case 2:
				text = append(text, byte(rnd.IntN(MarkLeads+1)), byte(rnd.IntN(256))) // perhaps zero
			default:
				text = append(text, byte(0x20+rnd.IntN(0xe0)))
			}
		}
		room := rnd.IntN(600)
		const guard = 0x5a
		dst := bytes.Repeat([]byte{guard}, room+32)
		written, read := Unmark(dst[:room], text, words)
		want := plainUnmark(text[:read], words)
		zero := bytes.IndexByte(text[read:min(len(text), read+1)], 0) == 0
		switch {
		case !bytes.Equal(dst[:written], want):
			t.Fatalf("seed %d: %q of %q, plain %q", seed, dst[:written], text[:read], want)
		case !zero && len(text)-read >= 34 && room-written >= 64:
			t.Fatalf("seed %d: it stopped at %d of %q, with %d of %d written", seed, read, text, written, room)
		case !bytes.Equal(dst[room:], bytes.Repeat([]byte{guard}, 32)):
			t.Fatalf("seed %d: it wrote behind the room", seed)
		}
	}
}

func BenchmarkUnmark(b *testing.B) {
	words := testWords()
	var text []byte
	for i := range 24 {
		text = append(append(text, 1, byte(i+10)), `"C:\\Windows\\System32\\x.exe"`[:4+i]...)
	}
	dst := make([]byte, 4096)
	whole := len(plainUnmark(text, words))
	b.Run("wide", func(b *testing.B) {
		b.SetBytes(int64(whole))
		for b.Loop() {
			Unmark(dst, text, words)
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(whole))
		for b.Loop() {
			plainUnmark(text, words)
		}
	})
}
