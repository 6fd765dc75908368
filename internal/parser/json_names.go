package parser

import (
	"bytes"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// Bounds of what is remembered of names; a file that goes over them starts afresh.
const (
	maxJSONNodes     = 1 << 15
	maxJSONNameBytes = 4 << 20
	maxJSONNameSize  = 4 << 10 // of one dotted name, in bytes
	maxJSONStates    = 1 << 16
)

// jsonNames knows the names and the shapes of the objects seen so far, so that an object of a known shape costs
// no more than comparing its keys. Names form a tree: a node is a key below another node. Shapes form an
// automaton: a state is a sequence of names, and the next name leads to the next state.
type jsonNames struct {
	nodes  []jsonNode
	fields []jsonName // dotted names; keys that give the same name share one
	states []jsonState

	children map[jsonKey]int32
	byName   map[string]int32
	onward   map[[2]int32]int32
	last     int32 // node that was found last
	bytes    int
}

type jsonKey struct {
	parent int32
	key    string
}

type jsonNode struct {
	parent int32
	key    []byte // as written, escapes and all
	field  int32
	guess  int32 // node that came next the last time: objects repeat the order of their keys
}

type jsonName struct {
	name  string
	round uint32 // the object that had it last, and
	slot  int32  // where
}

type jsonState struct {
	field, next int32 // the way that was taken last
	shape       *jsonShape
}

func newJSONNames() *jsonNames {
	n := &jsonNames{}
	n.reset()
	return n
}

func (n *jsonNames) reset() {
	*n = jsonNames{
		nodes:    []jsonNode{{parent: -1}},
		fields:   []jsonName{{}},
		states:   []jsonState{{field: -1}},
		children: map[jsonKey]int32{},
		byName:   map[string]int32{"": 0},
		onward:   map[[2]int32]int32{},
	}
}

// tidy forgets everything once it has become too much. Between objects only.
func (n *jsonNames) tidy() {
	if len(n.nodes) > maxJSONNodes || n.bytes > maxJSONNameBytes || len(n.states) > maxJSONStates {
		n.reset()
	}
}

// child finds the node of a key; -1 where names take too much room.
func (n *jsonNames) child(parent int32, key []byte) int32 {
	// Fast path: the key that followed the last time. It is compared, so the answer is the same.
	if g := n.nodes[n.last].guess; g > 0 {
		if guess := &n.nodes[g]; guess.parent == parent && bytes.Equal(guess.key, key) {
			n.last = g
			return g
		}
	}
	node, ok := n.children[jsonKey{parent, string(key)}]
	if !ok {
		if node = n.newChild(parent, key); node < 0 {
			return node
		}
	}
	n.nodes[n.last].guess = node
	n.last = node
	return node
}

func (n *jsonNames) newChild(parent int32, raw []byte) int32 {
	above := n.fields[n.nodes[parent].field].name
	if len(raw)+len(above) > maxJSONNameSize || n.bytes > 2*maxJSONNameBytes {
		return -1
	}
	key := string(raw)
	name := string(event.AppendUnescaped(nil, raw))
	if parent != 0 {
		name = above + "." + name
	}
	field, ok := n.byName[name]
	if !ok {
		field = int32(len(n.fields))
		n.fields = append(n.fields, jsonName{name: name})
		n.byName[name] = field
	}
	node := int32(len(n.nodes))
	n.nodes = append(n.nodes, jsonNode{parent: parent, key: []byte(key), field: field})
	n.children[jsonKey{parent, key}] = node
	n.bytes += 2*len(key) + 2*len(name) + 64
	return node
}

// follow goes on from a state by a name.
func (n *jsonNames) follow(state, field int32) int32 {
	s := &n.states[state]
	if s.field == field {
		return s.next
	}
	next, ok := n.onward[[2]int32{state, field}]
	if !ok {
		next = int32(len(n.states))
		n.states = append(n.states, jsonState{field: -1})
		n.onward[[2]int32{state, field}] = next
		s = &n.states[state]
	}
	s.field, s.next = field, next
	return next
}
