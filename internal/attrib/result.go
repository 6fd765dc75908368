package attrib

// Result is what can be said of the actor behind one case. Bits compare a group with the average known group: of two groups, the one with
// n bits more is 2ⁿ times as likely, so the bits of a group's Contributions, which sum to its Bits, show how its probability
// comes about.
type Result struct {
	Case       string      `json:"case,omitempty"`
	Version    string      `json:"attack_version,omitempty"` // of ATT&CK, "" if the bundle doesn't say
	Known      int         `json:"groups_known"`             // groups that were compared
	Time       string      `json:"time,omitempty"`           // of the case: a year, month or day; "" where it was not used
	Techniques []Item      `json:"techniques"`               // of the case, as the knowledge has them
	Software   []Item      `json:"software,omitempty"`
	Ranking    []Candidate `json:"ranking"` // the likeliest first; the first ones have contributions
	Unknown    Estimate    `json:"unknown"` // that the actor is none of the known groups
	Prior      float64     `json:"unknown_prior"`
	// Alike are identifiers of the groups that this evidence can't tell apart, the leader first; empty if the leader stands alone.
	Alike          []string        `json:"alike,omitempty"`
	Contradictions []Contradiction `json:"contradictions,omitempty"`
	Questions      []Question      `json:"questions,omitempty"` // the one that would tell most first
	Troubles       []string        `json:"troubles,omitempty"`  // what could not be used, in words

	// What was given beside techniques and software.
	Victims    Victims `json:"victims,omitzero"`
	Indicators int     `json:"indicators,omitempty"` // how many were compared with those of learned cases
	Ordered    int     `json:"ordered,omitempty"`    // techniques whose order was compared with that of learned cases
	Visible    int     `json:"visible,omitempty"`    // techniques of the knowledge that could have been seen; 0: nothing is known of that
	Compared   int     `json:"comparable,omitempty"` // of so many, where Visible says something
	Learned    int     `json:"learned,omitempty"`    // cases of one's own among the knowledge
	blind      map[string]bool
}

// Blind says whether a technique of the knowledge could not be seen, had it been there.
func (r *Result) Blind(id string) bool { return r.blind[id] }

// Item is a technique or a software of the case.
type Item struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Strength float64 `json:"strength"`           // 0 to 1
	Findings int     `json:"findings,omitempty"` // behind it
	Rules    int     `json:"rules,omitempty"`    // different ones among those
	Groups   int     `json:"groups"`             // that are known to use it
}

// Estimate is a probability, the span that it moves in (5th to 95th percentile) when a fifth of what was seen had not been seen and
// other reports had taught the weights, and the words of the ICD 203 scale for it.
type Estimate struct {
	Probability float64 `json:"probability"`
	Low         float64 `json:"low"`
	High        float64 `json:"high"`
	Words       string  `json:"words"`
}

// Candidate is a group and the evidence for and against it.
type Candidate struct {
	Group string `json:"group"`
	Name  string `json:"name"`
	Estimate
	Reports       int            `json:"reports"` // that are known of it
	Bits          float64        `json:"bits"`
	Knowledge     float64        `json:"knowledge_bits"` // of Bits: because of how much is known of it, whatever was seen
	Technical     float64        `json:"technique_bits"` // of Bits: by techniques, with Habits
	Software      float64        `json:"software_bits"`
	Time          float64        `json:"time_bits,omitempty"`     // of Bits: by when the case was
	Dated         []DatedReport  `json:"time_reports,omitempty"`  // the nearest in time, which Time rests on most
	Habits        float64        `json:"habit_bits"`              // of Technical: what it usually does beside, seen or not
	Contributions []Contribution `json:"contributions,omitempty"` // of single items, the weightiest first, for (above 0) and against
	Missing       []Contribution `json:"missing,omitempty"`       // of Habits: what it usually does and the case doesn't show

	Beside float64 `json:"side_bits,omitempty"` // of Bits: by other kinds of evidence, which Sides lists
	Sides  []Side  `json:"side,omitempty"`
	// Usual counts the techniques that at least two reports on it name (or its only report does), UsualVisible those of them that
	// could have been seen; both are 0 where nothing is known of that.
	Usual        int `json:"usual,omitempty"`
	UsualVisible int `json:"usual_visible,omitempty"`
}

// DatedReport is a report and when it was written.
type DatedReport struct {
	Report string `json:"report"`
	Date   string `json:"date"` // 2020, 2020-08 or 2020-08-17
}

// Why an item speaks for a group.
const (
	BySame     = "reported"          // reports say that the group used it
	BySibling  = "related technique" // reports say so of another technique of the same parent
	BySoftware = "its software"      // software of the group has it
	ByTogether = "named together"    // reports speak of the group and of the software
	ByNothing  = "not reported"
	byHabit    = "usual for it"
)

// Contribution is what one item says for (bits above 0) or against a group.
type Contribution struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Bits    float64  `json:"bits"`
	Basis   string   `json:"basis"`             // one of the reasons above
	Reports []string `json:"reports,omitempty"` // that it rests on
}

// Kinds of evidence that may contradict the rest.
const (
	AgainstSoftware   = "software"   // and techniques
	AgainstIndicators = "indicators" // and techniques
	AgainstVictims    = "victims"    // and the group that leads
)

// Contradiction is evidence of one kind that points away from where the other points: a false flag, shared tools or infrastructure, or two
// actors.
type Contradiction struct {
	Kind      string  `json:"kind"`
	Group     string  `json:"group"` // that this kind of evidence points to
	GroupName string  `json:"group_name"`
	Other     string  `json:"other"` // that the techniques point to, or that leads
	OtherName string  `json:"other_name"`
	Bits      float64 `json:"bits"` // by which the other evidence prefers its group; by which victims prefer theirs
	Words     string  `json:"words"`
}

// Question is something that was not seen; whether it was there would tell the leading groups apart.
type Question struct {
	ID   string  `json:"id"`
	Name string  `json:"name"`
	Gain float64 `json:"gain_bits"` // expected, over the groups that lead
	// Favours is the group that it would speak for if it was found, Bits by how much against the others that lead.
	Favours     string  `json:"favours"`
	FavoursName string  `json:"favours_name"`
	Bits        float64 `json:"bits"`
}

// Words returns the words of the ICD 203 scale for a probability.
func Words(p float64) string {
	switch {
	case p < 0.05:
		return "almost no chance"
	case p < 0.20:
		return "very unlikely"
	case p < 0.45:
		return "unlikely"
	case p < 0.55:
		return "roughly even chance"
	case p < 0.80:
		return "likely"
	case p < 0.95:
		return "very likely"
	}
	return "almost certain"
}
