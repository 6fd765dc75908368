package attrib

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Indicators are values by type: sha256, sha1, md5, domain, url, email, ipv4, ipv6.
type Indicators map[string][]string

// traits says of what nature an indicator of a type is, and how many bits the first one in common is worth. Not measured: that two
// cases of different actors share a file that is no well-known one is held rarer than a name, and a name rarer than an address, which
// others rent afterwards.
var traits = []struct {
	nature string
	bits   float64
	types  []string
}{
	{"file", 6, []string{"sha256", "sha1", "md5"}},
	{"name", 4, []string{"domain", "url", "email"}},
	{"address", 3, []string{"ipv4", "ipv6"}},
}

// Bounds of indicators.
const (
	mostOfType      = 150 // of a learned case
	maxIndicator    = 256 // bytes of one that is kept
	maxAllTraces    = 1_000_000
	mostSharedNamed = 10
)

// trace is an indicator, traced says whose cases have it.
type trace struct{ kind, value string }

type traced struct {
	groups []int
	cases  []string // names, in step with the groups
}

// Bound returns the indicators that a learned case may keep: of the types that are compared, at most so many of each, each once.
func (in Indicators) Bound() Indicators {
	out := Indicators{}
	for _, t := range traits {
		for _, kind := range t.types {
			seen := map[string]bool{}
			for _, value := range in[kind] {
				if value = strings.TrimSpace(value); value == "" || len(value) > maxIndicator || seen[value] {
					continue
				}
				if seen[value] = true; len(out[kind]) < mostOfType {
					out[kind] = append(out[kind], value)
				}
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// Count counts those that are compared.
func (in Indicators) Count() (n int) {
	for kind, list := range in {
		if bitsOf(kind) > 0 {
			n += len(list)
		}
	}
	return n
}

// keepTraces notes the indicators of a learned case.
func (k *Knowledge) keepTraces(g int, c *LocalCase) {
	bound := c.Indicators.Bound()
	for _, kind := range slices.Sorted(maps.Keys(bound)) {
		for _, value := range bound[kind] {
			at := trace{kind, value}
			m := k.traces[at]
			if m == nil {
				if len(k.traces) >= maxAllTraces {
					continue
				}
				m = &traced{}
				k.traces[at] = m
			}
			m.groups, m.cases = append(m.groups, g), append(m.cases, c.Name)
		}
	}
}

// sharing is what the case has in common with the learned cases of a group.
type sharing struct {
	weights map[string][]float64 // by type
	values  map[string][]string
	cases   map[string]bool
}

// likenIndicators finds the case's indicators among those of learned cases. Of several of one type each further one counts half of the one
// before; hashes of several kinds may be of one file, and a URL holds its domain, so of one nature only the type that says most
// counts. One that cases of n groups have is worth the nth part for each of them, and that again divided by n.
func (k *Knowledge) likenIndicators(in Indicators, s *sides) {
	if len(k.traces) == 0 {
		return
	}
	shared := map[int]*sharing{}
	for _, kind := range slices.Sorted(maps.Keys(in)) {
		bits := bitsOf(kind)
		for _, value := range in[kind] {
			m := k.traces[trace{kind, value}]
			if m == nil || bits == 0 {
				continue
			}
			groups := slices.Compact(slices.Sorted(slices.Values(m.groups)))
			n := float64(len(groups))
			for _, g := range groups {
				if shared[g] == nil {
					shared[g] = &sharing{map[string][]float64{}, map[string][]string{}, map[string]bool{}}
				}
				shared[g].take(kind, value, bits/n/n, m.of(g))
			}
		}
	}
	for g, own := range shared {
		s.add(g, own.side())
	}
}

func (m *traced) of(g int) (names []string) {
	for i, group := range m.groups {
		if group == g {
			names = append(names, m.cases[i])
		}
	}
	return names
}

func bitsOf(kind string) float64 {
	for _, t := range traits {
		if slices.Contains(t.types, kind) {
			return t.bits
		}
	}
	return 0
}

func (own *sharing) take(kind, value string, bits float64, cases []string) {
	own.weights[kind] = append(own.weights[kind], bits)
	own.values[kind] = append(own.values[kind], value)
	for _, name := range cases {
		own.cases[name] = true
	}
}

func (own *sharing) side() Side {
	sum := 0.0
	var parts, named []string
	for _, t := range traits {
		most := 0.0
		for _, kind := range t.types {
			most = math.Max(most, diminished(own.weights[kind]))
			if n := len(own.values[kind]); n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, kind))
				named = append(named, own.values[kind]...)
			}
		}
		sum += most
	}
	return Side{Kind: SideIndicators, Name: "Indicators in common", Bits: math.Min(sum, mostIndicators), Basis: strings.Join(parts, ", ") + " also in its cases",
		Values: first(named, mostSharedNamed), Cases: first(slices.Sorted(maps.Keys(own.cases)), mostCasesNamed)}
}
