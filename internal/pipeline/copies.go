package pipeline

import (
	"bytes"
	"iter"

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

// hitGroup holds the hits of one time and file.
type hitGroup struct {
	buf       []byte
	entries   []Entry
	recovered bool
}

// add takes e into the group; false if it belongs to another one.
func (g *hitGroup) add(e Entry) bool {
	if len(g.entries) > 0 && (!bytes.Equal(g.entries[0].Key[:detect.PlaceSize], e.Key[:detect.PlaceSize]) || len(g.entries) >= maxCopies || len(g.buf) >= maxCopyBytes) {
		return false
	}
	from := len(g.buf)
	g.buf = append(append(g.buf, e.Key...), e.Data...)
	held := g.buf[from:]
	g.entries = append(g.entries, Entry{held[:len(e.Key):len(e.Key)], held[len(e.Key):]})
	_, recovered := detect.RecordOf(e.Data)
	g.recovered = g.recovered || recovered
	return true
}

// flush hands the group on, without its copies, and empties it.
func (g *hitGroup) flush(yield func(Entry, error) bool) bool {
	type record struct {
		engine, rule int
		id           uint64
	}
	var live map[record]bool
	of := func(e Entry) (record, bool) {
		id, recovered := detect.RecordOf(e.Data)
		engine, rule := detect.KeyRule(e.Key)
		return record{engine, rule, id}, recovered
	}
	if g.recovered {
		live = map[record]bool{}
		for _, e := range g.entries {
			if r, recovered := of(e); !recovered {
				live[r] = true
			}
		}
	}
	for _, e := range g.entries {
		if g.recovered {
			if r, recovered := of(e); recovered && live[r] {
				continue
			}
		}
		if !yield(e, nil) {
			return false
		}
	}
	g.buf, g.entries, g.recovered = g.buf[:0], g.entries[:0], false
	return true
}
