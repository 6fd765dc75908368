package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
)

// huntFlags are the flags of hunt.
type huntFlags struct {
	evidence     evidenceFlags
	rules        ruleFlags
	format, path string
	minLevel     string
	each         bool
}

func huntCommand(env *environment) *cobra.Command {
	f := &huntFlags{}
	cmd := &cobra.Command{
		Use:   "hunt EVIDENCE...",
		Short: "Find what rules say about the evidence",
		Long: `Reads the evidence, matches it against Sigma rules (the embedded ones, unless --rules names others) and prints what
was found. The table has a row for each rule and host; --each gives every finding a row of its own.`,
		Example: `  goshawk hunt ./evidence
  goshawk hunt ./evidence --rules ./sigma/rules --min-level high --each
  goshawk hunt Security.evtx --format jsonl --output findings.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error { return runHunt(cmd, env, f, args) },
	}
	f.evidence.add(cmd)
	f.rules.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "table", "table, jsonl, csv or timesketch")
	flags.StringVarP(&f.path, "output", "o", "-", "file to write; - is standard output")
	flags.StringVar(&f.minLevel, "min-level", "informational", "leave out findings below this level: "+strings.Join(finding.Levels, ", "))
	flags.BoolVar(&f.each, "each", false, "table: a row for each finding, in order of time")
	return cmd
}

func runHunt(cmd *cobra.Command, env *environment, f *huntFlags, args []string) error {
	o, err := f.evidence.options(args)
	if err != nil {
		return err
	}
	if f.minLevel = strings.ToLower(f.minLevel); !slices.Contains(finding.Levels, f.minLevel) {
		return usagef("Use one of "+strings.Join(finding.Levels, ", ")+".", "there is no level %q", f.minLevel)
	}
	newWriter, ok := findingWriters[f.format]
	if !ok {
		return usagef("Use table, jsonl, csv or timesketch.", "there is no format %q", f.format)
	}
	config, err := f.rules.config()
	if err != nil {
		return err
	}
	out, err := openOutput(env, args, f.path)
	if err != nil {
		return err
	}
	defer out.discard()
	start := env.now()
	engines, reports, err := openEngines(config, env.stderr, f.evidence.quiet)
	if err != nil {
		return err
	}
	term := newTerminal(out.screen(env), f.evidence.noColor)
	w := newWriter(out, term, f.each)
	s := &summary{reports: reports}
	stop := showProgress(env.stderr, o.Progress, f.evidence.quiet)
	live := out.live(env)
	makers := &findingMakers{
		render: w.render,
		wanted: func(found *finding.Finding) bool {
			return finding.LevelRank(found.Level) >= finding.LevelRank(f.minLevel)
		},
	}
	err = pipeline.Hunt(cmd.Context(), o, engines, pipeline.HuntSink[*findingBatch]{
		File:   s.file,
		Worker: makers.worker,
		Findings: func(b *findingBatch) error {
			if live {
				stop() // findings come when all evidence is read; progress would stand among them
			}
			defer makers.release(b)
			return w.write(b)
		},
	})
	makers.tally(s)
	stop()
	s.note(engines)
	if err != nil && !isInterrupted(err) {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	if !f.evidence.quiet {
		s.elapsed = env.now().Sub(start)
		if f.format == "table" && out.path == "" {
			s.print(&terminal{Writer: out, width: term.width, wrap: term.wrap, styles: term.styles})
		} else {
			s.print(newTerminal(env.stderr, f.evidence.noColor))
		}
	}
	return s.finish(env, out, err)
}
