package pipeline

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// batchesOf is how many batches workers make of a job in these tests: none of some, more than may wait of others.
func batchesOf(j int) int { return []int{1, 0, 3, 2, 3 * batchesAhead}[j%5] }

// counted returns workers that give the batches of each job, numbered. Between two of them they let others go first.
func counted(n int) (workers []func(int, func([2]int))) {
	for range n {
		workers = append(workers, func(j int, give func([2]int)) {
			for k := range batchesOf(j) {
				for range j * 7 % 11 {
					runtime.Gosched()
				}
				give([2]int{j, k})
			}
		})
	}
	return workers
}

func TestCrewTakesInInOrder(t *testing.T) {
	const jobs = 500
	var want []string
	for j := range jobs {
		for k := range batchesOf(j) {
			want = append(want, fmt.Sprint(j, k))
		}
		want = append(want, fmt.Sprint(j, " done"))
	}
	for _, n := range []int{1, 2, 3, 16} {
		var got []string
		var inside, coming, most atomic.Int32
		var took atomic.Int32
		c := crew[int, [2]int]{
			take: func(j int, b [2]int) error {
				if inside.Add(1) != 1 || b[0] != j {
					t.Errorf("%d workers: batch %v of job %d, %d at once", n, b, j, inside.Load())
				}
				got = append(got, fmt.Sprint(j, b[1]))
				runtime.Gosched()
				inside.Add(-1)
				return nil
			},
			done: func(j int) error { got = append(got, fmt.Sprint(j, " done")); took.Add(1); return nil },
			stop: func() { t.Error("stopped") },
		}
		seq := func(yield func(int) bool) {
			for j := range jobs {
				if coming.Add(1) != 1 {
					t.Error("two ask for the next job at once")
				}
				most.Store(max(most.Load(), int32(j)-took.Load()))
				coming.Add(-1)
				if !yield(j) {
					return
				}
			}
		}
		if err := c.run(seq, counted(n)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers: not in order", n)
		}
		if most.Load() > int32(jobsUnderWay(int(n))) {
			t.Errorf("%d workers: %d jobs under way", n, most.Load())
		}
	}
}

// TestCrewFails lets take and done fail, and panic, at some job: what is under way is brought to its end, nothing more is taken in, and the
// first error is returned.
func TestCrewFails(t *testing.T) {
	broken := errors.New("broken")
	for _, n := range []int{1, 2, 5} {
		for name, fail := range map[string]func() error{
			"error": func() error { return broken },
			"panic": func() error { panic(broken) },
		} {
			for _, inDone := range []bool{false, true} {
				taken, done, stops := 0, 0, 0
				stopped := atomic.Bool{}
				c := crew[int, [2]int]{
					take: func(j int, _ [2]int) error {
						if taken++; !inDone && j == 22 {
							return fail()
						}
						return nil
					},
					done: func(j int) error {
						if done++; inDone && j == 22 {
							return fail()
						}
						return nil
					},
					stop: func() { stops++; stopped.Store(true) },
				}
				began := 0
				seq := func(yield func(int) bool) {
					for j := 0; !stopped.Load() && yield(j); j++ {
						began++
					}
				}
				err := c.run(seq, counted(n))
				if err == nil || !strings.Contains(err.Error(), "broken") || name == "error" && err != broken {
					t.Errorf("%d workers, %s: %v", n, name, err)
				}
				if stops != 1 || done < began || taken > sumOf(23) {
					t.Errorf("%d workers, %s: %d stops, %d of %d done, %d batches", n, name, stops, done, began, taken)
				}
			}
		}
	}
}

func sumOf(jobs int) (n int) {
	for j := range jobs {
		n += batchesOf(j)
	}
	return n
}

func TestCrewWithoutJobs(t *testing.T) {
	c := crew[int, [2]int]{}
	if err := c.run(count(0), counted(3)); err != nil {
		t.Error(err)
	}
}

// TestPanicOfTheSink is not taken for one of the parser's, which would cost the rest of a part only.
func TestPanicOfTheSink(t *testing.T) {
	o := options(folder(t, map[string]string{"a.txt": strings.Repeat("some text\n", 100)}), 2)
	newWorker := func() Worker[[]byte] { return &rendered{} }
	err := Run(t.Context(), o, newWorker, Sink[[]byte]{Batch: func(*File, []byte) error { panic("sunk") }})
	if err == nil || !strings.Contains(err.Error(), "internal fault: sunk") {
		t.Errorf("error is %v", err)
	}
}

// BenchmarkCrew is what it costs to have two goroutines do jobs that are nothing.
func BenchmarkCrew(b *testing.B) {
	c := crew[int, int]{take: func(int, int) error { return nil }, done: func(int) error { return nil }}
	work := func(j int, give func(int)) { give(j) }
	if err := c.run(count(b.N), []func(int, func(int)){work, work}); err != nil {
		b.Fatal(err)
	}
}
