package attrib

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// LocalCase is a case of one's own whose actor is known: a witness beside the reports of ATT&CK.
type LocalCase struct {
	Name       string     `json:"name"`
	Group      string     `json:"group"`                // identifier of ATT&CK, or one of one's own
	GroupName  string     `json:"group_name,omitempty"` // of one's own
	When       string     `json:"when,omitempty"`       // a year, month or day (2020-08-17); "" or anything else: not known
	Techniques []string   `json:"techniques"`
	Software   []string   `json:"software,omitempty"`
	Victims               // sectors and countries, as the vocabulary has them
	Indicators Indicators `json:"indicators,omitempty"`
	Order      [][]string `json:"order,omitempty"` // techniques by the time at which each was first seen, those of one time together
}

// Bounds of a file of local cases.
const (
	maxLocal        = 10000
	maxLocalLine    = 16 << 20
	maxLocalOrdered = 1000 // techniques in an order
	maxLocalVictims = 300  // sectors, and countries
)

// ReadLocalFile reads a file of local cases.
func ReadLocalFile(path string) ([]LocalCase, error) {
	f, err := os.Open(path)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("read learned cases %q: %w", path, err)
	}
	defer f.Close()
	cases, err := ReadLocal(f)
	if err != nil {
		return nil, fmt.Errorf("read learned cases %q: %w", path, err)
	}
	return cases, nil
}

// ReadLocal reads local cases, one JSON object a line.
func ReadLocal(r io.Reader) ([]LocalCase, error) {
	var out []LocalCase
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLocalLine)
	for n := 1; s.Scan(); n++ {
		if strings.TrimSpace(s.Text()) == "" {
			continue
		}
		var c LocalCase
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if c.Group == "" || c.Name == "" {
			return nil, fmt.Errorf("line %d: a case without name or group", n)
		}
		if len(out) == maxLocal {
			return nil, fmt.Errorf("line %d: more than %d cases", n, maxLocal)
		}
		c.bound()
		out = append(out, c)
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// bound takes out what is more of indicators and order than a learned case keeps.
func (c *LocalCase) bound() {
	c.Indicators = c.Indicators.Bound()
	c.Sectors, c.Countries = first(c.Sectors, maxLocalVictims), first(c.Countries, maxLocalVictims)
	n := 0
	for i := range c.Order {
		room := maxLocalOrdered - n
		c.Order[i] = first(c.Order[i], room)
		n += len(c.Order[i])
	}
	c.Order = slices.DeleteFunc(c.Order, func(ids []string) bool { return len(ids) == 0 })
}

// Learn adds a case to those known; what it replaces or repeats is said in words. The same name again replaces a case. A case that says
// nearly the same of its group as another one does is kept, but counts once (see NewKnowledge).
func Learn(known []LocalCase, c LocalCase) (all []LocalCase, said string) {
	c.bound()
	for i := range known {
		if known[i].Name == c.Name {
			all = slices.Clone(known)
			all[i] = c
			return all, fmt.Sprintf("replaces what was learned of %q before", c.Name)
		}
	}
	for i := range known {
		if known[i].Group == c.Group && alikeLists(known[i], c) {
			said = fmt.Sprintf("says nearly the same as %q: the two count as one", known[i].Name)
			break
		}
	}
	return append(slices.Clone(known), c), said
}

func alikeLists(a, b LocalCase) bool {
	set := map[string]bool{}
	for _, id := range slices.Concat(a.Techniques, a.Software) {
		set[id] = true
	}
	both, more := 0, 0
	for _, id := range tidy(slices.Concat(b.Techniques, b.Software)) {
		if set[id] {
			both++
		} else {
			more++
		}
	}
	return float64(both) >= nearlySame*float64(len(set)+more)
}

// Group finds a group by identifier, name or alias, whatever the case of its letters.
func (t *Table) Group(name string) (Entry, bool) {
	for _, g := range t.Groups {
		if strings.EqualFold(g.ID, name) || strings.EqualFold(g.Name, name) {
			return g, true
		}
	}
	for _, g := range t.Groups {
		for _, alias := range g.Aliases {
			if strings.EqualFold(alias, name) {
				return g, true
			}
		}
	}
	return Entry{}, false
}
