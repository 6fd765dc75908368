package attrib

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Victims says whom an actor goes for: sectors of our vocabulary, and countries by the codes of ISO 3166 or regions of ours.
type Victims struct {
	Sectors   []string `json:"sectors,omitempty"`
	Countries []string `json:"countries,omitempty"`
}

// None says whether nothing is known.
func (v *Victims) None() bool { return len(v.Sectors)+len(v.Countries) == 0 }

// join adds the victims of another one.
func (v *Victims) join(other Victims) {
	v.Sectors, v.Countries = tidy(slices.Concat(v.Sectors, other.Sectors)), tidy(slices.Concat(v.Countries, other.Countries))
}

// phrase is a name of a code. The last word of an open one goes on as it likes.
type phrase struct {
	words []string
	open  bool
	code  string
}

// glossary finds codes in text by their phrases.
type glossary struct {
	codes   []string // in order
	byWord  map[string][]phrase
	byStart map[string][]phrase // of one open word, by its first three letters
}

const startLetters = 3

// readGlossary reads lines of a code and its phrases.
func readGlossary(lines ...string) *glossary {
	g := &glossary{byWord: map[string][]phrase{}, byStart: map[string][]phrase{}}
	for line := range strings.Lines(strings.Join(lines, "\n")) {
		code, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		if code == "-" {
			code = ""
		} else {
			g.codes = append(g.codes, code)
		}
		for text := range strings.SplitSeq(list, ",") {
			text = strings.TrimSpace(text)
			p := phrase{words: strings.Fields(strings.TrimSuffix(text, "*")), open: strings.HasSuffix(text, "*"), code: code}
			if first := p.words[0]; p.open && len(p.words) == 1 {
				g.byStart[first[:startLetters]] = append(g.byStart[first[:startLetters]], p)
			} else {
				g.byWord[first] = append(g.byWord[first], p)
			}
		}
	}
	slices.Sort(g.codes)
	return g
}

// at finds the longest phrase that stands at the beginning of words.
func (g *glossary) at(words []string) (code string, length int) {
	try := func(list []phrase) {
		for _, p := range list {
			if n := len(p.words); n > length && p.begins(words) {
				code, length = p.code, n
			}
		}
	}
	try(g.byWord[words[0]])
	if len(words[0]) >= startLetters {
		try(g.byStart[words[0][:startLetters]])
	}
	return code, length
}

func (p *phrase) begins(words []string) bool {
	n := len(p.words)
	if len(words) < n || !slices.Equal(words[:n-1], p.words[:n-1]) {
		return false
	}
	return words[n-1] == p.words[n-1] || p.open && strings.HasPrefix(words[n-1], p.words[n-1])
}

var (
	sectors   = sync.OnceValue(func() *glossary { return readGlossary(sectorLines) })
	countries = sync.OnceValue(func() *glossary { return readGlossary(countryLines, regionLines) })
	inRegions = sync.OnceValue(func() map[string]map[string]bool { // countries by region
		out := map[string]map[string]bool{}
		for line := range strings.Lines(strings.TrimSpace(regionMembers)) {
			region, list, _ := strings.Cut(line, ":")
			out[region] = map[string]bool{}
			for code := range strings.FieldsSeq(list) {
				out[region][code] = true
			}
		}
		return out
	})
)

// Sectors returns the vocabulary of sectors.
func Sectors() []string { return sectors().codes }

// Regions returns the regions that stand beside the codes of countries.
func Regions() []string { return slices.Sorted(maps.Keys(inRegions())) }

// Sector finds a sector by its code or by a word for it.
func Sector(name string) (code string, ok bool) { return sectors().named(name) }

// Country finds a country by the code of ISO 3166 or by its name, or a region.
func Country(name string) (code string, ok bool) {
	code = strings.ToUpper(strings.TrimSpace(name))
	for _, in := range inRegions() {
		if in[code] {
			return code, true
		}
	}
	return countries().named(name)
}

// named finds a code that is given as such, or by a phrase that is all of the name.
func (g *glossary) named(name string) (string, bool) {
	lower := strings.ToLower(strings.TrimSpace(name))
	for _, code := range g.codes {
		if strings.ToLower(code) == lower {
			return code, true
		}
	}
	words := wordsOf(lower)
	if len(words) == 0 {
		return "", false
	}
	code, n := g.at(words)
	return code, code != "" && n == len(words)
}

// Check puts victims in the words of the vocabulary, each once and in order.
func (v Victims) Check() (Victims, error) {
	var out Victims
	for _, name := range v.Sectors {
		code, ok := Sector(name)
		if !ok {
			return Victims{}, fmt.Errorf("there is no sector %q; the sectors are %s", name, strings.Join(Sectors(), ", "))
		}
		out.Sectors = append(out.Sectors, code)
	}
	for _, name := range v.Countries {
		code, ok := Country(name)
		if !ok {
			return Victims{}, fmt.Errorf("there is no country %q; give a code of ISO 3166 (KR, US), a name in English, or one of the regions %s",
				name, strings.Join(Regions(), ", "))
		}
		out.Countries = append(out.Countries, code)
	}
	out.Sectors, out.Countries = tidy(out.Sectors), tidy(out.Countries)
	return out, nil
}

// The parts of a description that say whom a group goes for: what stands behind such a word, up to one that leads elsewhere.
var (
	citation  = regexp.MustCompile(`\(Citation: [^)]*\)`)
	link      = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	sentences = regexp.MustCompile(`[.;!?](?:\s+|$)|\n`)
	behind    = regexp.MustCompile(`(?i)\b(?:targe(?:t|ts|ted|ting)|against|victims?|victimi[sz]ed|attack(?:s|ed|ing)|intrusions (?:in|into)|compromises of|interest in|focus(?:es|ed|ing|ses|sed)?(?: \w+)? on|emphasis on|aimed at|espionage (?:on|of)|stole(?:n)? (?:from|money)|operations in|active in|active throughout)\b`)
	elsewhere = regexp.MustCompile(`(?i)\b(?:using|via|attributed|sponsored|based in|based out|on behalf|associated with|linked to|operat(?:es|ed|ing) (?:out|from)|believed|suspected|assessed|backed by|overlap(?:s|ped|ping)?|similar(?:ities|ity)?|alias(?:es)?|known as|tracked as|also known|members of|such as those|with ties|leaders? (?:was|were)|citizens|nationals|origin|nexus)\b`)
)

// shortForms are spelled out before text is taken apart: as words of small letters they would mean something else.
var shortForms = regexp.MustCompile(`\b(?:U\.S\.A?\.?|USA?|U\.K\.|UK|UAE|IT|EU)(?:\b|\s|$|,)`)

var spelledOut = map[string]string{"US": "united states", "USA": "united states", "UK": "united kingdom", "UAE": "united arab emirates", "IT": "information technology", "EU": "european union"}

// origins are words behind the name of a country that make it the actor's own.
var origins = map[string]bool{"state": true, "sponsored": true, "based": true, "linked": true, "backed": true, "speaking": true, "nexus": true, "aligned": true,
	"threat": true, "actor": true, "actors": true, "hackers": true, "group": true, "apt": true, "affiliated": true, "cyber": true, "cyberespionage": true, "intelligence": true, "origin": true, "person": true}

// longestProse bounds the description that is read.
const longestProse = 64 << 10

// victimsIn finds whom a description says a group goes for.
func victimsIn(prose string) Victims {
	prose = prose[:min(len(prose), longestProse)]
	prose = link.ReplaceAllString(citation.ReplaceAllString(prose, " "), "$1")
	prose = shortForms.ReplaceAllStringFunc(prose, func(s string) string {
		name := strings.Trim(strings.ReplaceAll(s, ".", ""), ", \n")
		return spelledOut[name] + s[len(strings.TrimRight(s, ", \n")):]
	})
	var v Victims
	for _, sentence := range sentences.Split(prose, -1) {
		at := behind.FindStringIndex(sentence)
		for at != nil {
			said := sentence[at[1]:]
			rest := ""
			if end := elsewhere.FindStringIndex(said); end != nil {
				said, rest = said[:end[0]], said[end[1]:]
			}
			v.read(said)
			sentence = rest
			at = behind.FindStringIndex(sentence)
		}
	}
	v.Sectors, v.Countries = tidy(v.Sectors), tidy(v.Countries)
	return v
}

// read takes the sectors and countries out of words on victims.
func (v *Victims) read(text string) {
	words := wordsOf(text)
	for i := 0; i < len(words); {
		if code, n := countries().at(words[i:]); n > 0 {
			if i += n; code != "" && (i >= len(words) || !origins[words[i]]) {
				v.Countries = append(v.Countries, code)
			}
			continue
		}
		code, n := sectors().at(words[i:])
		if code != "" {
			v.Sectors = append(v.Sectors, code)
		}
		i += max(n, 1)
	}
}
