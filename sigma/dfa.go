package sigma

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// dfa says whether an expression matches somewhere in a text, one table look-up a character. It is built while it runs: a
// state is the set of places in the expression at which a match may stand, made when it is first reached, as in RE2
// (Cox, "Regular expression matching in the wild", 2010). Characters that the expression does not tell apart are one class.
//
// It serves one goroutine. Its memory is bounded, and that of all those of a Matcher together: at the bound it starts anew, and after
// some starts says that it is no use.
type dfa struct {
	prog    *syntax.Prog
	run     charRun // that every match holds
	ascii   [utf8.RuneSelf]uint8
	others  map[rune]uint8
	classes []charClass // their members differ in nothing
	byKey   map[string]uint8

	width  int // of a row: the classes there can be, and the end of the text
	states []dfaState
	next   []int32 // by state and class; 0: not made yet
	known  map[string]int32
	starts int // how often it started anew
	room   *dfaRoom
	used   int // of the room

	set, stack []uint32 // scratch
	mark       []uint32 // by instruction: the closure in which it was seen
	closure    uint32
	key        []byte
}

// charClass is what there is to know of the characters of a class.
type charClass struct {
	example rune
	word    bool
	newline bool
}

// dfaState is a set of instructions before which a match may stand, and what stands before them in the text.
type dfaState struct {
	insts  []uint32
	before charBefore
}

type charBefore uint8

const (
	beforeText charBefore = iota // nothing: the text begins
	beforeNewline
	beforeWord
	beforeOther
)

// States with a meaning; others follow.
const (
	dfaUnknown int32 = iota
	dfaMatch
	dfaStart
)

// dfaRoom is how many bytes the states of several automata may still take.
type dfaRoom struct{ left int }

// Bounds of a dfa.
const (
	maxDFABytes  = 16 << 20 // of all those of a Matcher, about
	maxDFAInsts  = 2000
	maxDFAWidth  = 128 // classes, and the end of the text
	maxDFAStates = 1024
	maxDFAStarts = 8
)

// newDFA returns a dfa for a linear expression; nil if it is too large for one.
func newDFA(text string, room *dfaRoom) *dfa {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil
	}
	run := neededRun(tree)
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxDFAInsts {
		return nil
	}
	d := &dfa{prog: prog, run: run, room: room, others: map[rune]uint8{}, byKey: map[string]uint8{}, mark: make([]uint32, len(prog.Inst))}
	for r := range d.ascii {
		c, ok := d.newClass(rune(r))
		if !ok {
			return nil
		}
		d.ascii[r] = c
	}
	d.width = min(2*len(d.classes)+16, maxDFAWidth)
	d.reset()
	return d
}

func (d *dfa) reset() {
	d.states = append(d.states[:0], dfaState{}, dfaState{}, dfaState{before: beforeText})
	d.next = append(d.next[:0], make([]int32, 3*d.width)...)
	d.known = map[string]int32{}
	d.room.left += d.used
	d.used = 0
}

// newClass returns the class of a character: those that every instruction treats alike.
func (d *dfa) newClass(r rune) (class uint8, ok bool) {
	key := d.key[:0]
	var bits, n byte
	put := func(bit bool) {
		bits <<= 1
		if bit {
			bits |= 1
		}
		if n++; n == 8 {
			key = append(key, bits)
			bits, n = 0, 0
		}
	}
	for i := range d.prog.Inst {
		switch in := &d.prog.Inst[i]; in.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			put(matchesRune(in, r))
		}
	}
	put(syntax.IsWordChar(r))
	put(r == '\n')
	key = append(key, bits, n)
	d.key = key
	if c, known := d.byKey[string(key)]; known {
		return c, true
	}
	if len(d.classes) >= maxDFAWidth-1 || d.width > 0 && len(d.classes) >= d.width-1 {
		return 0, false
	}
	c := uint8(len(d.classes))
	d.classes = append(d.classes, charClass{r, syntax.IsWordChar(r), r == '\n'})
	d.byKey[string(key)] = c
	return c, true
}

func matchesRune(in *syntax.Inst, r rune) bool {
	switch in.Op {
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	}
	return in.MatchRune(r)
}

// maxDFAOthers bounds the characters beyond ASCII whose class is remembered.
const maxDFAOthers = 4096

func (d *dfa) classOf(r rune) (class uint8, ok bool) {
	if c, known := d.others[r]; known {
		return c, true
	}
	c, ok := d.newClass(r)
	if ok {
		if len(d.others) >= maxDFAOthers {
			clear(d.others)
		}
		d.others[r] = c
	}
	return c, ok
}

// match says whether the expression matches somewhere in s. It is no answer if ok is false: then ask the expression itself.
func (d *dfa) match(s []byte) (matched, ok bool) {
	state := dfaStart
	for i := 0; i < len(s); {
		var class uint8
		if c := s[i]; c < utf8.RuneSelf {
			class = d.ascii[c]
			i++
		} else {
			r, n := utf8.DecodeRune(s[i:])
			if class, ok = d.classOf(r); !ok {
				return false, false
			}
			i += n
		}
		to := d.next[int(state)*d.width+int(class)]
		if to == dfaUnknown {
			if to, ok = d.step(state, int(class)); !ok {
				return false, false
			}
		}
		if to == dfaMatch {
			return true, true
		}
		state = to
	}
	end := d.width - 1
	to := d.next[int(state)*d.width+end]
	if to == dfaUnknown {
		if to, ok = d.step(state, end); !ok {
			return false, false
		}
	}
	return to == dfaMatch, true
}

// step makes the state that follows on a character of a class, or, with the last class, on the end of the text. What stands
// between two characters (a word's edge, a line's end) is decided when both are known, so a match shows one step later.
func (d *dfa) step(from int32, class int) (to int32, ok bool) {
	s := &d.states[from]
	end := class == d.width-1
	next := charClass{example: -1}
	if !end {
		next = d.classes[class]
	}
	matched := d.close(s, emptyOps(s.before, next, end))
	switch {
	case matched:
		to = dfaMatch
	case end:
		to = dfaStart // anything that is no match: nothing follows
	default:
		var fresh bool
		if to, fresh, ok = d.follow(next); !ok {
			return 0, false
		}
		if fresh {
			return to, true // the tables are new: there is no row to fill
		}
	}
	d.next[int(from)*d.width+class] = to
	return to, true
}

// close collects in d.set the instructions that take a character and can be reached from the state without one; it says
// whether a match can be.
func (d *dfa) close(s *dfaState, empty syntax.EmptyOp) bool {
	if d.closure++; d.closure == 0 {
		clear(d.mark)
		d.closure = 1
	}
	d.set = d.set[:0]
	d.stack = append(append(d.stack[:0], s.insts...), uint32(d.prog.Start)) // a match may begin anywhere
	for len(d.stack) > 0 {
		pc := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.mark[pc] == d.closure {
			continue
		}
		d.mark[pc] = d.closure
		switch in := &d.prog.Inst[pc]; in.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstAlt, syntax.InstAltMatch:
			d.stack = append(d.stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			d.stack = append(d.stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^empty == 0 {
				d.stack = append(d.stack, in.Out)
			}
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			d.set = append(d.set, pc)
		}
	}
	return false
}

// follow returns the state after a character, from the instructions in d.set. fresh says that it started anew.
func (d *dfa) follow(c charClass) (to int32, fresh, ok bool) {
	outs := d.stack[:0]
	for _, pc := range d.set {
		if in := &d.prog.Inst[pc]; matchesRune(in, c.example) {
			outs = append(outs, in.Out)
		}
	}
	slices.Sort(outs)
	outs = slices.Compact(outs)
	d.stack = outs
	before := beforeOther
	switch {
	case c.newline:
		before = beforeNewline
	case c.word:
		before = beforeWord
	}
	d.key = append(d.key[:0], byte(before))
	for _, pc := range outs {
		d.key = binary.LittleEndian.AppendUint32(d.key, pc)
	}
	if to, known := d.known[string(d.key)]; known {
		return to, false, true
	}
	size := 4*d.width + 8*len(outs) + 128 // about
	if len(d.states) >= maxDFAStates || d.room.left < size {
		if d.starts++; d.starts > maxDFAStarts {
			return 0, false, false
		}
		d.reset()
		fresh = true
	}
	d.room.left -= size
	d.used += size
	to = int32(len(d.states))
	d.states = append(d.states, dfaState{slices.Clone(outs), before})
	d.next = append(d.next, make([]int32, d.width)...)
	d.known[string(d.key)] = to
	return to, fresh, true
}

// emptyOps says what holds between two characters.
func emptyOps(before charBefore, next charClass, end bool) syntax.EmptyOp {
	var op syntax.EmptyOp
	if before == beforeText {
		op |= syntax.EmptyBeginText | syntax.EmptyBeginLine
	}
	if before == beforeNewline {
		op |= syntax.EmptyBeginLine
	}
	if end {
		op |= syntax.EmptyEndText | syntax.EmptyEndLine
	}
	if next.newline {
		op |= syntax.EmptyEndLine
	}
	if (before == beforeWord) != (!end && next.word) {
		return op | syntax.EmptyWordBoundary
	}
	return op | syntax.EmptyNoWordBoundary
}
