package sigma

import (
	"strings"
	"sync"

	"github.com/goshawk-ir/goshawk/internal/simd"
)

// newSweep returns what a sweep over a piece of evidence looks for: of each literal, the three characters that are least likely to stand
// in other texts. Where the texts lie in the piece need not be known, nor how many there are, and so the few that hold a keyword are
// found at a cost by bytes, without a call for each text. It is nil where a literal has none, or where texts without a keyword would be
// taken for one too often.
//
// Only the lower halves of units are compared, those of U+017F and U+212A, which fold to ASCII, too.
func newSweep(lits []string) *simd.Triples {
	s := &simd.Triples{}
	var chance [simd.Sets]float64 // that three units are in a set
	for _, lit := range lits {
		if !isASCII(lit) || len(lit) < 3 {
			return nil
		}
		triple := rarestTriple(lit)
		// It goes where it adds least to the chance, with others like it.
		best, least := 0, 2.0
		for set := range simd.Sets {
			if added := withTriple(s, set, triple) - chance[set]; added < least {
				best, least = set, added
			}
		}
		chance[best] += least
		for place := range triple {
			for _, c := range spellings(triple[place]) {
				s.Add(best, place, c)
			}
		}
	}
	all := 0.0
	for _, c := range chance {
		all += c
	}
	if all > maxSweepChance {
		return nil
	}
	s.Ready()
	return s
}

// maxSweepChance is from which chance on, that three units of other text are taken for part of a keyword, a sweep isn't worth while: the
// texts of a record have some hundreds.
const maxSweepChance = 1e-3

// spellings returns the lower halves of the units that fold to c.
func spellings(c byte) []byte {
	switch {
	case c == 's':
		return []byte{'s', 'S', 0x7f}
	case c == 'k':
		return []byte{'k', 'K', 0x2a}
	case c >= 'a' && c <= 'z':
		return []byte{c, c - ('a' - 'A')}
	}
	return []byte{c}
}

// rarestTriple returns the three characters of a literal that are least likely in a text, each by itself, as a set has them, and one after
// the other.
func rarestTriple(lit string) string {
	best, least := "", 2.0
	for i := range len(lit) - 2 {
		single, pair := charChance(), pairChance()
		chance := single[lit[i]] * single[lit[i+1]] * single[lit[i+2]] * pair[lit[i]][lit[i+1]] * pair[lit[i+1]][lit[i+2]]
		if chance < least {
			best, least = lit[i:i+3], chance
		}
	}
	return best
}

// pairChance is charChance for two characters, one after the other.
var pairChance = sync.OnceValue(func() *[0x80][0x80]float64 {
	const least = 0.05
	chance := &[0x80][0x80]float64{}
	for i := range len(commonText) - 1 {
		if a, b := commonText[i], commonText[i+1]; a < 0x80 && b < 0x80 {
			chance[a][b]++
		}
	}
	for a := range chance {
		for b := range chance[a] {
			chance[a][b] = (least + chance[a][b]) / float64(len(commonText))
		}
	}
	return chance
})

// withTriple returns the chance that three units are in a set to which a triple is added.
func withTriple(s *simd.Triples, set int, triple string) float64 {
	with := *s
	chance := 1.0
	for place := range triple {
		for _, c := range spellings(triple[place]) {
			with.Add(set, place, c)
		}
		sum := 0.0
		for c, p := range charChance() {
			if with.Has(set, place, byte(c)) {
				sum += p
			}
		}
		chance *= sum
	}
	return chance
}

// charChance returns, by ASCII character, how often a unit of a text is it: as often as in commonText, but never not at all.
var charChance = sync.OnceValue(func() (chance [0x80]float64) {
	const least = 1
	for c := range chance {
		chance[c] = (least + float64(strings.Count(commonText, string(rune(c))))) / float64(len(commonText))
	}
	return chance
})
