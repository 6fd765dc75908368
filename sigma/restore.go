package sigma

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// errStored says that a stored engine is not what a writer of this form wrote.
var errStored = errors.New("not an engine as this version stores it")

// ReadEngine reads what AppendBinary wrote. The engine matches as the one that was written; its collection is complete,
// and nothing can be added to it. The engine's texts are parts of data. Damaged data is an error or an engine of other
// rules, so keep a checksum with it; it is never a panic, and the memory used is bounded by a multiple of its length.
func ReadEngine(data string) (*Engine, error) {
	r := &storeReader{data: data}
	if r.number() != storedForm {
		return nil, errStored
	}
	r.collection = &Collection{}
	r.readRules()
	r.readAtoms()
	r.readFields()
	r.readWays()
	if r.bad || r.at != len(data) {
		return nil, errStored
	}
	e := newEngine(r.collection, r.compiled)
	r.collection.stored = e
	return e, nil
}

// storeReader reads the stored form. After the first fault it reads zeros and empty lists.
type storeReader struct {
	data string
	at   int
	bad  bool

	collection *Collection
	compiled

	texts    []string // memory for lists of texts
	parts    []part
	piece    []piece
	bytes    []byte
	operands []operand // of atoms
	trees    []expr    // of the atoms, by id
	nodes    []expr    // memory for other nodes
	subs     []*expr   // for their parts
	stack    []*expr
	depths   []int32
}

func (r *storeReader) fail() {
	r.bad = true
	r.at = len(r.data)
}

// wide reads a number.
func (r *storeReader) wide() uint64 {
	if r.at < len(r.data) && r.data[r.at] < 0x80 {
		r.at++
		return uint64(r.data[r.at-1])
	}
	return r.wider()
}

func (r *storeReader) wider() uint64 {
	n, shift := uint64(0), 0
	for i := 0; i < binary.MaxVarintLen64 && r.at < len(r.data); i++ {
		c := r.data[r.at]
		r.at++
		if n |= uint64(c&0x7f) << shift; c < 0x80 {
			return n
		}
		shift += 7
	}
	r.fail()
	return 0
}

// number reads a number that fits in 31 bits.
func (r *storeReader) number() int {
	n := r.wide()
	if n > math.MaxInt32 {
		r.fail()
		return 0
	}
	return int(n)
}

// below reads a number below limit.
func (r *storeReader) below(limit int) int {
	n := r.number()
	if n >= limit {
		r.fail()
		return 0
	}
	return n
}

// length reads the length of a list whose items have at least size bytes each: there can't be more than the data has room for.
func (r *storeReader) length(size int) int {
	n := r.number()
	if n > (len(r.data)-r.at)/size {
		r.fail()
		return 0
	}
	return n
}

func (r *storeReader) float() float64 { return math.Float64frombits(r.wide()) }

func (r *storeReader) byte() byte {
	if r.at >= len(r.data) {
		r.fail()
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

// kind reads a byte of which the values up to last mean something.
func (r *storeReader) kind(last byte) byte {
	b := r.byte()
	if b > last {
		r.fail()
		return 0
	}
	return b
}

func (r *storeReader) text() string {
	n := r.number()
	at := r.at
	if n&1 == 0 {
		r.at += n >> 1
	} else {
		at = r.number() // it stands there already
	}
	if n >>= 1; n > len(r.data)-at || r.at > len(r.data) {
		r.fail()
		return ""
	}
	return r.data[at : at+n]
}

// take cuts n items off the memory for a kind; nil if it holds less.
func take[T any](r *storeReader, memory *[]T, n int) []T {
	if n == 0 {
		return nil
	}
	if n > len(*memory) {
		r.fail()
		return nil
	}
	out := (*memory)[:n:n]
	*memory = (*memory)[n:]
	return out
}

// list reads a list of texts into the memory for them.
func (r *storeReader) list() []string {
	out := take(r, &r.texts, r.length(1))
	for i := range out {
		out[i] = r.text()
	}
	return out
}

// ownList reads a list of texts into memory of its own.
func (r *storeReader) ownList() []string {
	n := r.length(1)
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = r.text()
	}
	return out
}

// maxRepeats bounds how much longer the literals may be than the data.
const maxRepeats = 8

func (r *storeReader) readAtoms() {
	names := r.ownList()
	r.parts = make([]part, r.length(1))
	r.piece = make([]piece, r.length(1))
	n := r.number() // texts that stand in several places are one in data
	if n > maxRepeats*len(r.data) {
		r.fail()
		return
	}
	r.bytes = make([]byte, n)
	r.operands = make([]operand, r.length(3))
	r.compiled = newCompiled()
	n = r.length(3)
	all := make([]atom, n)
	r.atoms, r.trees = make([]*atom, n), make([]expr, n)
	for i := range all {
		a := &all[i]
		r.atoms[i], r.trees[i] = a, expr{kind: kindAtom, atom: a}
		a.id = i
		if name := r.below(len(names)); !r.bad {
			a.field = names[name]
		}
		a.op = op(r.byte())
		a.cased = r.byte() != 0
		r.test(a)
		if a.canBeConstant() {
			r.compiled.consts = append(r.compiled.consts, a)
			a.constant = len(r.compiled.consts)
		}
	}
	r.parts, r.piece, r.bytes = nil, nil, nil
}

func (r *storeReader) test(a *atom) {
	switch a.op {
	case opPattern:
		a.pattern.parts = take(r, &r.parts, r.length(1))
		for i := range a.pattern.parts {
			q := take(r, &r.piece, r.length(1))
			for k := range q {
				q[k] = r.readPiece()
			}
			a.pattern.parts[i] = q
		}
		if len(a.pattern.parts) == 0 {
			a.pattern.lit = r.literal()
			a.pattern.bound = shape(r.kind(byte(shapeEquals)))
		}
	case opRegexp:
		if o := r.operand(a); o != nil {
			o.text = r.text()
			a.expr = &expression{text: o.text}
			if r.byte() != 0 {
				r.slow(a.expr)
			}
		}
	case opNumber, opTimePart:
		if o := r.operand(a); o != nil {
			o.rel, o.part = relation(r.kind(byte(relGreaterEqual))), timePart(r.kind(byte(partYear)))
			flags := r.byte()
			o.num = number{whole: flags&1 != 0, neg: flags&2 != 0, abs: r.wide(), float: r.float()}
			o.text = r.text()
		}
	case opCIDR:
		if o := r.operand(a); o != nil {
			net, err := netip.ParsePrefix(r.text())
			if err != nil {
				r.fail()
			}
			o.net = net
		}
	case opFieldRef:
		if o := r.operand(a); o != nil {
			o.shape = shape(r.kind(byte(shapeEquals)))
			o.other = r.text()
		}
	case opExists, opNull:
	default:
		r.fail()
	}
}

// operand takes the memory for an operand; nil if it is used up.
func (r *storeReader) operand(a *atom) *operand {
	if taken := take(r, &r.operands, 1); taken != nil {
		a.operand = &taken[0]
	}
	return a.operand
}

func (r *storeReader) readPiece() piece {
	switch r.byte() {
	case storedAny:
		return piece{}
	case storedDash:
		return piece{dash: true}
	case storedText:
		return piece{text: r.literal()}
	}
	r.fail()
	return piece{}
}

// literal reads a text into the memory for bytes.
func (r *storeReader) literal() []byte {
	s := r.text()
	if len(s) > len(r.bytes) {
		r.fail()
		return nil
	}
	text := r.bytes[:len(s):len(s)]
	r.bytes = r.bytes[len(s):]
	copy(text, s)
	return text
}

// slow compiles an expression that the standard library does not take.
func (r *storeReader) slow(x *expression) {
	timeout := time.Duration(r.wide())
	if len(x.text) > maxRegexp+len("(?ims)") {
		r.fail()
		return
	}
	slow, err := regexp2.Compile(x.text)
	if err != nil {
		r.fail()
		return
	}
	slow.MatchTimeout = timeout
	x.slow = slow
}

func (r *storeReader) readFields() {
	for range r.length(2) {
		name := r.text()
		f := &fieldIndex{lits: r.ownList()}
		all := make([]use, r.length(1))
		f.uses = useLists{make([]uint32, len(f.lits)+1), all}
		for i := range f.lits {
			uses := take(r, &all, r.length(1))
			for k := range uses {
				n := r.number()
				if n>>3 >= len(r.atoms) || shape(n&7) > shapeOther || f.lits[i] == "" {
					r.fail()
					return
				}
				uses[k] = use{int32(n >> 3), shape(n & 7)}
				r.atoms[n>>3].indexed = true
			}
			f.uses.first[i+1] = uint32(len(f.uses.all) - len(all))
		}
		r.fields[name] = f
	}
}
