package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/attrib"
)

// whoView is the section on who did it.
type whoView struct {
	R        *attrib.Result
	Sentence []frag // for the first page
	Notes    []string
	Ranks    []whoRank
	Rest     int       // known groups that are not listed
	RestOdds string    // of all of them together
	Marks    []float64 // where the words of the scale change, along the bars
	Alike    string
	Together string // the probability of the leader and those alike, "" where not all are listed
	Falls    []*fallView
	Matrix   *whoMatrix
	Sources  []whoSource
	More     int      // sources not listed
	Compared int      // techniques and software
	Beside   []string // what there was beside them
}

// whoRank is a row of the ranking. Without a group it is the answer that the actor is none of the known ones.
type whoRank struct {
	Candidate *attrib.Candidate
	attrib.Estimate
	X, BandX, BandW float64 // of the bar
}

// Bounds of the section.
const (
	fewItems      = 5 // below, a case is called thin
	maxAlikeNamed = 6
	maxFalls      = 3
	rankWidth     = 200 // of a bar, in units of its drawing
)

// scaleMarks are the probabilities at which the words of the ICD 203 scale change.
var scaleMarks = []float64{0.05, 0.20, 0.45, 0.55, 0.80, 0.95}

func newWho(m *Model) (*whoView, error) {
	a, err := m.whoDidIt()
	if err != nil {
		return nil, err
	}
	t, err := attrib.Embedded()
	if err != nil {
		return nil, err
	}
	r := a.result
	v := &whoView{R: r, Notes: a.notes(), Compared: len(r.Techniques) + len(r.Software)}
	for _, p := range scaleMarks {
		v.Marks = append(v.Marks, p*rankWidth)
	}
	v.Beside = besideNotes(r)
	groups := map[string]string{}
	for _, g := range t.Groups {
		groups[g.ID] = g.Name
	}
	for _, c := range r.Ranking {
		groups[c.Group] = c.Name // those of learned cases too
	}
	v.Alike = alikeNames(r, groups)
	v.Together = togetherOdds(r)
	v.Sentence = whoSentence(r, v.Alike)
	if v.Compared == 0 && !withSides(r) {
		return v, nil
	}
	v.rank()
	v.Falls = newFalls(r.Ranking[:min(len(r.Ranking), maxFalls)])
	v.Matrix = newWhoMatrix(m, r, t)
	v.Sources, v.More = whoSources(r)
	return v, nil
}

// withSides says whether there is evidence beside techniques and software that speaks for or against the first.
func withSides(r *attrib.Result) bool { return len(r.Ranking) > 0 && len(r.Ranking[0].Sides) > 0 }

// besideNotes says what there was beside techniques and software, and what could have been seen.
func besideNotes(r *attrib.Result) (out []string) {
	var given []string
	if !r.Victims.None() {
		given = append(given, "the victims ("+list(slices.Concat(r.Victims.Sectors, r.Victims.Countries))+")")
	}
	if r.Learned > 0 {
		given = append(given, plural(int64(r.Learned), "learned case"))
	}
	if r.Indicators > 0 {
		given = append(given, plural(int64(r.Indicators), "indicator"))
	}
	if r.Ordered > 0 {
		given = append(given, "the order of "+plural(int64(r.Ordered), "technique"))
	}
	if len(given) > 0 {
		out = append(out, "Beside techniques and software there were "+list(given)+". What these weigh is a judgement; unlike the rest it was not measured.")
	}
	if r.Visible > 0 {
		text := fmt.Sprintf("The rules could have seen %d of %d techniques in this evidence. That one of the others is missing speaks against nobody.", r.Visible, r.Compared)
		if len(r.Ranking) > 0 && r.Ranking[0].Usual > 0 {
			c := r.Ranking[0]
			text += fmt.Sprintf(" Of the %s usual for %s, %d could have been seen.", plural(int64(c.Usual), "technique"), short(c.Name), c.UsualVisible)
		}
		out = append(out, text)
	}
	return out
}

// notes says what of the case was not compared.
func (a *actor) notes() (out []string) {
	if a.alien > 0 {
		out = append(out, plural(int64(a.alien), "identifier")+" of techniques left out: no version of ATT&CK knows them.")
	}
	if a.beyond > 0 {
		out = append(out, fmt.Sprintf("The %d surest techniques and the %d surest pieces of software are compared, %s left out.", maxActorItems, maxActorItems, plural(int64(a.beyond), "less sure one")))
	}
	for _, t := range a.result.Troubles {
		out = append(out, sentence(shorten(300, t)))
	}
	return out
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// percent writes a probability: never as certain, and never finer than it is known.
func percent(p float64) string {
	switch {
	case p < 0.01:
		return "under 1\u00a0%"
	case p > 0.99:
		return "over 99\u00a0%"
	}
	return fmt.Sprintf("%.0f\u00a0%%", math.Round(p*100))
}

// between writes the span of a probability.
func between(e attrib.Estimate) string {
	low, high := percent(e.Low), percent(e.High)
	if low == high {
		return low
	}
	return strings.TrimSuffix(low, "\u00a0%") + " to " + high
}

// odds writes a probability in words and numbers.
func odds(e attrib.Estimate) string { return fmt.Sprintf("%s, %s", e.Words, percent(e.Probability)) }

// chance writes the words with their verb.
func chance(e attrib.Estimate) string {
	switch e.Words {
	case "almost no chance":
		return "has almost no chance"
	case "roughly even chance":
		return "has a roughly even chance"
	}
	return "is " + e.Words
}

// From standsOut on the leader is named as an answer: it is as likely as not. One whose span reaches below holds is not held firmly.
const (
	standsOut = 0.45
	holds     = 0.20
)

// whoSentence answers on the first page, in words no surer than the numbers.
func whoSentence(r *attrib.Result, alike string) []frag {
	link := frag{"Who did it", "who"}
	n := len(r.Techniques) + len(r.Software)
	if withSides(r) {
		n += len(r.Ranking[0].Sides)
	}
	if n == 0 || len(r.Ranking) == 0 {
		return []frag{link, {Text: " can't be said: nothing that was found can be compared with what known groups did."}}
	}
	best, nobody := r.Ranking[0], r.Unknown
	name, known := short(best.Name), fmt.Sprintf("the %s that ATT&CK %s knows", plural(int64(r.Known), "group"), visible(r.Version))
	if r.Learned > 0 {
		known = fmt.Sprintf("the %s that ATT&CK %s and learned cases know", plural(int64(r.Known), "group"), visible(r.Version))
	}
	none := fmt.Sprintf("that it is none of these %s (%s).", chance(nobody), percent(nobody.Probability))
	if alike != "" {
		none = fmt.Sprintf("this evidence doesn't tell it from %s; %s", alike, none)
	}
	var text string
	switch {
	case nobody.Probability >= standsOut && nobody.Probability >= best.Probability:
		text = fmt.Sprintf(": that it is none of %s %s (%s). The likeliest of them is %s (%s).", known, chance(nobody), percent(nobody.Probability), name, odds(best.Estimate))
	case best.Probability < standsOut:
		text = fmt.Sprintf(" can't be told from what was found: of %s none stands out. The likeliest is %s (%s); %s", known, name, odds(best.Estimate), none)
	case best.Low < holds:
		text = fmt.Sprintf(" can't be told firmly: of %s, %s is the likeliest (%s), but somewhat less evidence could leave it at %s; %s", known, name, odds(best.Estimate), percent(best.Low), none)
	default:
		text = fmt.Sprintf(": of %s, %s is the likeliest (%s, between %s); %s", known, name, odds(best.Estimate), strings.Replace(between(best.Estimate), " to ", " and ", 1), none)
	}
	if n < fewItems {
		text += fmt.Sprintf(" It rests on no more than %s.", plural(int64(n), "thing"))
	}
	return []frag{link, {Text: text + " A lead to check, no verdict."}}
}

// alikeNames names the groups that the evidence doesn't tell from the leader, "" if there are none.
func alikeNames(r *attrib.Result, groups map[string]string) string {
	if len(r.Alike) < 2 {
		return ""
	}
	rest := r.Alike[1:]
	var names []string
	for _, id := range rest[:min(len(rest), maxAlikeNamed)] {
		name := groups[id]
		if name == "" {
			name = id
		}
		names = append(names, short(name))
	}
	if more := len(rest) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return list(names)
}

// togetherOdds adds up the probabilities of the groups that aren't told apart.
func togetherOdds(r *attrib.Result) string {
	sum, listed := 0.0, 0
	for _, c := range r.Ranking {
		if slices.Contains(r.Alike, c.Group) {
			sum += c.Probability
			listed++
		}
	}
	if listed == 0 || listed < len(r.Alike) {
		return ""
	}
	return fmt.Sprintf("%s (%s)", percent(sum), attrib.Words(sum))
}

// rank puts the answer that it is none of the known groups among them, by its probability.
func (v *whoView) rank() {
	row := func(c *attrib.Candidate, e attrib.Estimate) whoRank {
		return whoRank{c, e, round(e.Probability * rankWidth), round(e.Low * rankWidth), round((e.High - e.Low) * rankWidth)}
	}
	sum := v.R.Unknown.Probability
	for i := range v.R.Ranking {
		c := &v.R.Ranking[i]
		v.Ranks = append(v.Ranks, row(c, c.Estimate))
		sum += c.Probability
	}
	at, _ := slices.BinarySearchFunc(v.Ranks, v.R.Unknown.Probability, func(r whoRank, p float64) int {
		if r.Probability > p {
			return -1
		}
		return 1
	})
	v.Ranks = slices.Insert(v.Ranks, at, row(nil, v.R.Unknown))
	v.Rest = v.R.Known - len(v.R.Ranking)
	v.RestOdds = percent(math.Max(0, 1-sum))
}

// whoSource is a report that the listed contributions rest on.
type whoSource struct {
	Name  string
	Group []string // names of those that it speaks of
	Items int      // of this case that it names
}

const maxWhoSources = 40

func whoSources(r *attrib.Result) (out []whoSource, more int) {
	at := map[string]int{}
	for i := range r.Ranking[:min(len(r.Ranking), matrixGroups)] {
		c := &r.Ranking[i]
		for _, part := range slices.Concat(c.Contributions, c.Missing) {
			for _, name := range part.Reports {
				n, ok := at[name]
				if !ok {
					n = len(out)
					at[name] = n
					out = append(out, whoSource{Name: name})
				}
				out[n].Items++
				if !slices.Contains(out[n].Group, c.Name) {
					out[n].Group = append(out[n].Group, c.Name)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b whoSource) int { return b.Items - a.Items })
	kept := out[:min(len(out), maxWhoSources)]
	return kept, len(out) - len(kept)
}
