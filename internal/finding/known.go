package finding

import (
	"encoding/hex"
	"slices"

	"github.com/goshawk-ir/goshawk/internal/sha256x2"
)

// Known remembers how what findings have in common is written, for one goroutine: a hunt has many findings of few rules, in few
// files of fewer hosts. The zero Known is ready.
type Known struct {
	rules [128]knownRule
	texts [64]knownText

	expected []*Finding // see Expect; those before the first are done
	next     *Finding   // whose identifier is at hand
	nextID   [idSize]byte
	pair     sha256x2.Pair
	p, q     []byte // what identifiers are hashes of
}

// Expect says which findings will be appended next, in this order, each perhaps. Fast path: their identifiers are made two at a time.
func (k *Known) Expect(batch []*Finding) { k.expected, k.next = batch, nil }

// appendID appends what NewID returns.
func (k *Known) appendID(dst []byte, f *Finding) []byte {
	if k == nil {
		return appendNewID(dst, f)
	}
	if k.next == f {
		k.next = nil
		return hex.AppendEncode(dst, k.nextID[:])
	}
	for len(k.expected) > 0 && k.expected[0] != f {
		k.expected = k.expected[1:]
	}
	if len(k.expected) < 2 || len(f.Evidence) > 1 {
		return appendNewID(dst, f)
	}
	other := k.expected[1]
	if k.expected = k.expected[2:]; other.ID != "" || len(other.Evidence) > 1 {
		return appendNewID(dst, f)
	}
	k.p, k.q = f.appendPlaces(k.p[:0]), other.appendPlaces(k.q[:0])
	sum, next := k.pair.Sums(k.p, k.q)
	k.next = other
	copy(k.nextID[:], next[:])
	return hex.AppendEncode(dst, sum[:idSize])
}

// knownRule is a rule's part of a finding, and how it is written.
type knownRule struct {
	level, title string
	rule         Rule
	attack       []string
	json         []byte
}

// knownText is a member of a finding, and how it is written.
type knownText struct {
	key, text string
	json      []byte
}

// maxKnown is the length from which nothing is remembered.
const maxKnown = 4 << 10

// AppendJSON appends what f.AppendJSON appends. Fast path: what is the same as in a finding before is copied.
func (k *Known) AppendJSON(dst []byte, f *Finding) []byte { return f.appendJSON(dst, k) }

func (k *Known) appendRule(dst []byte, f *Finding) []byte {
	if k == nil {
		return f.appendRule(dst)
	}
	e := &k.rules[place(f.Rule.ID)%uint(len(k.rules))]
	if e.json != nil && e.rule == f.Rule && e.level == f.Level && e.title == f.Title && slices.Equal(e.attack, f.Attack) {
		return append(dst, e.json...)
	}
	start := len(dst)
	dst = f.appendRule(dst)
	if len(dst)-start <= maxKnown {
		*e = knownRule{f.Level, f.Title, f.Rule, append(e.attack[:0], f.Attack...), append(e.json[:0], dst[start:]...)}
	}
	return dst
}

func (k *Known) appendText(dst []byte, key, text string) []byte {
	if k == nil {
		return appendText(dst, key, text)
	}
	e := &k.texts[(place(text)+uint(len(key)))%uint(len(k.texts))]
	if e.json != nil && e.text == text && e.key == key {
		return append(dst, e.json...)
	}
	start := len(dst)
	dst = appendText(dst, key, text)
	if len(dst)-start <= maxKnown {
		*e = knownText{key, text, append(e.json[:0], dst[start:]...)}
	}
	return dst
}

// place returns a number that texts of one place or rule mostly don't share.
func place(s string) uint {
	n := len(s)
	if n < 4 {
		return uint(n)
	}
	return uint(s[0])*3 + uint(s[1])*31 + uint(s[n/2])*7 + uint(s[n-1]) + uint(n)
}
