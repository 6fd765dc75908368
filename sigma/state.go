package sigma

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// stateVersion is the version of the saved form: lines of JSON, first a stateHeader, then a savedGroup for each group
// held, by correlation and group.
//
// A group's line says all that there is about it, so work is shared out by moving lines: a header and any choice of
// lines is a state, and states of different groups, one behind the other, are one. docs/sigma-correlations.md says
// which groups must stay together.
const stateVersion = 3

type stateHeader struct {
	Version   int    `json:"correlation_state"`
	Watermark moment `json:"watermark"`
}

// savedGroup is a window as it is saved. Values and references are bytes, in base64: they need not be text.
type savedGroup struct {
	Correlation string      `json:"correlation"` // its id
	Rule        string      `json:"rule"`        // fingerprint of what the rule asks
	Group       [][]byte    `json:"group"`
	Items       []savedItem `json:"items,omitempty"`
	Start       *moment     `json:"start,omitempty"`
	Open        *savedRun   `json:"open,omitempty"`
	Run         *savedRun   `json:"run,omitempty"`
	Tally       *savedTally `json:"tally,omitempty"`
	Last        *savedLast  `json:"last,omitempty"`
}

// savedRef is an event: its time, and its handle with what it shares.
type savedRef struct {
	Time   moment `json:"time"`
	Ref    []byte `json:"ref"`
	Shared []byte `json:"shared,omitempty"`
}

type savedItem struct {
	Time     moment     `json:"time"`
	Position int        `json:"rule,omitempty"`
	Refs     []savedRef `json:"refs,omitempty"`
	Many     bool       `json:"many,omitempty"`  // it is a firing
	Count    int64      `json:"count"`           // of its events
	Again    bool       `json:"again,omitempty"` // they were counted before
	Value    []byte     `json:"value,omitempty"`
	Number   float64    `json:"number,omitempty"`
	Carried  []byte     `json:"carried,omitempty"`
	Taken    bool       `json:"taken,omitempty"`
}

type savedRun struct {
	Time    moment     `json:"time"`
	First   moment     `json:"first"`
	Latest  moment     `json:"last"`
	Refs    []savedRef `json:"refs,omitempty"`
	Count   int64      `json:"count"`
	Value   float64    `json:"value,omitempty"`
	Carried [][]byte   `json:"carried,omitempty"`
	Handed  bool       `json:"handed,omitempty"`
}

// savedTally is what can't be computed from the items: all of a waiting window's, and of a sliding one the sum as it
// is, rounding included.
type savedTally struct {
	N        int          `json:"n,omitempty"`
	Sum      float64      `json:"sum,omitempty"`
	Removed  int          `json:"removed,omitempty"`
	Values   [][]byte     `json:"values,omitempty"`
	Sample   []float64    `json:"sample,omitempty"`
	Stride   int          `json:"stride,omitempty"`
	Hopeless bool         `json:"hopeless,omitempty"`
	Seen     []moment     `json:"seen,omitempty"`
	Chains   []savedChain `json:"chains,omitempty"`
	Before   []savedChain `json:"before,omitempty"`
}

type savedChain struct {
	Last  int    `json:"last"`
	Mask  uint64 `json:"mask"`
	Start moment `json:"start"`
}

type savedLast struct {
	savedRef
	Position int `json:"rule,omitempty"`
}

// moment is a time as seconds since 1970 and nanoseconds; evidence holds years that RFC 3339 has no form for.
type moment [2]int64

func momentOf(t time.Time) moment {
	if t.IsZero() {
		return moment{0, -1}
	}
	return moment{t.Unix(), int64(t.Nanosecond())}
}

func (m moment) time() time.Time {
	if m[1] < 0 || m[1] >= 1e9 {
		return time.Time{}
	}
	return time.Unix(m[0], m[1]).UTC()
}

// nameMachines numbers the machines and gives each the key of its groups in a saved state.
func (c *Correlator) nameMachines() {
	used := map[string]bool{}
	for i, m := range c.machines {
		m.number, m.key = i, m.rule.ID
		if m.key == "" {
			m.key = "sha256:" + m.rule.SHA256
		}
		for n := 2; used[m.key]; n++ {
			m.key = m.rule.ID + "#" + strconv.Itoa(n)
		}
		used[m.key] = true
	}
}

// fingerprint tells whether a saved group is of the same rule: of another one it would mean something else.
func (m *machine) fingerprint() string {
	r := m.rule
	text, _ := json.Marshal([]any{r.Type, r.Refs, r.GroupBy, r.Timespan, r.Aliases, r.Condition, m.listed, m.carry}) // plain data
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// AppendState appends the state in its saved form to dst. The same state gives the same bytes.
func (c *Correlator) AppendState(dst []byte) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	if err := enc.Encode(stateHeader{stateVersion, momentOf(c.watermark)}); err != nil {
		return dst, fmt.Errorf("save the correlations' state: %w", err)
	}
	for _, m := range c.machines {
		print := m.fingerprint()
		for _, h := range c.inOrder(m) {
			g := c.saveGroup(m, c.groups.at(h))
			g.Rule = print
			if err := enc.Encode(g); err != nil {
				return dst, fmt.Errorf("save the correlations' state: %w", err)
			}
		}
	}
	return buf.Bytes(), nil
}

var errState = errors.New("it is damaged")

// RestoreState takes over a saved state, or several of different groups one behind the other, in place of the present
// one. Groups of correlations that are no longer there, or ask something else by now, are left out; correlations that
// are new begin empty. If it fails, the present state stays.
func (c *Correlator) RestoreState(data []byte) error {
	r := &restorer{c: c, to: newStore(len(c.machines)), byKey: map[string]*machine{}, prints: map[*machine]string{}}
	for _, m := range c.machines {
		r.byKey[m.key], r.prints[m] = m, m.fingerprint()
	}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if err := r.line(line); err != nil {
			return fmt.Errorf("read the correlations' state: line %d: %w", number, err)
		}
	}
	if !r.header {
		return fmt.Errorf("read the correlations' state: %w", errState)
	}
	r.install()
	return nil
}

// restorer reads a state aside, so that a damaged one changes nothing.
type restorer struct {
	c         *Correlator
	to        *store
	header    bool
	watermark time.Time
	latest    time.Time // of all that was restored
	byKey     map[string]*machine
	prints    map[*machine]string
}

func (r *restorer) line(line []byte) error {
	var h struct {
		Version   *int   `json:"correlation_state"`
		Watermark moment `json:"watermark"`
		savedGroup
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return err
	}
	switch {
	case h.Version != nil && *h.Version != stateVersion:
		return fmt.Errorf("version %d is not known, %d is", *h.Version, stateVersion)
	case h.Version != nil:
		// Of several states the one that is behind says how far all of them are.
		if at := h.Watermark.time(); !r.header || at.Before(r.watermark) {
			r.watermark = at
		}
		r.header = true
		return nil
	case !r.header:
		return errState
	}
	return r.group(&h.savedGroup)
}

func (r *restorer) group(g *savedGroup) error {
	m := r.byKey[g.Correlation]
	if m == nil || r.prints[m] != g.Rule {
		return nil
	}
	if r.to.tables[m.number].n >= r.c.options.MaxGroups {
		return fmt.Errorf("more than %d groups", r.c.options.MaxGroups)
	}
	if err := r.restore(m, g); err != nil {
		return fmt.Errorf("a group of correlation %q: %w", g.Correlation, err)
	}
	return nil
}

func (r *restorer) install() {
	c := r.c
	c.store, c.current = r.to, 0
	c.watermark, c.latest = r.watermark, r.latest
	for _, m := range c.machines {
		for _, h := range c.inOrder(m) {
			c.setTimer(m, h, c.deadline(m, c.groups.at(h)))
		}
	}
}

// inOrder gives the groups of a machine in order of their keys.
func (s *store) inOrder(m *machine) []uint32 {
	var out []uint32
	for _, cell := range s.tables[m.number].cells {
		if cell.handle != 0 {
			out = append(out, cell.handle)
		}
	}
	slices.SortFunc(out, func(a, b uint32) int {
		return bytes.Compare(s.foldedKey(m, s.groups.at(a)), s.foldedKey(m, s.groups.at(b)))
	})
	return out
}
