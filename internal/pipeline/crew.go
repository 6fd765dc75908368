package pipeline

import (
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
)

// crew does jobs on several goroutines, and takes in what they give in the order in which the jobs come.
//
// No goroutine is there to bring the jobs, or to take in, alone: whoever has done a job takes in what is due, sees to it that
// there is something for it to do, and does that. So hardly anybody has to be woken while there is work, and what was
// just read for a job still lies in the caches of the processor that does it: a worker does what it brought itself as long as there is
// such a job, and others' only if there is nothing else to do.
type crew[J, B any] struct {
	take func(J, B) error // takes in a batch, unless something failed before; take and done are called by one goroutine at a time
	done func(J) error    // after the last batch of a job, always
	stop func()           // called when one of them has failed; what is under way then is brought to its end

	by     func(J) int      // says which of the workers brought a job; nil: who was at next when it came
	next   func() (J, bool) // called by one goroutine at a time
	ahead  int              // with how many jobs that it brought, and that wait, a worker brings no more
	most   int              // how many are under way in all, with those that are not taken in
	failed error

	mu      sync.Mutex
	changed sync.Cond
	told    atomic.Uint32 // how often something changed
	awake   bool          // somebody waits for that without sleeping; the others sleep
	order   []*job[J, B]  // that are not taken in
	waiting int           // how many of them nobody began
	coming  bool          // somebody is at next
	bringer int           // who that is
	ended   bool          // there are no more
	taking  bool          // somebody is at take or done
}

// jobsAhead is with how many jobs that it brought one of n workers brings no more: enough for the time in which others are at next, since two parts
// come of one reading, which takes as long as to parse one. What is read for a single worker lies in the caches still if no more waits.
func jobsAhead(n int) int {
	if n == 1 {
		return 1
	}
	return 3
}

// jobsUnderWay is how many jobs of n workers are under way in all, with those that wait to be taken in: one may take many times as long
// as those that come after it, as the first of a run do, in which all is new.
func jobsUnderWay(n int) int { return 8*n + 16 }

// job is something to do, and what came of it and was not taken in yet.
type job[J, B any] struct {
	what    J
	by      int  // who brought it
	begun   bool // by somebody
	batches []B
	ended   bool
}

// Who has done a job yields. There is seldom anybody to yield to, but the runtime then sees that its goroutines are no such as
// have to be interrupted: one that runs for ten milliseconds is stopped by a signal, and where that meets it in a call of the system,
// another thread gets its place, and it has to be woken up elsewhere. Half of all switches between threads came of that.

// run does all jobs and returns the first error of take and done. Each worker has a goroutine; it gives batches of a job to its second
// argument, which waits while too many of that job wait.
func (c *crew[J, B]) run(jobs iter.Seq[J], workers []func(J, func(B))) error {
	next, stop := iter.Pull(jobs)
	defer stop()
	c.next, c.changed.L = next, &c.mu
	c.ahead, c.most = jobsAhead(len(workers)), jobsUnderWay(len(workers))
	var all sync.WaitGroup
	for me, work := range workers {
		all.Go(func() { c.work(me, work) })
	}
	all.Wait()
	return c.failed
}

func (c *crew[J, B]) work(me int, do func(J, func(B))) {
	c.mu.Lock()
	for {
		switch {
		case c.due():
			c.takeIn()
		case !c.coming && !c.ended && len(c.order) < c.most && c.has(me) < c.ahead:
			c.fetch(me)
		case c.waiting > 0:
			j := c.begin(me)
			c.mu.Unlock()
			do(j.what, func(b B) { c.give(j, b) })
			runtime.Gosched() // see above
			c.mu.Lock()
			j.ended = true
		case c.ended: // what others are at, they take in
			c.mu.Unlock()
			return
		default:
			c.wait()
		}
	}
}

// first returns which of the jobs in order is the first that waits and was brought by a worker; -1 if there is none.
func (c *crew[J, B]) first(by int) int {
	return slices.IndexFunc(c.order, func(j *job[J, B]) bool { return !j.begun && j.by == by })
}

// has returns how many jobs that a worker brought wait.
func (c *crew[J, B]) has(by int) (n int) {
	for _, j := range c.order {
		if !j.begun && j.by == by {
			n++
		}
	}
	return n
}

// begin returns a job that waits, the first that the worker brought if there is one.
func (c *crew[J, B]) begin(me int) *job[J, B] {
	i := c.first(me)
	if i < 0 {
		i = slices.IndexFunc(c.order, func(j *job[J, B]) bool { return !j.begun })
	}
	c.order[i].begun = true
	c.waiting--
	return c.order[i]
}

// fetch waits for the next job. Like takeIn it is called, and returns, with c.mu locked, and unlocks it in between.
func (c *crew[J, B]) fetch(me int) {
	c.coming, c.bringer = true, me
	c.mu.Unlock()
	what, ok := c.next()
	c.mu.Lock()
	c.coming, c.ended = false, !ok
	if ok {
		j := &job[J, B]{what: what, by: me}
		if c.by != nil {
			j.by = c.by(what)
		}
		c.order = append(c.order, j)
		c.waiting++
	}
	c.tell()
}

// tell says to all who wait that something has changed.
func (c *crew[J, B]) tell() {
	c.told.Add(1)
	c.changed.Broadcast()
}

// wait waits until something may have changed, with c.mu unlocked.
func (c *crew[J, B]) wait() {
	told := c.told.Load()
	if !c.awake {
		c.awake = true
		c.mu.Unlock()
		adaptive.Wait(func() bool { return c.told.Load() != told })
		c.mu.Lock()
		c.awake = false
	}
	if c.told.Load() == told {
		c.changed.Wait()
	}
}

// due says that something is to be taken in and nobody is at it.
func (c *crew[J, B]) due() bool {
	return !c.taking && len(c.order) > 0 && (c.order[0].ended || len(c.order[0].batches) > 0)
}

// takeIn takes in what is due until nothing is.
func (c *crew[J, B]) takeIn() {
	for c.due() {
		j := c.order[0]
		c.taking = true
		if len(j.batches) > 0 {
			b := j.batches[0]
			j.batches = slices.Delete(j.batches, 0, 1)
			c.unlocked(func() error {
				if c.failed != nil {
					return nil
				}
				return c.take(j.what, b)
			})
		} else {
			c.unlocked(func() error { return c.done(j.what) })
			c.order = slices.Delete(c.order, 0, 1)
		}
		c.taking = false
		c.tell()
	}
}

// unlocked does something without the lock. A panic is an error like others: a worker's own recovery would take it for one of the
// worker's.
func (c *crew[J, B]) unlocked(do func() error) {
	c.mu.Unlock()
	defer c.mu.Lock()
	var err error
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("internal fault: %v\n%s", fault, debug.Stack())
		}
		if err != nil && c.failed == nil {
			c.failed = err
			c.stop()
		}
	}()
	err = do()
}

// give hands on a batch of a job, and takes it in if it is its turn: it lies in the cache still.
func (c *crew[J, B]) give(j *job[J, B], b B) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j.batches = append(j.batches, b)
	for {
		if c.due() {
			c.takeIn()
		}
		if len(j.batches) < batchesAhead {
			return
		}
		c.wait()
	}
}
