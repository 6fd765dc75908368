package evtx

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendXML appends the record as XML, on one line, as evtx_dump writes it without indentation. Text is cut at 16 MiB,
// which only definitions that use a value very often come near.
func (r *Record) AppendXML(dst []byte) []byte {
	t := tree{r: r, nodes: r.chunk.nodes[:0], dst: dst, limit: len(dst) + maxOutput, steps: maxSteps}
	t.gather(node{inst: 0, item: -1}, 0, len(t.ops(0)), 0)
	t.xml(0)
	r.chunk.nodes = t.nodes
	return t.dst
}

// xml writes the nodes from one on, and takes them off the stack.
func (t *tree) xml(from int) {
	for i := from; i < len(t.nodes) && !t.full(); i++ {
		n := t.nodes[i]
		o := &t.ops(n.inst)[n.op]
		if o.kind == opElement {
			t.xmlElement(n, o)
		} else {
			t.xmlText(n, o, asXML)
		}
	}
	t.nodes = t.nodes[:from]
}

func (t *tree) xmlElement(n node, o *op) {
	name := xmlName(o.text)
	t.dst = append(append(t.dst, '<'), name...)
	t.attributes(n, func(name string, from, to int) {
		t.dst = append(append(append(t.dst, ' '), xmlName(name)...), '=', '"')
		for i := from; i < to; i++ {
			t.xmlText(n, &t.ops(n.inst)[i], asAttribute)
		}
		t.dst = append(t.dst, '"')
	})
	if o.closed {
		t.dst = append(t.dst, '/', '>')
		return
	}
	t.dst = append(t.dst, '>')
	from := len(t.nodes)
	t.gather(n, int(o.body), int(o.end), 0)
	if !t.full() {
		t.xml(from)
	}
	t.nodes = t.nodes[:from]
	t.dst = append(append(append(t.dst, '<', '/'), name...), '>')
}

func (t *tree) xmlText(n node, o *op, e *escaper) {
	if t.full() {
		return
	}
	switch o.kind {
	case opValue, opSub:
		t.dst = t.value(n, o).appendEscaped(t.dst, e)
	case opEntity:
		t.dst = append(append(append(t.dst, '&'), xmlName(o.text)...), ';')
	case opChar:
		t.dst = append(strconv.AppendUint(append(t.dst, '&', '#'), uint64(o.id), 10), ';')
	case opCDATA:
		t.dst = append(append(append(t.dst, "<![CDATA["...), strings.ReplaceAll(o.text, "]]>", "]]]]><![CDATA[>")...), "]]>"...)
	case opTarget:
		t.dst = append(append(t.dst, "<?"...), xmlName(o.text)...)
		if ops := t.ops(n.inst); n.op+1 < len(ops) && ops[n.op+1].kind == opData {
			t.dst = append(append(t.dst, ' '), strings.ReplaceAll(ops[n.op+1].text, "?>", "? >")...)
		}
		t.dst = append(t.dst, "?>"...)
	}
}

// xmlName returns a name in which what can't stand in one is replaced, so that a name out of a damaged chunk can't
// become markup.
func xmlName(name string) string {
	if strings.ContainsAny(name, "<>&\"'=/? \t\r\n") || name == "" {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune("<>&\"'=/? \t\r\n", r) {
				return '_'
			}
			return r
		}, name+"_")
	}
	return name
}

// escapeXML appends a character of an element's text. What XML can't hold at all becomes "_", as Windows writes it.
func escapeXML(dst []byte, r rune) []byte {
	switch {
	case r == '&':
		return append(dst, "&amp;"...)
	case r == '<':
		return append(dst, "&lt;"...)
	case r == '>':
		return append(dst, "&gt;"...)
	case r < 0x20 && r != '\t' && r != '\n' && r != '\r', r == 0xfffe, r == 0xffff:
		return append(dst, '_')
	}
	return utf8.AppendRune(dst, r)
}

func escapeAttribute(dst []byte, r rune) []byte {
	switch r {
	case '"':
		return append(dst, "&quot;"...)
	case '\'':
		return append(dst, "&apos;"...)
	}
	return escapeXML(dst, r)
}
