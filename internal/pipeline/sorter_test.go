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

// TestSorters sorts with several sorters at once what is appended in their own memory by somebody who wants more room for a while, less than
// there was, or more than a block has: all of it comes out in order, and of entries with one key those of the first sorter first.
func TestSorters(t *testing.T) {
	const seed = 11
	r := rand.New(rand.NewPCG(seed, 1))
	for _, memory := range []int64{1, 700, 40 << 10} {
		dir := t.TempDir()
		sorters := make([]*Sorter, 3)
		said := make([][]Entry, len(sorters))
		for i := range sorters {
			sorters[i] = &Sorter{Memory: memory, Dir: dir, Runs: 3 + i}
			for range 120 {
				key := fmt.Appendf(nil, "%02d", r.IntN(60))
				data := bytes.Repeat([]byte{byte('a' + i)}, r.IntN(30)+r.IntN(2)*r.IntN(3*usualEntry))
				b := append(sorters[i].Begin(), key...)
				switch r.IntN(3) {
				case 0:
					b = slices.Grow(b, r.IntN(3*blockSize))
				case 1:
					b = append(b, data...)[:len(key)] // appended, and thought better of
				}
				if err := sorters[i].End(append(b, data...), len(key)); err != nil {
					t.Fatal(err)
				}
				said[i] = append(said[i], Entry{key, data})
			}
		}
		var want, got []string
		for _, e := range slices.SortedStableFunc(slices.Values(slices.Concat(said...)), func(a, b Entry) int { return bytes.Compare(a.Key, b.Key) }) {
			want = append(want, string(e.Key)+string(e.Data))
		}
		for e, err := range allOf(sorters) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(e.Key)+string(e.Data))
		}
		if !slices.Equal(got, want) {
			t.Errorf("memory %d: %d entries, %d expected, or another order", memory, len(got), len(want))
		}
		if err := closeAll(sorters); err != nil {
			t.Fatal(err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%d temporary files are left", len(left))
		}
	}
}

// TestSorterHasFewRuns merges runs of all levels: however much is sorted, few are left.
func TestSorterHasFewRuns(t *testing.T) {
	for _, most := range []int{1, 2, 3, 16} {
		s := &Sorter{Memory: 1, Dir: t.TempDir(), Runs: most}
		const n = 700 // a run each
		for i := range n {
			if err := s.Add(fmt.Appendf(nil, "%04d", n-i), nil); err != nil {
				t.Fatal(err)
			}
		}
		levels := s.runs[0].level + 1
		if len(s.runs) > levels*max(most, 2) || levels < 3 {
			t.Errorf("%d runs, the first merged %d times, at most %d of a level", len(s.runs), levels-1, most)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSorterThatFailed yields nothing but the error once a run could not be written.
func TestSorterThatFailed(t *testing.T) {
	dir := t.TempDir()
	s := &Sorter{Memory: 700, Dir: dir}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	var failed error
	for i := 0; failed == nil && i < 100; i++ {
		failed = s.Add([]byte{byte(i)}, make([]byte, 100))
	}
	if failed == nil || s.Add([]byte("more"), nil) == nil {
		t.Fatal("no error")
	}
	for e, err := range allOf([]*Sorter{{}, s}) {
		if err == nil {
			t.Errorf("an entry: %q", e.Key)
		}
	}
}
