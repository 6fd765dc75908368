package evtx

import (
	"encoding/binary"

	"github.com/goshawk-ir/goshawk/internal/adaptive"
)

// Templates finds template definitions elsewhere in a log, for recovered records that have outlived their own. It may be
// used from several goroutines.
type Templates struct {
	mu    adaptive.Mutex
	log   *File // nil where there is none, or no more of it
	next  int   // chunk to be read when none before it has the definition that is asked for
	cache *Cache
	byID  map[uint32][]*program
}

// maxTemplateChunks is how many chunks are searched for definitions: a log repeats them in each of its chunks.
const maxTemplateChunks = 128

// Templates returns the definitions of the log's first chunks.
func (f *File) Templates(cache *Cache) *Templates { return &Templates{log: f, cache: cache} }

// find returns a definition with this identifier and number of values; nil if there is none. Windows writes exactly the
// values that a definition asks for.
func (t *Templates) find(id uint32, count int) *program {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var c *Chunk
	for {
		for _, p := range t.byID[id] {
			if p.values == count {
				return p
			}
		}
		if t.log == nil || t.next >= min(t.log.Chunks(), maxTemplateChunks) {
			t.log = nil
			return nil
		}
		if c == nil {
			c = NewChunk(t.cache)
		}
		if t.log.ReadChunk(t.next, c) == nil {
			c.eachDefinition(t.add)
		}
		t.next++
	}
}

// keep adds a definition.
func (t *Templates) keep(p *program) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(p)
}

// add remembers a definition. Of one identifier a few different ones are kept.
func (t *Templates) add(p *program) {
	id := binary.LittleEndian.Uint32(p.guid[:])
	if t.byID == nil {
		t.byID = map[uint32][]*program{}
	}
	have := t.byID[id]
	for _, q := range have {
		if q == p || q.same(&p.guid, p.ops) { // which it is, unless the cache was emptied in between
			return
		}
	}
	if len(have) < 4 && len(t.byID) < 1<<14 {
		t.byID[id] = append(have, p)
	}
}

// eachDefinition hands on the definitions that the chunk's table lists.
func (c *Chunk) eachDefinition(add func(*program)) {
	le := binary.LittleEndian
	for left, k := 256, 384; k < chunkHeaderSize; k += 4 {
		for off := le.Uint32(c.data[k:]); left > 0 && off >= chunkHeaderSize && int64(off) <= ChunkSize-definitionHead; left-- {
			if p, err := c.program(le.Uint32(c.data[off+4:]), off); err == nil {
				add(p)
			}
			off = le.Uint32(c.data[off:])
		}
	}
}
