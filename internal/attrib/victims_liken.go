package attrib

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Constants of the likeness of victims. Not measured.
const (
	victimsHeld = 2.0  // victims of the average group that are added to those known of each one
	picked      = 2.0  // how much likelier a country of a group's region is hit than if it hit all of them alike
	unnamed     = 0.04 // share that is given to what no group is known for
)

// mostGiven bounds the sectors, and the countries, of a case that are compared: case.json may come from a stranger.
const mostGiven = 20

// likenVictims compares the case's victims with those that are known of each group, learned cases among them:
// log₂ of the share of the group's victims that are of the kind over the share of all groups'. A group whose victims nobody knows gets nothing.
func (k *Knowledge) likenVictims(v Victims, s *sides) {
	k.likenKind(v.Sectors, s, SideSector, func(g int) []string { return k.victims[g].Sectors })
	k.likenKind(v.Countries, s, SideCountry, func(g int) []string { return k.victims[g].Countries })
}

func (k *Knowledge) likenKind(given []string, s *sides, kind string, of func(g int) []string) {
	if len(given) == 0 {
		return
	}
	given = first(given, mostGiven)
	known, share := 0.0, 0.0
	hits := make([]float64, len(k.groups))
	for g := range k.groups {
		codes := of(g)
		if len(codes) == 0 {
			continue
		}
		known++
		for _, code := range given {
			hits[g] += hit(code, codes) / float64(len(given))
		}
		share += hits[g] / float64(len(codes))
	}
	share = (share + unnamed) / (known + 1)
	for g := range k.groups {
		codes := of(g)
		if len(codes) == 0 {
			continue
		}
		bits := math.Log2((hits[g] + victimsHeld*share) / (float64(len(codes)) + victimsHeld) / share)
		side := Side{Kind: kind, Name: "Victims: " + strings.Join(given, ", "), Bits: math.Max(-mostVictims, math.Min(mostVictims, bits)), Basis: victimsBasis(given, codes)}
		if !k.groups[g].Victims.None() {
			side.Basis += ", by ATT&CK's page on it"
		}
		side.Cases = k.hit[g][:min(len(k.hit[g]), mostNamed)]
		s.add(g, side)
	}
}

// hit is how far a victim is among those of a group.
func hit(code string, codes []string) float64 {
	most := 0.0
	for _, other := range codes {
		if other == code {
			return 1
		}
		most = math.Max(most, within(code, other))
	}
	return most
}

// within is how likely a victim in the group's country or region is one in the case's: the share of its countries that lie there, but
// a group that goes for a region goes for some of its countries alone.
func within(own, of string) float64 {
	regions := inRegions()
	x, y := regions[own], regions[of]
	switch {
	case y == nil && x == nil:
		return 0
	case y == nil:
		if x[of] {
			return 1
		}
		return 0
	case x == nil:
		x = map[string]bool{own: true}
	}
	both := 0.0
	for code := range x {
		if y[code] {
			both++
		}
	}
	return math.Min(1, picked*both/float64(len(y)))
}

// mostNamed bounds the victims of a group that are named.
const mostNamed = 8

func victimsBasis(given, codes []string) string {
	named := slices.Clone(codes[:min(len(codes), mostNamed)])
	for _, code := range given {
		if slices.Contains(codes, code) && !slices.Contains(named, code) {
			named = append(named, code)
		}
	}
	text := "reported to target " + strings.Join(named, ", ")
	if more := len(codes) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
