package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/heap"
	"github.com/goshawk-ir/goshawk/internal/parser"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
	"github.com/goshawk-ir/goshawk/internal/rules"
	"github.com/goshawk-ir/goshawk/sigma"
)

// evidenceFlags are the flags of every command that reads evidence.
type evidenceFlags struct {
	threads   int
	passwords []string
	from, to  string
	parsers   []string
	tempDir   string
	quiet     bool
	noColor   bool
}

func (f *evidenceFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.threads, "threads", 0, "how many cores to use (default: all); never changes the output")
	flags.StringArrayVar(&f.passwords, "password", nil, `password to try on encrypted archives, after "infected"; repeatable`)
	flags.StringVar(&f.from, "from", "", "leave out what happened before this time (2026-03-01, 2026-03-01T12:00:00Z)")
	flags.StringVar(&f.to, "to", "", "leave out what happened at this time or later")
	flags.StringSliceVar(&f.parsers, "parser", nil, "read with these parsers only (see: goshawk parsers)")
	flags.StringVar(&f.tempDir, "temp", "", "folder for temporary files (default: the system's)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress and no summary")
	flags.BoolVar(&f.noColor, "no-color", false, "no colours (also by NO_COLOR)")
}

// options checks the flags and arguments.
func (f *evidenceFlags) options(args []string) (pipeline.Options, error) {
	o := pipeline.Options{
		Args: args, Workers: f.threads, Parsers: f.parsers,
		Evidence: evidence.Options{Passwords: f.passwords, TempDir: f.tempDir},
		Progress: &pipeline.Progress{},
	}
	if len(args) == 0 {
		return o, usagef(`For example: goshawk hunt ./evidence`, "name the evidence: files or folders")
	}
	for _, arg := range args {
		if _, err := os.Stat(arg); err != nil {
			return o, usagef("", "evidence %q: %v", arg, cause(err))
		}
	}
	if info, err := os.Stat(cmp.Or(f.tempDir, ".")); f.tempDir != "" && (err != nil || !info.IsDir()) {
		return o, usagef("Name a folder that exists.", "--temp %q is not a folder", f.tempDir)
	}
	if f.threads < 0 {
		return o, usagef("", "--threads %d: give a number of cores, or leave it out for all", f.threads)
	}
	if f.threads > 0 && f.threads < runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(f.threads) // what goes on beside the workers uses no more cores either
	}
	for _, name := range f.parsers {
		if parser.ByName(name) == nil {
			return o, usagef(`Run "goshawk parsers" for their names.`, "there is no parser %q", name)
		}
	}
	var err error
	if o.From, err = parseTime("--from", f.from); err != nil {
		return o, err
	}
	if o.To, err = parseTime("--to", f.to); err != nil {
		return o, err
	}
	if !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To) {
		return o, usagef("", "--from %s is not before --to %s: no record can lie between them", f.from, f.to)
	}
	return o, nil
}

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

func parseTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usagef("Write it as 2026-03-01, 2026-03-01T12:00:00 (UTC) or 2026-03-01T14:00:00+02:00.", "%s %q is not a time", flag, s)
}

// ruleFlags are the flags of every command that uses rules.
type ruleFlags struct {
	rules        []string
	logSources   string
	placeholders string
	cache        string
}

func (f *ruleFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.rules, "rules", "r", nil, "folder or file of Sigma rules, instead of the embedded ones; repeatable")
	flags.StringVar(&f.logSources, "logsources", "", "mapping of Sigma log sources, instead of the embedded one")
	flags.StringVar(&f.placeholders, "placeholders", "", "YAML file with values for Sigma's %placeholders%")
	flags.StringVar(&f.cache, "rule-cache", "", cacheHelp)
}

// embedded is what the built-in rules are called where a folder would be named.
const embedded = "embedded"

// config reads what the flags name.
func (f *ruleFlags) config() (*detect.Config, error) {
	c := &detect.Config{Cache: cacheFolder(f.cache), Program: buildIdentity()}
	if len(f.rules) == 0 {
		c.Rules = []detect.RuleSource{{Name: embedded, FS: rules.FS()}}
	}
	for _, path := range f.rules {
		source, err := ruleSource(path)
		if err != nil {
			return nil, err
		}
		c.Rules = append(c.Rules, source)
	}
	if f.logSources != "" {
		data, err := os.ReadFile(f.logSources)
		if err != nil {
			return nil, usagef("", "--logsources %q: %v", f.logSources, cause(err))
		}
		c.LogSources = data
	}
	if f.placeholders != "" {
		data, err := os.ReadFile(f.placeholders)
		if err != nil {
			return nil, usagef("", "--placeholders %q: %v", f.placeholders, cause(err))
		}
		values, problems := sigma.LoadPlaceholders(f.placeholders, data)
		if len(problems) > 0 {
			return nil, usagef("", "%v", problems[0])
		}
		c.Placeholders = values
	}
	return c, nil
}

func ruleSource(path string) (detect.RuleSource, error) {
	info, err := os.Stat(path)
	if err != nil {
		return detect.RuleSource{}, usagef("Give a folder or a file of Sigma rules.", "rules %q: %v", path, cause(err))
	}
	name := strings.TrimRight(filepath.ToSlash(path), "/")
	if info.IsDir() {
		return detect.RuleSource{Name: name, FS: os.DirFS(path), Dir: path}, nil
	}
	return detect.RuleSource{Name: name, FS: os.DirFS(filepath.Dir(path)), File: filepath.Base(path)}, nil
}

// openEngines makes the detectors ready and says what they refused.
func openEngines(c *detect.Config, w io.Writer, quiet bool) ([]detect.Engine, []*detect.Report, error) {
	heap.SetGrowth(100)
	var engines []detect.Engine
	var reports []*detect.Report
	for _, d := range detect.All() {
		engine, err := d.Open(c)
		if err != nil {
			return nil, nil, err
		}
		if engine == nil {
			continue
		}
		report := engine.Report()
		if err := checkSets(report); err != nil {
			return nil, nil, err
		}
		sayRefused(w, report, quiet)
		engines, reports = append(engines, engine), append(reports, report)
	}
	return engines, reports, nil
}

// checkSets refuses a folder without a single rule: a hunt with it would find nothing and look clean.
func checkSets(report *detect.Report) error {
	for _, set := range report.Sets {
		if set.Rules+set.Correlations+set.Filters+set.Refused == 0 {
			return usagef("Sigma rules are files that end in .yml or .yaml.", "rules %q: there is no rule in it", set.Name)
		}
	}
	return nil
}

// maxSaid bounds how many problems of one kind are printed one by one.
const maxSaid = 20

func sayRefused(w io.Writer, report *detect.Report, quiet bool) {
	if quiet {
		return
	}
	said := 0
	for i := range report.Problems {
		p := &report.Problems[i]
		if p.Warning {
			continue
		}
		if said++; said > maxSaid {
			continue
		}
		fmt.Fprintln(w, "rule refused:", clean(p.String()))
	}
	if said > maxSaid {
		fmt.Fprintf(w, "... and %d more rules refused; \"goshawk rules check\" lists them all\n", said-maxSaid)
	}
}
