package sigma

import (
	"math/bits"
	"slices"
)

// The correlator's state lies in slabs and arenas: large pieces of memory without pointers, in which everything is found by
// a number, its handle. 0 is no handle. So a group costs no more than its bytes, the garbage collector has
// nothing to look at, and what is given back is used again.

// slab holds values of one type.
type slab[T any] struct {
	chunks [][]T
	free   []uint32
	next   uint32 // the first handle that was never used
}

const slabBits = 8 // values of a chunk, as a power of two

func (s *slab[T]) alloc() uint32 {
	if n := len(s.free); n > 0 {
		h := s.free[n-1]
		s.free = s.free[:n-1]
		var zero T
		*s.at(h) = zero
		return h
	}
	s.next = max(s.next, 1)
	if int(s.next>>slabBits) == len(s.chunks) {
		s.chunks = append(s.chunks, make([]T, 1<<slabBits))
	}
	s.next++
	return s.next - 1
}

func (s *slab[T]) release(h uint32) { s.free = append(s.free, h) }

// at gives the value of a handle. It stays where it is until it is released.
func (s *slab[T]) at(h uint32) *T { return &s.chunks[h>>slabBits][h&(1<<slabBits-1)] }

// live counts the values that are held.
func (s *slab[T]) live() int { return int(max(s.next, 1)) - 1 - len(s.free) }

// arena holds blocks of elements. A block's size is of a class: 1, 2, 3, 4, 6, 8, 12, 16, ... units, so at most a third of it is
// idle. A chunk holds blocks of one class; one that is empty is let go, so that many blocks of one size
// leave room for many of another.
type arena[T uint32 | byte] struct {
	unit   int // elements of a unit
	chunks []chunk[T]
	unused []uint32          // numbers of chunks that were let go
	room   [classes][]uint32 // chunks of a class with room, the last first
}

type chunk[T uint32 | byte] struct {
	data      []T
	size      int      // elements of a block
	free      []uint16 // places that were given back, in units
	top, live int      // in units, in blocks
	class     int
	listed    bool // in room
}

const (
	chunkBits  = 12 // units of a chunk, as a power of two: a handle is a chunk's number and a place in it
	chunkUnits = 1 << chunkBits
	bigUnits   = chunkUnits / 8 // blocks that are larger have a chunk of their own
	classes    = 64
	maxChunks  = 1 << (32 - chunkBits)
)

// classOf returns the smallest class of at least n units, unitsOf its size.
func classOf(n int) int {
	if n <= 2 {
		return max(n, 1) - 1
	}
	k := bits.Len(uint(n - 1))
	if 3<<(k-2) >= n {
		return 2 * (k - 1)
	}
	return 2*k - 1
}

func unitsOf(class int) int {
	switch {
	case class == 0:
		return 1
	case class%2 == 0:
		return 3 << (class/2 - 1)
	}
	return 1 << ((class + 1) / 2)
}

// alloc returns a block of at least n elements. What it holds is left from others.
func (a *arena[T]) alloc(n int) uint32 {
	class := classOf((n + a.unit - 1) / a.unit)
	rooms := a.room[class]
	if len(rooms) == 0 {
		number := a.newChunk(class)
		if unitsOf(class) > bigUnits {
			return number << chunkBits
		}
		a.room[class] = append(a.room[class], number)
		rooms = a.room[class]
	}
	number := rooms[len(rooms)-1]
	c := &a.chunks[number]
	c.live++
	at := c.top
	if n := len(c.free); n > 0 {
		at = int(c.free[n-1])
		c.free = c.free[:n-1]
	} else {
		c.top += unitsOf(class)
	}
	if len(c.free) == 0 && c.top+unitsOf(class) > chunkUnits {
		c.listed = false
		a.room[class] = rooms[:len(rooms)-1]
	}
	return number<<chunkBits | uint32(at)
}

func (a *arena[T]) newChunk(class int) uint32 {
	if len(a.chunks) == 0 {
		a.chunks = append(a.chunks, chunk[T]{}) // 0 is no handle
	}
	var number uint32
	if n := len(a.unused); n > 0 {
		number = a.unused[n-1]
		a.unused = a.unused[:n-1]
	} else {
		number = uint32(len(a.chunks))
		a.chunks = append(a.chunks, chunk[T]{})
	}
	size := unitsOf(class)
	c := chunk[T]{size: size * a.unit, class: class, listed: true}
	if size > bigUnits {
		c.data, c.live, c.listed = make([]T, size*a.unit), 1, false
	} else {
		c.data = make([]T, chunkUnits*a.unit)
	}
	a.chunks[number] = c
	return number
}

func (a *arena[T]) release(h uint32) {
	if h == 0 {
		return
	}
	number := h >> chunkBits
	c := &a.chunks[number]
	c.live--
	big := unitsOf(c.class) > bigUnits
	if c.live == 0 && (big || len(a.room[c.class]) > 1) {
		if i := slices.Index(a.room[c.class], number); i >= 0 {
			a.room[c.class] = slices.Delete(a.room[c.class], i, i+1)
		}
		*c = chunk[T]{}
		a.unused = append(a.unused, number)
		return
	}
	c.free = append(c.free, uint16(h&(chunkUnits-1)))
	if !c.listed {
		c.listed = true
		a.room[c.class] = append(a.room[c.class], number)
	}
}

// at gives a block: all the elements that its class has room for. It stays where it is until it is released.
func (a *arena[T]) at(h uint32) []T {
	if h == 0 {
		return nil
	}
	c := &a.chunks[h>>chunkBits]
	from := int(h&(chunkUnits-1)) * a.unit
	return c.data[from : from+c.size : from+c.size]
}

// grow returns a block with room for n elements that begins with the first used ones of h, which is given back.
func (a *arena[T]) grow(h uint32, used, n int) uint32 {
	old := a.at(h)
	if len(old) >= n {
		return h
	}
	bigger := a.alloc(n)
	copy(a.at(bigger), old[:used])
	a.release(h)
	return bigger
}

// full says whether handles run out.
func (a *arena[T]) full() bool { return len(a.chunks)-len(a.unused) > maxChunks-1024 }

// live counts the blocks that are held.
func (a *arena[T]) live() (n int) {
	for i := range a.chunks {
		n += a.chunks[i].live
	}
	return n
}
