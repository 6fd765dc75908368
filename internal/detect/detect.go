// Package detect holds the ways of finding something in records, one file a detector. A detector works in two steps. Its
// scanners, one for each worker, look at every record in any order and report hits; its joiner, one for each run, sees the
// hits of all files as one stream in order of time and makes findings of them. State that lasts from record to record
// belongs to the joiner.
package detect

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// Config is what detectors may draw on.
type Config struct {
	Rules        []RuleSource
	LogSources   []byte // Sigma log source mapping; nil: the embedded one
	Placeholders map[string][]string
	// RegexpTimeout bounds one attempt of an expression that can't run in linear time; 0: a default.
	RegexpTimeout time.Duration

	Cache   string // folder for compiled rules; "": none
	Program string // tells this build of the program from every other, so that none reads the cache of another; "": no cache
}

// RuleSource is a folder or a file of rules.
type RuleSource struct {
	Name string // as the user gave it; "embedded" for the built-in rules
	FS   fs.FS
	Dir  string // where FS lies on disk; "": nowhere, or not to be used
	File string // the only file of FS that is meant; "": all that end in .yml or .yaml
}

// Detector is a way of finding. It registers itself.
type Detector struct {
	Name string
	Doc  string // one line
	// Open prepares the detector for a run. A nil Engine means that the configuration holds nothing for it.
	Open func(c *Config) (Engine, error)
}

// Engine is a detector made ready. It is read-only and serves any number of goroutines.
type Engine interface {
	Scanner() Scanner // one for each worker
	// Joiner makes the joiner of a run; origin tells where a file, by its number, comes from.
	Joiner(origin func(file int) *event.Origin) (Joiner, error)
	Report() *Report
	// Notes says, after a run, what could not be decided in it; empty if everything was.
	Notes() []string
}

// Scanner looks at records and reports hits.
type Scanner interface {
	// Scan calls hit for everything it sees in some records, in their order, with the number of the record and what is the hit's own.
	// The hit is borrowed until hit returns.
	Scan(batch []*event.Record, hit func(record int, h *Hit))
}

// Joiner makes findings of hits. Hits pass it twice, each time in order of time, path and offset: first those that
// join go through Add, up to Close, for what needs the memory of other records; then each that is shown is made a finding by itself. So only what
// memory makes has to be put in order anew.
type Joiner interface {
	// Add takes the next hit that Joins. emit hands out a finding with the first hit that it rests on.
	Add(h *Hit, emit func(*finding.Finding, *Hit))
	// Close is called after the last hit.
	Close(emit func(*finding.Finding, *Hit))
	// Finding makes f say what one hit means by itself; false if it means nothing. What f holds is valid as long as the hit
	// is, but for its texts; f may be used again. After Close several goroutines may call it at a time.
	Finding(h *Hit, f *finding.Finding) bool
}

// Report says what a detector loaded.
type Report struct {
	Sets     []RuleSet
	Problems []Problem // refusals first
}

// RuleSet is what was loaded from one RuleSource.
type RuleSet struct {
	Name                         string
	SHA256                       string // over the hashes of its rules, sorted
	Rules, Correlations, Filters int
	Refused                      int
}

// Problem is a rule that was refused or, with Warning, one that was loaded but is doubtful.
type Problem struct {
	Path         string
	Line, Column int
	Msg, Hint    string
	Warning      bool
}

// String gives place, problem and hint in one line.
func (p *Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.Path, p.Line, p.Column, p.Msg)
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

var registered []*Detector

// register makes d known; called from init. It panics for a name that is taken.
func register(d Detector) {
	if slices.ContainsFunc(registered, func(have *Detector) bool { return have.Name == d.Name }) {
		panic(fmt.Sprintf("detector %q is registered twice", d.Name))
	}
	registered = append(registered, &d)
	slices.SortFunc(registered, func(a, b *Detector) int { return strings.Compare(a.Name, b.Name) })
}

// All returns the detectors in order of name.
func All() []*Detector { return registered }
