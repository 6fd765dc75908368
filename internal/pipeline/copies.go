package pipeline

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/detect"
)

// maxCopies bounds the hits of one time and file that are held to look for copies; beyond it all of them pass.
const maxCopies = 10_000

// maxCopyBytes bounds what these hits may hold together: hostile records are long.
const maxCopyBytes = 32 << 20

// withoutCopies leaves out the hits in recovered records that are older copies of a live record: a log that was
// rewritten keeps such copies in its slack, and counting them would make two failed logons of one. Copies have the same
// time, file, rule and record number.
func withoutCopies(entries iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		g := &hitGroup{}
		for e, err := range entries {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if !g.add(e) && (!g.flush(yield) || !g.add(e)) {
				return
			}
		}
		g.flush(yield)
	}
}

// hitGroup holds the entries of one time and file.
type hitGroup struct {
	block     []byte   // keys and data, one behind the other
	free      [][]byte // blocks of groups before
	full      [][]byte // blocks before this one
	bytes     int
	entries   []Entry
	hits      int
	recovered bool
	twice     bool // two entries have the same key
}

// groupBlock is the size of a block. Most groups are one record; where a damaged log has one time for all of them, they fill many.
const groupBlock = 64 << 10

// add takes e into the group; false if it belongs to another one.
func (g *hitGroup) add(e Entry) bool {
	if n := len(g.entries); n > 0 {
		before := g.entries[n-1].Key
		if !bytes.Equal(before[:detect.PlaceSize], e.Key[:detect.PlaceSize]) || g.hits >= maxCopies || g.bytes >= maxCopyBytes {
			return false
		}
		g.twice = g.twice || bytes.Equal(before, e.Key)
	}
	held := append(append(g.room(len(e.Key)+len(e.Data)), e.Key...), e.Data...)
	g.bytes += len(held)
	g.entries = append(g.entries, Entry{held[:len(e.Key):len(e.Key)], held[len(e.Key):]})
	_, recovered, hits := detect.RecordOf(e.Data)
	g.recovered = g.recovered || recovered
	g.hits += hits
	return true
}

// room returns memory for size bytes, empty.
func (g *hitGroup) room(size int) []byte {
	if size > groupBlock/4 {
		return make([]byte, 0, size) // little of a block is left over
	}
	if cap(g.block)-len(g.block) < size {
		if g.block != nil {
			g.full = append(g.full, g.block)
		}
		if n := len(g.free); n > 0 {
			g.block, g.free = g.free[n-1], g.free[:n-1]
		} else {
			g.block = make([]byte, 0, groupBlock)
		}
	}
	from := len(g.block)
	g.block = g.block[:from+size]
	return g.block[from:from:len(g.block)]
}

// flush hands the group on, without its copies, and empties it.
func (g *hitGroup) flush(yield func(Entry, error) bool) bool {
	if g.recovered {
		g.leaveOutCopies()
	}
	if g.twice {
		g.interleave()
	}
	for _, e := range g.entries {
		if !yield(e, nil) {
			return false
		}
	}
	clear(g.entries) // what a long group held
	for _, b := range g.full {
		g.free = append(g.free, b[:0])
	}
	clear(g.full)
	*g = hitGroup{block: g.block[:0], free: g.free, full: g.full[:0], entries: g.entries[:0]}
	return true
}

// hitOf is what a copy has in common with its record.
type hitOf struct {
	engine, rule int
	id           uint64
}

// leaveOutCopies takes the copies out of the group.
func (g *hitGroup) leaveOutCopies() {
	live := map[hitOf]bool{}
	for _, e := range g.entries {
		if id, recovered, _ := detect.RecordOf(e.Data); !recovered {
			eachHit(e.Data, func(engine, rule int) { live[hitOf{engine, rule, id}] = true })
		}
	}
	kept := g.entries[:0]
	for _, e := range g.entries {
		id, recovered, hits := detect.RecordOf(e.Data)
		if recovered {
			data, left := detect.AppendSome(nil, e.Data, func(engine, rule int) bool { return !live[hitOf{engine, rule, id}] })
			if left == 0 {
				continue
			}
			if left < hits {
				e.Data = data
			}
		}
		kept = append(kept, e)
	}
	g.entries = kept
}

// interleave puts the hits of entries with the same key in order of engine and rule: each becomes an entry of its own.
// That is two records at one place of one file, which only damage makes.
func (g *hitGroup) interleave() {
	type single struct {
		Entry
		engine, rule int
	}
	var all []Entry
	for len(g.entries) > 0 {
		n := 1
		for n < len(g.entries) && bytes.Equal(g.entries[0].Key, g.entries[n].Key) {
			n++
		}
		same := g.entries[:n]
		g.entries = g.entries[n:]
		if n == 1 {
			all = append(all, same...)
			continue
		}
		var singles []single
		for _, e := range same {
			at := 0
			eachHit(e.Data, func(engine, rule int) {
				n := 0
				data, _ := detect.AppendSome(nil, e.Data, func(_, _ int) bool { n++; return n-1 == at })
				singles = append(singles, single{Entry{e.Key, data}, engine, rule})
				at++
			})
		}
		slices.SortStableFunc(singles, func(a, b single) int { return cmp.Or(cmp.Compare(a.engine, b.engine), cmp.Compare(a.rule, b.rule)) })
		for _, s := range singles {
			all = append(all, s.Entry)
		}
	}
	g.entries = all
}

func eachHit(data []byte, do func(engine, rule int)) {
	detect.AppendSome(nil, data, func(engine, rule int) bool { do(engine, rule); return false })
}
