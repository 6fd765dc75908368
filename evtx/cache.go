package evtx

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
)

// Bounds of a Cache. Hostile files can hold any number of definitions; when a bound is met, the cache is emptied and
// fills again.
const (
	maxCachedPrograms = 32 << 20 // bytes, about
	maxCachedLayouts  = 32 << 20
)

// Cache keeps the template definitions and layouts that were seen, so that each is read once. Records of one shape
// have the same *Layout as long as they come through the same Cache. It may be used from several goroutines; its size
// is bounded. The zero Cache is ready.
type Cache struct {
	programs table[program]
	layouts  table[knownLayout]

	emptied  atomic.Uint32         // how often the programs were let go
	mu       adaptive.Mutex        // to put something in
	shapes   map[uint64][]*program // the first of each shape
	next     uint64                // number of the last shape; none is given twice
	numbered uint64                // layouts so far
	size     int                   // of the programs, about
	laid     int                   // of the layouts, about
}

// knownLayout is a layout and the key that it was made for.
type knownLayout struct {
	key    string
	layout *Layout
}

// program returns the program of ops; its memory is its own. The walker that read them, if there is one, gives the form of a record's own
// elements and the image of a definition.
func (c *Cache) program(guid *[16]byte, ops []op, from *walker) *program {
	hash, shape := hashOps(guid, ops)
	same := func(p *program) bool { return p.same(guid, ops) }
	if p := c.programs.find(hash, same); p != nil {
		return p
	}
	p := newProgram(guid, ops)
	switch {
	case from != nil && from.resident:
		p.form, p.resident = from.keep(), true
		p.size += 2*len(from.kept) + 160*len(p.form)
	case from != nil:
		p.image = from.image(p)
		p.size += p.image.weight()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.programs.find(hash, same); p != nil {
		return p
	}
	if c.shapes == nil || c.size > maxCachedPrograms {
		c.shapes, c.size, c.laid = map[uint64][]*program{}, 0, 0
		c.programs.empty()
		c.layouts.empty()
		c.emptied.Add(1)
	}
	c.setShape(p, shape)
	c.programs.put(hash, p)
	c.size += p.size
	return p
}

// setShape gives p the number of its shape.
func (c *Cache) setShape(p *program, hash uint64) {
	for _, known := range c.shapes[hash] {
		if known.alike(p.ops) {
			p.shape = known.shape
			return
		}
	}
	c.next++
	p.shape = c.next
	c.shapes[hash] = append(c.shapes[hash], p)
}

// layout returns the layout with this key, made by build if there is none yet.
func (c *Cache) layout(key []byte, build func() *Layout) *Layout {
	hash := maphash.Bytes(seed, key)
	same := func(k *knownLayout) bool { return k.key == string(key) }
	if k := c.layouts.find(hash, same); k != nil {
		return k.layout
	}
	l := build()
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.layouts.find(hash, same); k != nil {
		return k.layout
	}
	if c.laid > maxCachedLayouts {
		c.layouts.empty()
		c.laid = 0
	}
	c.numbered++
	l.Number = c.numbered
	c.layouts.put(hash, &knownLayout{string(key), l})
	c.laid += l.size + len(key) + 256
	return l
}

// table finds what was put in under a hash. Any number of goroutines may look while one puts in: in nearly all
// looks something is found, and nobody waits for anybody.
type table[E any] struct {
	slots atomic.Pointer[[]tableSlot[E]] // a power of two of them, or nil; at most half of them are taken
	count int
}

type tableSlot[E any] struct {
	hash  uint64 // written before entry is
	entry atomic.Pointer[E]
}

// find returns an entry under a hash that is the same; nil if there is none.
func (t *table[E]) find(hash uint64, same func(*E) bool) *E {
	slots := t.slots.Load()
	if slots == nil {
		return nil
	}
	for i := hash; ; i++ {
		s := &(*slots)[i&uint64(len(*slots)-1)]
		e := s.entry.Load()
		if e == nil || s.hash == hash && same(e) {
			return e
		}
	}
}

func (t *table[E]) put(hash uint64, e *E) {
	slots := t.slots.Load()
	if slots == nil || t.count >= len(*slots)/2 {
		more := make([]tableSlot[E], max(64, 4*t.count))
		if slots != nil {
			for i := range *slots {
				if s := &(*slots)[i]; s.entry.Load() != nil {
					occupy(more, s.hash, s.entry.Load())
				}
			}
		}
		slots = &more
		t.slots.Store(slots)
	}
	occupy(*slots, hash, e)
	t.count++
}

func occupy[E any](slots []tableSlot[E], hash uint64, e *E) {
	i := hash
	for ; slots[i&uint64(len(slots)-1)].entry.Load() != nil; i++ {
	}
	s := &slots[i&uint64(len(slots)-1)]
	s.hash = hash
	s.entry.Store(e)
}

func (t *table[E]) empty() {
	t.slots.Store(nil)
	t.count = 0
}
