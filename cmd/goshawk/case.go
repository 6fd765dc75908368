package main

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
	"github.com/goshawk-ir/goshawk/internal/rules/attack"
	"github.com/goshawk-ir/goshawk/sigma"
)

// evidenceLine says of a file what the case keeps.
func evidenceLine(f *pipeline.File) *casefile.EvidenceFile {
	line := &casefile.EvidenceFile{
		Path: f.Path, SHA256: f.SHA256, Bytes: f.Size, Kind: f.Kind, Parser: f.Parser, Original: f.Original, Host: f.Host,
		Status: status(f), Records: f.Records, Recovered: f.Recovered, First: f.First, Last: f.Last, ProblemCount: f.ProblemCount,
	}
	for name, h := range f.Hosts {
		if name != "" {
			line.Hosts = append(line.Hosts, casefile.HostStat{Name: name, Records: h.Records, First: h.First, Last: h.Last})
		}
	}
	slices.SortFunc(line.Hosts, func(a, b casefile.HostStat) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range f.Problems {
		problem := casefile.Problem{What: p.What + ": " + p.Err.Error()}
		if p.Offset >= 0 {
			offset := p.Offset
			problem.Offset = &offset
		}
		line.Problems = append(line.Problems, problem)
	}
	return line
}

func status(f *pipeline.File) string {
	switch {
	case f.ProblemCount > 0 && f.Records+f.Recovered == 0 && (f.Parser == "" || f.SHA256 == ""):
		return casefile.StatusUnreadable
	case f.Unread():
		return casefile.StatusPartly
	case f.Parser == "" && f.Records+f.Recovered == 0 && !f.Container:
		return casefile.StatusNotParsed
	}
	return casefile.StatusRead
}

// newCase says what was run, on what, and with which rules; about is what the command line tells of the case.
func newCase(env *environment, about casefile.Case, args []string, s *summary) *casefile.Case {
	c := &about
	c.Tool = casefile.Tool{
		Name: "goshawk", Version: env.version.number, Revision: env.version.revision,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	c.Command, c.Attack = append([]string{"goshawk"}, env.args...), attack.Version
	for _, arg := range args {
		c.Evidence = append(c.Evidence, casefile.Argument{Path: filepath.ToSlash(arg)})
	}
	if len(c.Evidence) == 1 {
		c.Evidence[0].Files, c.Evidence[0].Bytes = int64(s.files), s.bytes
	}
	mapping := s.logSources
	if mapping == nil {
		mapping = sigma.DefaultLogSourcesData()
	}
	sources := sha256.Sum256(mapping)
	c.LogSources = hex.EncodeToString(sources[:])
	for _, r := range s.reports {
		addRules(c, r)
	}
	return c
}

func addRules(c *casefile.Case, r *detect.Report) {
	for _, set := range r.Sets {
		c.Rules = append(c.Rules, casefile.RuleSet{
			Path: set.Name, SHA256: set.SHA256, Rules: set.Rules, Correlations: set.Correlations, Filters: set.Filters, Refused: set.Refused,
		})
	}
	for _, p := range r.Problems {
		if !p.Warning {
			c.Refused = append(c.Refused, casefile.Refusal{Path: p.Path, Line: p.Line, Column: p.Column, What: p.Msg})
		}
	}
}
