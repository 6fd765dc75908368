// Package casefile writes and reads a case folder: what was run and on what (case.json), one line for each file of evidence
// (evidence.jsonl), one line for each finding (findings.jsonl), and the outputs that internal/report makes of them. A
// case appears whole or not at all: it is built beside its place and put there by one rename. docs/case.md describes the files.
//
// Nothing here reads a clock, a host name or a version: all that enters through Case.
package casefile

import (
	"time"

	"github.com/goshawk-ir/goshawk/internal/attrib"
)

// Format is the version of the folder's layout. A reader refuses a greater one.
const Format = 1

// toolName stands in every case of ours; a folder without it is never replaced.
const toolName = "goshawk"

// Names of the files that every case has.
const (
	CaseName     = "case.json"
	EvidenceName = "evidence.jsonl"
	FindingsName = "findings.jsonl"
)

// Case is case.json. The caller of Writer.Finish fills in what was run; Format, Totals and Outputs are the Writer's.
type Case struct {
	Format      int            `json:"format"`
	Tool        Tool           `json:"tool"`
	Title       string         `json:"title,omitempty"`
	Command     []string       `json:"command"` // as given, program name first
	Started     time.Time      `json:"started,omitzero"`
	Finished    time.Time      `json:"finished,omitzero"`
	Interrupted bool           `json:"interrupted,omitempty"` // the run was stopped; the case holds what was finished until then
	Evidence    []Argument     `json:"evidence"`
	Rules       []RuleSet      `json:"rules"`
	Refused     []Refusal      `json:"refused_rules,omitempty"`
	LogSources  string         `json:"log_sources_sha256,omitempty"` // of the table that maps Sigma's log sources
	Attack      string         `json:"attack_version,omitempty"`     // version of ATT&CK whose technique ids the case shows
	Visible     []string       `json:"visible_techniques,omitempty"` // that the rules could have seen in the records that there were
	Victims     attrib.Victims `json:"victims,omitzero"`             // as they were given
	Learned     *Learned       `json:"learned_cases,omitempty"`      // that the case was compared with
	Totals      Totals         `json:"totals"`
	Outputs     []Output       `json:"outputs"` // every other file of the folder
}

// Tool says which program made the case.
type Tool struct {
	Name     string `json:"name"`
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"` // of its source
	Go       string `json:"go,omitempty"`
	OS       string `json:"os,omitempty"`
	Arch     string `json:"arch,omitempty"`
}

// Argument is a file or folder of evidence as it was named.
type Argument struct {
	Path  string `json:"path"`
	Files int64  `json:"files,omitempty"` // known where it is the only argument
	Bytes int64  `json:"bytes,omitempty"`
}

// Learned is a file of learned cases, see package attrib.
type Learned struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// RuleSet is a folder of rules, or the embedded ones.
type RuleSet struct {
	Path         string `json:"path"`
	SHA256       string `json:"sha256"` // over the sorted hashes of its rules, one a line
	Rules        int    `json:"rules"`
	Correlations int    `json:"correlations"`
	Filters      int    `json:"filters,omitempty"`
	Refused      int    `json:"refused"`
}

// Refusal is a rule that was not used, and why.
type Refusal struct {
	Path   string `json:"path"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	What   string `json:"what"`
}

// Totals sums up the case. The Writer counts them.
type Totals struct {
	Files           int64            `json:"files"`
	FilesRead       int64            `json:"files_read"`
	FilesPartly     int64            `json:"files_partly_read"`
	FilesNotParsed  int64            `json:"files_not_parsed"`
	FilesUnreadable int64            `json:"files_unreadable"`
	Bytes           int64            `json:"bytes"`
	Records         int64            `json:"records"`
	Recovered       int64            `json:"recovered"`
	Problems        int64            `json:"problems"`
	Findings        int64            `json:"findings"`
	Levels          map[string]int64 `json:"findings_by_level,omitempty"`
	First           time.Time        `json:"first_finding,omitzero"`
	Last            time.Time        `json:"last_finding,omitzero"`
}

// Output is a file of the case folder.
type Output struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// What became of a file of evidence.
const (
	StatusRead       = "read"       // all of it
	StatusPartly     = "partly"     // some of it; Problems say what is missing
	StatusNotParsed  = "not parsed" // it was hashed, but is of a kind that no parser reads
	StatusUnreadable = "unreadable" // it could not be opened
)

// EvidenceFile is a line of evidence.jsonl.
type EvidenceFile struct {
	Path         string     `json:"path"`
	SHA256       string     `json:"sha256,omitempty"`
	Bytes        int64      `json:"bytes"`
	Kind         string     `json:"kind,omitempty"`
	Parser       string     `json:"parser,omitempty"`
	Original     string     `json:"original,omitempty"` // path on the machine that it was taken from
	Host         string     `json:"host,omitempty"`     // that the collection's layout names
	Status       string     `json:"status"`
	Records      int64      `json:"records"`
	Recovered    int64      `json:"recovered,omitempty"`
	First        time.Time  `json:"first,omitzero"`
	Last         time.Time  `json:"last,omitzero"`
	Hosts        []HostStat `json:"hosts,omitempty"` // that its records name, in order of name
	Problems     []Problem  `json:"problems,omitempty"`
	ProblemCount int64      `json:"problem_count,omitempty"` // Problems may list only the first of them
}

// bound takes out times that RFC 3339 can't write: a damaged or forged record must not cost the case.
func (f *EvidenceFile) bound() {
	boundTimes(&f.First, &f.Last)
	for i := range f.Hosts {
		boundTimes(&f.Hosts[i].First, &f.Hosts[i].Last)
	}
}

func boundTimes(times ...*time.Time) {
	for _, t := range times {
		if year := t.Year(); year < 1 || year > 9999 {
			*t = time.Time{}
		}
	}
}

// HostStat counts the records of a host.
type HostStat struct {
	Name    string    `json:"name"`
	Records int64     `json:"records"`
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
}

// Problem is a place of a file that could not be read.
type Problem struct {
	Offset *int64 `json:"offset,omitempty"` // nil where no place can be named
	What   string `json:"what"`
}
