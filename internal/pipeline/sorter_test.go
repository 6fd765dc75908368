package pipeline

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestSorter(t *testing.T) {
	for _, memory := range []int64{1, 300, 5000, 1 << 20} {
		t.Run(fmt.Sprint(memory), func(t *testing.T) { sortRandom(t, memory) })
	}
}

func sortRandom(t *testing.T, memory int64) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	s := &Sorter{Memory: memory, Dir: dir}
	n := 500 // with 1 byte of memory a run for each entry, so that runs are merged several times
	var want []Entry
	var texts []string
	for i := range n {
		key := strings.Repeat("long", 6*r.IntN(2)) + fmt.Sprintf("%03d", r.IntN(50)) // some differ only behind their beginning
		data := fmt.Sprintf("%06d%s", i, bytes.Repeat([]byte{'x'}, r.IntN(40)))
		want = append(want, Entry{[]byte(key), []byte(data)})
		if err := s.Add([]byte(key), []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortStableFunc(want, func(a, b Entry) int { return bytes.Compare(a.Key, b.Key) })
	for _, e := range want {
		texts = append(texts, string(e.Key)+string(e.Data))
	}
	for range 2 { // it can be walked again
		sameOrder(t, s, texts)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d temporary files are left", len(left))
	}
}

func sameOrder(t *testing.T, s *Sorter, want []string) {
	t.Helper()
	var got []string
	for e, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(e.Key)+string(e.Data))
	}
	if !slices.Equal(got, want) {
		t.Errorf("order differs:\n got %q\nwant %q", got, want)
	}
}

// TestSorterKilled leaves nothing behind where an open file can lose its name, even without Close.
func TestSorterKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file keeps its name here")
	}
	dir := t.TempDir()
	s := &Sorter{Memory: 1, Dir: dir}
	defer s.Close()
	for i := range 5 {
		if err := s.Add([]byte{byte(5 - i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%d files stand in the folder, %v", len(left), err)
	}
	sameOrder(t, s, []string{"\x01", "\x02", "\x03", "\x04", "\x05"})
}
