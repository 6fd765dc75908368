package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
	"github.com/goshawk-ir/goshawk/internal/report"
)

// investigation is what investigate and demo do.
type investigation struct {
	evidence  evidenceFlags
	rules     ruleFlags
	dir       string
	title     string
	overwrite bool
	victims   victimFlags
	learned   string
}

func investigateCommand(env *environment) *cobra.Command { return (&investigation{}).command(env) }

func (inv *investigation) command(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "investigate EVIDENCE... --case DIR",
		Short: "Turn evidence into a finished case",
		Long: `Reads the evidence, finds what rules say about it, and writes a case folder: report.html for people, findings.jsonl,
timeline.csv, iocs.csv, navigator.json and attribution.json for tools, evidence.jsonl and case.json so that another analyst can repeat it.`,
		Example: `  goshawk investigate ./evidence --case ./case
  goshawk investigate collection.zip --password secret --case ./case --overwrite
  goshawk investigate ./evidence --case ./case --sector cryptocurrency --country KR --knowledge team.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := inv.run(cmd.Context(), env, args)
			if s == nil {
				return err
			}
			return s.close(env, &inv.evidence, inv.dir, err)
		},
	}
	inv.evidence.add(cmd)
	inv.rules.add(cmd)
	inv.addCase(cmd)
	inv.victims.add(cmd)
	cmd.Flags().StringVar(&inv.title, "title", "", "what the case is called in the report")
	cmd.Flags().StringVar(&inv.learned, "knowledge", "", `file of learned cases ("goshawk attribute learn") that the report compares this one with too`)
	return cmd
}

func (inv *investigation) addCase(cmd *cobra.Command) {
	cmd.Flags().StringVar(&inv.dir, "case", inv.dir, "folder to write the case to")
	cmd.Flags().BoolVar(&inv.overwrite, "overwrite", inv.overwrite, "replace a case that is already there")
}

// run does the work. The summary is nil if there is nothing to sum up; an interrupted run gives both a summary and an error.
func (inv *investigation) run(ctx context.Context, env *environment, args []string) (*summary, error) {
	o, err := inv.evidence.options(args)
	if err != nil {
		return nil, err
	}
	if inv.dir == "" {
		return nil, usagef("For example: goshawk investigate ./evidence --case ./case", "say where the case is to be written, with --case DIR")
	}
	config, err := inv.rules.config()
	if err != nil {
		return nil, err
	}
	if err := outside(args, "--case", inv.dir); err != nil {
		return nil, err
	}
	about, err := inv.about()
	if err != nil {
		return nil, err
	}
	writer, err := casefile.Create(inv.dir, inv.overwrite)
	if err != nil {
		return nil, err
	}
	defer writer.Abort()
	start := env.now()
	engines, reports, err := openEngines(config, env.stderr, inv.evidence.quiet)
	if err != nil {
		return nil, err
	}
	s := &summary{reports: reports, logSources: config.LogSources, groups: newTable(nil, nil)}
	stop := showProgress(env.stderr, o.Progress, inv.evidence.quiet)
	makers := &findingMakers{render: func(b *findingBatch, f *finding.Finding) {
		b.groups.finding(f)
		b.lines.Add(f)
	}}
	huntErr := pipeline.Hunt(ctx, o, engines, pipeline.HuntSink[*findingBatch]{
		File: func(f *pipeline.File) error {
			if err := s.file(f); err != nil {
				return err
			}
			return writer.Evidence(evidenceLine(f))
		},
		Worker: makers.worker,
		Findings: func(b *findingBatch) error {
			defer makers.release(b)
			return cmp.Or(s.groups.write(b), writer.Findings(&b.lines))
		},
	})
	makers.tally(s)
	stop()
	s.note(engines)
	if huntErr != nil && !isInterrupted(huntErr) {
		return nil, huntErr
	}
	s.elapsed = env.now().Sub(start)
	c := newCase(env, about, args, s)
	c.Visible = detect.Visible(engines)
	c.Started, c.Finished, c.Interrupted = start.UTC(), env.now().UTC(), huntErr != nil
	// A stopped run still gets its report: a second Ctrl-C ends the program at once.
	model, err := report.WriteAll(context.WithoutCancel(ctx), writer, c)
	if err != nil {
		return nil, err
	}
	s.ranked = model.Hosts
	if err := writer.Finish(c); err != nil {
		return nil, err
	}
	return s, huntErr
}

// about says what the command line tells of the case.
func (inv *investigation) about() (c casefile.Case, err error) {
	c.Title = inv.title
	if c.Victims, err = inv.victims.victims(); err != nil {
		return c, err
	}
	c.Learned, err = learnedFile(inv.learned)
	return c, err
}

// close prints the summary of a finished case and gives the error that stands for the exit status.
func (s *summary) close(env *environment, f *evidenceFlags, dir string, err error) error {
	out, openErr := openOutput(env, nil, "-")
	if openErr != nil {
		return openErr
	}
	if !f.quiet {
		t := newTerminal(env.stdout, f.noColor)
		t.Writer = out
		if err := s.printTop(t); err != nil {
			return err
		}
		s.print(t)
		fmt.Fprintf(t, "%s %s\n", t.styles.dim.Render(fit("report", 9)), t.styles.bold.Render(filepath.Join(dir, "report.html")))
	}
	return s.finish(env, out, err)
}
