package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/rules/attack"
	"github.com/goshawk-ir/goshawk/sigma"
)

// LoadSigma loads the Sigma rules of all sources and compiles them, or takes them from the cache if it has them. Rules
// that can't be used stand in the report; an error means that a source could not be read at all.
func LoadSigma(c *Config) (*sigma.Engine, *Report, error) {
	cache := cacheOf(c)
	if cache == nil {
		return loadPlainly(c, nil, nil)
	}
	if engine, report := cache.find(c); engine != nil {
		return engine, report, nil
	}
	return cache.load(c)
}

// loadPlainly loads and compiles the rules and adds all that it reads to the key and to the index, if there are any.
func loadPlainly(c *Config, key *keyHash, index *fileIndex) (*sigma.Engine, *Report, error) {
	sources := sigma.DefaultLogSources()
	if c.LogSources != nil {
		var err error
		if sources, err = sigma.ParseLogSources("log sources", c.LogSources); err != nil {
			return nil, nil, err
		}
	}
	collection := sigma.NewCollection(sigma.LoadOptions{Placeholders: c.Placeholders})
	report := &Report{}
	for i := range c.Rules {
		l := &sourceLoader{collection: collection, report: report, key: key}
		set, err := l.load(&ruleReader{each: l.file, index: index}, i, &c.Rules[i])
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

// sourceLoader loads the files of a source.
type sourceLoader struct {
	collection *sigma.Collection
	report     *Report
	key        *keyHash // nil: not asked for
	refused    int
}

func (l *sourceLoader) file(f *ruleFile) {
	if l.key != nil {
		l.key.file(f)
	}
	if f.problem != "" {
		l.report.Problems = append(l.report.Problems, Problem{Path: f.path, Line: 1, Column: 1, Msg: f.problem, Hint: "give goshawk YAML files of rules that it may read"})
		l.refused++
		return
	}
	l.refused += l.report.add(l.collection.Load(f.path, f.data))
}

// load loads a source, which is the number-th, from what r hands on.
func (l *sourceLoader) load(r *ruleReader, number int, source *RuleSource) (RuleSet, error) {
	c := l.collection
	rules, correlations, filters := len(c.Rules), len(c.Correlations), len(c.Filters)
	err := r.read(number, source)
	return RuleSet{
		Name: source.Name, SHA256: hashRules(c.Rules[rules:], c.Correlations[correlations:], c.Filters[filters:]),
		Rules: len(c.Rules) - rules, Correlations: len(c.Correlations) - correlations, Filters: len(c.Filters) - filters, Refused: l.refused,
	}, err
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
