package evtx

import (
	"slices"
	"sync"
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
	mu       sync.RWMutex
	programs map[uint64][]*program
	shapes   map[uint64][]*program // the first of each shape
	layouts  map[string]*Layout
	next     uint64 // number of the last shape; none is given twice
	numbered uint64 // layouts so far
	size     int    // of the programs, about
	laid     int    // of the layouts, about
}

// program returns the program of ops; its memory is its own. The walker that read them, if there is one, gives its form.
func (c *Cache) program(guid *[16]byte, ops []op, from *walker) *program {
	hash, shape := hashOps(guid, ops)
	c.mu.RLock()
	p := c.find(hash, guid, ops)
	c.mu.RUnlock()
	if p != nil {
		return p
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.find(hash, guid, ops); p != nil {
		return p
	}
	if c.programs == nil || c.size > maxCachedPrograms {
		c.programs, c.shapes, c.size = map[uint64][]*program{}, map[uint64][]*program{}, 0
		c.layouts, c.laid = map[string]*Layout{}, 0
	}
	number, fresh := c.shape(shape, ops)
	p = newProgram(number, guid, ops)
	if fresh {
		c.shapes[shape] = append(c.shapes[shape], p)
	}
	if from != nil {
		p.form, p.resident = from.keep(), from.resident
		p.size += 160 * len(p.form)
	}
	c.programs[hash] = append(c.programs[hash], p)
	c.size += p.size
	return p
}

// shape returns the number of the shape of ops, and whether it is new.
func (c *Cache) shape(hash uint64, ops []op) (n uint64, fresh bool) {
	for _, p := range c.shapes[hash] {
		if p.alike(ops) {
			return p.shape, false
		}
	}
	c.next++
	return c.next, true
}

func (c *Cache) find(hash uint64, guid *[16]byte, ops []op) *program {
	list := c.programs[hash]
	if i := slices.IndexFunc(list, func(p *program) bool { return p.same(guid, ops) }); i >= 0 {
		return list[i]
	}
	return nil
}

// layout returns the layout with this key, made by build if there is none yet.
func (c *Cache) layout(key []byte, build func() *Layout) *Layout {
	c.mu.RLock()
	l := c.layouts[string(key)]
	c.mu.RUnlock()
	if l != nil {
		return l
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.layouts[string(key)]; l != nil {
		return l
	}
	if c.layouts == nil || c.laid > maxCachedLayouts {
		c.layouts, c.laid = map[string]*Layout{}, 0
	}
	l = build()
	c.numbered++
	l.Number = c.numbered
	c.layouts[string(key)] = l
	c.laid += l.size + len(key) + 256
	return l
}
