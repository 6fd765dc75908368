package evtx

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends the record as one JSON object, with the names that evtx_dump gives: an element is a member of
// its parent, further ones of one name get _1, _2 and so on; an element with attributes, or with elements beside text,
// is an object with #attributes and #text; the Data elements of EventData and UserData are members by their Name, or
// together "Data" if none has one. Text is cut at 16 MiB, which only definitions that use a value very often come
// near; the object is complete all the same.
func (r *Record) AppendJSON(dst []byte) []byte {
	t := tree{r: r, nodes: r.chunk.nodes[:0], dst: append(dst, '{'), limit: len(dst) + maxOutput, steps: maxSteps}
	t.gather(node{inst: 0, item: -1}, 0, len(t.ops(0)), 0)
	var names jsonNames
	for i := range t.nodes {
		n := t.nodes[i]
		if o := &t.ops(n.inst)[n.op]; o.kind == opElement && !t.full() {
			t.member(&names, o.text)
			t.jsonElement(n, o)
		}
	}
	if names.n == 0 {
		t.dst = append(t.dst, `"Event":null`...)
	}
	r.chunk.nodes = t.nodes
	return append(t.dst, '}')
}

// jsonNames counts the members of an object by name.
type jsonNames struct {
	n     int
	first [24]string // few objects have more members
	seen  map[string]int
}

// count returns how many members of that name there were before.
func (j *jsonNames) count(name string) int {
	if j.seen == nil {
		if j.n <= len(j.first) && !slices.Contains(j.first[:j.n-1], name) {
			j.first[j.n-1] = name
			return 0
		}
		j.seen = map[string]int{}
		for _, s := range j.first[:min(j.n-1, len(j.first))] {
			j.seen[s] = 1
		}
	}
	n := j.seen[name]
	j.seen[name]++
	return n
}

// member writes the comma and the name of the next member.
func (t *tree) member(names *jsonNames, name string) {
	if names.n++; names.n > 1 {
		t.dst = append(t.dst, ',')
	}
	n := names.count(name)
	t.dst = appendQuoted(append(t.dst, '"'), name)
	if n > 0 {
		t.dst = strconv.AppendInt(append(t.dst, '_'), int64(n), 10)
	}
	t.dst = append(t.dst, '"', ':')
}

// jsonElement writes the value of an element.
func (t *tree) jsonElement(n node, o *op) {
	from := len(t.nodes)
	t.gather(n, int(o.body), int(o.end), 0)
	text, elements := t.kinds(from)
	hasAttributes := false
	t.attributes(n, func(string, int, int) { hasAttributes = true })
	switch {
	case t.full(), !text && !elements && !hasAttributes:
		t.dst = append(t.dst, "null"...)
	case !elements && !hasAttributes:
		t.jsonText(from, len(t.nodes))
	default:
		t.jsonObject(n, o, from, true)
	}
	t.nodes = t.nodes[:from]
}

// kinds says what there is among the nodes from one on.
func (t *tree) kinds(from int) (text, elements bool) {
	for _, n := range t.nodes[from:] {
		if o := &t.ops(n.inst)[n.op]; o.kind == opElement {
			elements = true
		} else if !t.isEmpty(n, o) {
			text = true
		}
	}
	return text, elements
}

// jsonObject writes an element as an object: its attributes, its text, and the elements among the nodes from one on.
func (t *tree) jsonObject(n node, o *op, from int, attributes bool) {
	var names jsonNames
	t.dst = append(t.dst, '{')
	if attributes {
		t.jsonAttributes(&names, n)
	}
	end := len(t.nodes)
	if text, _ := t.kinds(from); text {
		t.member(&names, "#text")
		t.jsonText(from, end)
	}
	container := o.text == "EventData" || o.text == "UserData"
	if container {
		t.jsonData(&names, from, end)
	}
	for i := from; i < end && !t.full(); i++ {
		child := t.nodes[i]
		if e := &t.ops(child.inst)[child.op]; e.kind == opElement && !(container && e.text == "Data") {
			t.member(&names, e.text)
			t.jsonElement(child, e)
		}
	}
	t.dst = append(t.dst, '}')
}

func (t *tree) jsonAttributes(names *jsonNames, n node) {
	first := true
	t.attributes(n, func(name string, from, to int) {
		if first {
			t.member(names, "#attributes")
			t.dst = append(t.dst, '{', '"')
			first = false
		} else {
			t.dst = append(t.dst, ',', '"')
		}
		t.dst = append(appendQuoted(t.dst, name), '"', ':')
		at := len(t.nodes)
		for i := from; i < to; i++ {
			t.nodes = append(t.nodes, node{n.inst, i, n.array, n.item})
		}
		t.jsonText(at, len(t.nodes))
		t.nodes = t.nodes[:at]
	})
	if !first {
		t.dst = append(t.dst, '}')
	}
}

// jsonData writes the Data elements among the nodes [from, end): by name if one has a name, else as one list.
func (t *tree) jsonData(names *jsonNames, from, end int) {
	var named, plain []node
	var labels []string
	for _, n := range t.nodes[from:end] {
		o := &t.ops(n.inst)[n.op]
		if o.kind != opElement || o.text != "Data" {
			continue
		}
		if label := t.dataName(n); label != "" {
			named, labels = append(named, n), append(labels, label)
		} else {
			plain = append(plain, n)
		}
	}
	for i := 0; i < len(named) && !t.full(); {
		run := i + 1
		for run < len(named) && labels[run] == labels[i] {
			run++
		}
		t.member(names, labels[i])
		t.jsonList(named[i:run])
		i = run
	}
	if len(plain) == 0 || t.full() {
		return
	}
	t.member(names, "Data")
	t.dst = append(t.dst, `{"#text":`...)
	t.jsonList(plain)
	t.dst = append(t.dst, '}')
}

// jsonList writes the values of Data elements: one alone, several as an array.
func (t *tree) jsonList(list []node) {
	if len(list) > 1 {
		t.dst = append(t.dst, '[')
	}
	for i, n := range list {
		if i > 0 {
			t.dst = append(t.dst, ',')
		}
		o := &t.ops(n.inst)[n.op]
		from := len(t.nodes)
		t.gather(n, int(o.body), int(o.end), 0)
		if _, elements := t.kinds(from); elements && !t.full() {
			t.jsonObject(n, o, from, false)
		} else {
			t.jsonText(from, len(t.nodes))
		}
		t.nodes = t.nodes[:from]
	}
	if len(list) > 1 {
		t.dst = append(t.dst, ']')
	}
}

func (t *tree) dataName(n node) string {
	out := ""
	t.attributes(n, func(name string, from, to int) {
		if name != "Name" {
			return
		}
		at := len(t.dst)
		for i := from; i < to; i++ {
			t.text(node{n.inst, i, n.array, n.item}, asText)
		}
		out = string(t.dst[at:])
		t.dst = t.dst[:at]
	})
	return out
}

// jsonText writes the text of the nodes [from, to): a number if they are one, else a string.
func (t *tree) jsonText(from, to int) {
	var single Value
	several := false
	for _, n := range t.nodes[from:to] {
		o := &t.ops(n.inst)[n.op]
		if o.kind == opElement || t.isEmpty(n, o) {
			continue
		}
		several = several || single.Type != TypeNull || o.kind != opSub && o.kind != opValue
		single = t.value(n, o)
	}
	if !several && (single.Type >= TypeInt8 && single.Type <= TypeUint64 || single.Type == TypeBool) && !single.IsNull() {
		t.dst = single.AppendText(t.dst)
		return
	}
	t.dst = append(t.dst, '"')
	for i := from; i < to && !t.full(); i++ {
		t.text(t.nodes[i], asJSON)
	}
	t.dst = append(t.dst, '"')
}

func (t *tree) text(n node, e *escaper) {
	switch o := &t.ops(n.inst)[n.op]; o.kind {
	case opValue, opSub:
		t.dst = t.value(n, o).appendEscaped(t.dst, e)
	case opChar, opEntity, opCDATA:
		t.dst = e.string(t.dst, o.plain())
	}
}

func appendQuoted(dst []byte, s string) []byte {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == '"' || r == '\\' || r == utf8.RuneError }) {
		return append(dst, s...)
	}
	return asJSON.string(dst, s)
}
