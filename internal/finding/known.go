package finding

import "slices"

// Known remembers how what findings have in common is written, for one goroutine: a hunt has many findings of few rules, in few
// files of fewer hosts. The zero Known is ready.
type Known struct {
	rules [128]knownRule
	texts [64]knownText
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
