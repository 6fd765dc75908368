package sigma

import (
	"fmt"
	"time"
)

// Meta is what rules of every kind say of themselves.
type Meta struct {
	Path   string // file that the rule was read from
	Line   int    // of the document's first line
	SHA256 string // of the document's bytes, lower-case hexadecimal

	ID             string
	Name           string
	Title          string
	Status         string
	Level          string // informational, low, medium, high, critical; "" where the rule gives none
	Description    string
	Author         string
	Date           string
	Modified       string
	License        string
	Tags           []string
	References     []string
	FalsePositives []string
}

// LogSource says which events a rule is about.
type LogSource struct {
	Category, Product, Service string
	Line, Column               int
}

// Rule is a detection rule. What it detects is compiled; only its metadata is data.
type Rule struct {
	Meta
	LogSource LogSource
	Fields    []string // fields that the author finds worth showing

	// Feeds says that a correlation refers to the rule; Silent, that it gives no findings of its own because of
	// that (its correlations do not generate). Both are set by Link.
	Feeds, Silent bool
	// Needs names the fields whose values correlations want of each match: group-by fields, by their aliases, and
	// the field of a condition. In order and without repeats. Set by Link.
	Needs []string

	detection *detection
}

// CorrelationType is the kind of a correlation.
type CorrelationType string

// The types of Sigma 2.1.
const (
	EventCount      CorrelationType = "event_count"
	ValueCount      CorrelationType = "value_count"
	Temporal        CorrelationType = "temporal"
	TemporalOrdered CorrelationType = "temporal_ordered"
	ValueSum        CorrelationType = "value_sum"
	ValueAvg        CorrelationType = "value_avg"
	ValuePercentile CorrelationType = "value_percentile"
)

// Correlation is a correlation rule.
type Correlation struct {
	Meta
	Type     CorrelationType
	Refs     []string // of rules, by name or id, as written
	GroupBy  []string
	Timespan time.Duration
	// Aliases maps a group-by field to the field that stands for it in each rule: alias -> rule as written -> field.
	Aliases   map[string]map[string]string
	Condition Condition
	Generate  bool

	// Rules and Correlations are what Refs name, each at the position of its reference (the other one is nil).
	// Feeds and Silent are as in Rule. Set by Link.
	Rules         []*Rule
	Correlations  []*Correlation
	Feeds, Silent bool

	refAt []place // where each reference stands
}

// Condition is what a correlation asks of a window: for the counting types comparisons that must all hold; for
// the temporal types, optionally, an expression over the rules.
type Condition struct {
	Comparisons []Comparison
	Fields      []string // field, or fields, that value_* types look at
	Percentile  float64
	Expression  string // extended condition of temporal types: "a and (b or c)"; "" for none
}

// Comparison is one bound: gt, gte, lt, lte, eq, neq.
type Comparison struct {
	Op    string
	Value float64
}

// Problem is something wrong with a rule file, at a place in it.
type Problem struct {
	Path         string
	Line, Column int
	Msg          string // what is wrong
	Hint         string // how to mend it
	Warning      bool   // the rule was loaded all the same
}

// Error gives place, problem and hint in one line.
func (p *Problem) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.Path, p.Line, p.Column, p.Msg)
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}
