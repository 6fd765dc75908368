package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/rules/attack"
	"github.com/goshawk-ir/goshawk/sigma"
)

// maxRuleFile bounds a rule file; a longer one is refused.
const maxRuleFile = 4 << 20

// LoadSigma loads the Sigma rules of all sources and compiles them. Rules that can't be used stand in the report; an error means that a source
// could not be read at all.
func LoadSigma(c *Config) (*sigma.Engine, *Report, error) {
	sources := sigma.DefaultLogSources()
	if c.LogSources != nil {
		var err error
		if sources, err = sigma.ParseLogSources("log sources", c.LogSources); err != nil {
			return nil, nil, err
		}
	}
	collection := sigma.NewCollection(sigma.LoadOptions{Placeholders: c.Placeholders})
	report := &Report{}
	for _, source := range c.Rules {
		set, err := loadSource(collection, source, report)
		if err != nil {
			return nil, nil, err
		}
		report.Sets = append(report.Sets, set)
	}
	report.add(collection.Link())
	engine, problems := sigma.Compile(collection, sigma.Options{LogSources: sources, RegexpTimeout: c.RegexpTimeout})
	report.add(problems)
	slices.SortStableFunc(report.Problems, func(a, b Problem) int {
		switch {
		case a.Warning == b.Warning:
			return 0
		case a.Warning:
			return 1
		}
		return -1
	})
	return engine, report, nil
}

func (r *Report) add(problems []*sigma.Problem) (refused int) {
	for _, p := range problems {
		if !p.Warning {
			refused++
		}
		r.Problems = append(r.Problems, Problem{Path: p.Path, Line: p.Line, Column: p.Column, Msg: p.Msg, Hint: p.Hint, Warning: p.Warning})
	}
	return refused
}

// loadSource loads a source: the one file that it names, or every .yml and .yaml file, in order of path.
func loadSource(c *sigma.Collection, source RuleSource, report *Report) (RuleSet, error) {
	set := RuleSet{Name: source.Name}
	rules, correlations, filters := len(c.Rules), len(c.Correlations), len(c.Filters)
	load := func(full, name string) {
		data, problem := readRule(source.FS, name)
		if problem != "" {
			report.Problems = append(report.Problems, Problem{Path: full, Line: 1, Column: 1, Msg: problem, Hint: "give goshawk YAML files of rules that it may read"})
			set.Refused++
			return
		}
		set.Refused += report.add(c.Load(full, data))
	}
	var err error
	if source.File != "" {
		load(source.Name, source.File)
	} else {
		err = fs.WalkDir(source.FS, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return fmt.Errorf("read rules %q: %w", path.Join(source.Name, name), err)
			}
			if ext := strings.ToLower(path.Ext(name)); !d.IsDir() && (ext == ".yml" || ext == ".yaml") {
				load(path.Join(source.Name, name), name)
			}
			return nil
		})
	}
	set.Rules, set.Correlations, set.Filters = len(c.Rules)-rules, len(c.Correlations)-correlations, len(c.Filters)-filters
	set.SHA256 = hashRules(c.Rules[rules:], c.Correlations[correlations:], c.Filters[filters:])
	return set, err
}

func readRule(files fs.FS, name string) (data []byte, problem string) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, err.Error()
	}
	if !info.Mode().IsRegular() {
		return nil, "not a file"
	}
	if info.Size() > maxRuleFile {
		return nil, fmt.Sprintf("file of %d bytes: a rule file may have %d", info.Size(), maxRuleFile)
	}
	if data, err = fs.ReadFile(files, name); err != nil {
		return nil, err.Error()
	}
	return data, ""
}

func hashRules(rules []*sigma.Rule, correlations []*sigma.Correlation, filters []*sigma.Filter) string {
	var sums []string
	for _, r := range rules {
		sums = append(sums, r.SHA256)
	}
	for _, c := range correlations {
		sums = append(sums, c.SHA256)
	}
	for _, f := range filters {
		sums = append(sums, f.SHA256)
	}
	slices.Sort(sums)
	sum := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return hex.EncodeToString(sum[:])
}

// canonical says technique ids in the one version of ATT&CK that goshawk shows, in order and without repeats. An id that no
// version knows is shown as it is.
func canonical(techniques []string) []string {
	var ids []string
	for _, t := range techniques {
		id, _ := attack.Canonical(t)
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
