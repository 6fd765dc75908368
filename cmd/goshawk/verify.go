package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
	"github.com/goshawk-ir/goshawk/internal/report"
)

func verifyCommand(env *environment) *cobra.Command {
	inv := &investigation{}
	cmd := &cobra.Command{
		Use:   "verify CASE [EVIDENCE...]",
		Short: "Derive again what a finished case claims, and compare",
		Long: `Reads the evidence of a case again (where it lay, or at the places given), with the options and rules that the case was made with unless
others are given, makes the case once more in a temporary folder, and compares: the rules, the hash of every file of evidence, and every file of
the case byte by byte. Exit status 0 means that all of it holds, 1 that something does not, 3 that it holds and that, now as then, some evidence
could not be read in full.`,
		Example: `  goshawk verify ./case
  goshawk verify ./case /mnt/copy-of-evidence --rules ./sigma/rules`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("For example: goshawk verify ./case", "name the case folder")
			}
			return inv.verify(cmd, env, args[0], args[1:])
		},
	}
	inv.evidence.add(cmd)
	inv.rules.add(cmd)
	return cmd
}

// verify makes the case at dir once more and holds the one against the other.
func (inv *investigation) verify(cmd *cobra.Command, env *environment, dir string, args []string) error {
	reader, err := casefile.Open(dir)
	if err != nil {
		return err
	}
	c := reader.Case()
	if c.Interrupted {
		return fmt.Errorf("the case %q was stopped before its end and holds less than its evidence gives: investigate again", dir)
	}
	inv.adopt(cmd, env, c)
	if len(args) == 0 {
		for _, e := range c.Evidence {
			args = append(args, filepath.FromSlash(e.Path))
		}
		for _, arg := range args {
			if _, err := os.Stat(arg); err != nil {
				return usagef("Run it where the case was made, or say where the evidence is now: goshawk verify CASE EVIDENCE...",
					"evidence %q: %v", arg, cause(err))
			}
		}
	}
	v := &verification{env: env, dir: dir, c: c, hashes: map[string]string{}}
	for f, err := range reader.Evidence() {
		if err != nil {
			return err
		}
		v.hashes[f.Path] = f.SHA256
	}
	temp, err := os.MkdirTemp(inv.evidence.tempDir, "goshawk-verify-*")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", cause(err))
	}
	defer os.RemoveAll(temp)
	again := *c
	s, err := v.remake(cmd.Context(), inv, args, filepath.Join(temp, "case"), &again)
	if err != nil {
		return err
	}
	v.compare(&again)
	return v.conclude(s)
}

// adopt takes over the options that the case was made with, where the command line gives none of its own.
func (inv *investigation) adopt(cmd *cobra.Command, env *environment, c *casefile.Case) {
	given := func(name string) bool { return cmd.Flags().Changed(name) }
	if !given("rules") {
		for _, set := range c.Rules {
			if set.Path != embedded {
				inv.rules.rules = append(inv.rules.rules, set.Path)
			}
		}
	}
	if len(c.Command) < 2 {
		return
	}
	then := &investigation{}
	old := then.command(env)
	old.FParseErrWhitelist.UnknownFlags = true // those of the demonstration, or of another version
	if old.ParseFlags(c.Command[2:]) != nil {
		return
	}
	for name, take := range map[string]func(){
		"from":         func() { inv.evidence.from = then.evidence.from },
		"to":           func() { inv.evidence.to = then.evidence.to },
		"parser":       func() { inv.evidence.parsers = then.evidence.parsers },
		"password":     func() { inv.evidence.passwords = then.evidence.passwords },
		"logsources":   func() { inv.rules.logSources = then.rules.logSources },
		"placeholders": func() { inv.rules.placeholders = then.rules.placeholders },
	} {
		if !given(name) {
			take()
		}
	}
}

// verification compares a second run with a case.
type verification struct {
	env    *environment
	dir    string
	c      *casefile.Case
	hashes map[string]string // of the case's files of evidence, less those seen again
	wrong  int
}

// remake makes the case again at dir. What the first one says of itself (when, by whom) is kept in c, which gets the
// totals and hashes of the second.
func (v *verification) remake(ctx context.Context, inv *investigation, args []string, dir string, c *casefile.Case) (*summary, error) {
	o, err := inv.evidence.options(args)
	if err != nil {
		return nil, err
	}
	if inv.rules.cache == "" {
		inv.rules.cache = cacheOff // what is derived again rests on the rules as they are written
	}
	config, err := inv.rules.config()
	if err != nil {
		return nil, err
	}
	writer, err := casefile.Create(dir, false)
	if err != nil {
		return nil, err
	}
	defer writer.Abort()
	engines, reports, err := openEngines(config, v.env.stderr, inv.evidence.quiet)
	if err != nil {
		return nil, err
	}
	for _, r := range reports {
		v.rules(r.Sets)
	}
	s := &summary{}
	stop := showProgress(v.env.stderr, o.Progress, inv.evidence.quiet)
	makers := &findingMakers{render: func(b *findingBatch, f *finding.Finding) { b.lines.Add(f) }}
	err = pipeline.Hunt(ctx, o, engines, pipeline.HuntSink[*findingBatch]{
		File: func(f *pipeline.File) error {
			v.file(f)
			return cmp.Or(s.file(f), writer.Evidence(evidenceLine(f)))
		},
		Worker: makers.worker,
		Findings: func(b *findingBatch) error {
			defer makers.release(b)
			return writer.Findings(&b.lines)
		},
	})
	stop()
	if err != nil {
		return nil, err
	}
	v.context(engines, c)
	if _, err := report.WriteAll(ctx, writer, c); err != nil {
		return nil, err
	}
	return s, writer.Finish(c)
}

func (v *verification) say(format string, args ...any) {
	if v.wrong++; v.wrong <= maxListed {
		fmt.Fprintln(v.env.stdout, clean(fmt.Sprintf(format, args...)))
	}
}

func (v *verification) rules(sets []detect.RuleSet) {
	for i, set := range sets {
		if i >= len(v.c.Rules) || v.c.Rules[i].SHA256 != set.SHA256 {
			v.say("rules %s are not the ones that the case was made with", set.Name)
		}
	}
}

// context compares what the attribution rests on beside the findings. A case of an older version doesn't say what could have been seen.
func (v *verification) context(engines []detect.Engine, c *casefile.Case) {
	if c.Visible != nil && !slices.Equal(detect.Visible(engines), c.Visible) {
		v.say("case.json: the techniques that could have been seen are not those that it lists")
	}
	if c.Learned != nil {
		if sum, err := hashFile(filepath.FromSlash(c.Learned.Path)); err == nil && sum != c.Learned.SHA256 {
			v.say("the learned cases %s are not those that the case was compared with", c.Learned.Path)
		}
	}
}

func (v *verification) file(f *pipeline.File) {
	want, ok := v.hashes[f.Path]
	switch {
	case !ok:
		v.say("%s: not in the case", f.Path)
	case want != f.SHA256:
		v.say("%s: SHA-256 is %s, the case says %s", f.Path, f.SHA256, want)
	}
	delete(v.hashes, f.Path)
}

// compare holds each file of the case against what case.json says of it, and against the one made again.
func (v *verification) compare(again *casefile.Case) {
	for _, path := range slices.Sorted(maps.Keys(v.hashes)) {
		v.say("%s: in the case, but no longer there", path)
	}
	if !sameTotals(v.c.Totals, again.Totals) {
		v.say("case.json: its totals are not those of the evidence: %s findings now, %s in the case", count(again.Totals.Findings), count(v.c.Totals.Findings))
	}
	claimed := map[string]string{}
	for _, o := range v.c.Outputs {
		claimed[o.File] = o.SHA256
		if !filepath.IsLocal(filepath.FromSlash(o.File)) {
			v.say("%s: not a name that a case can hold", o.File)
			continue
		}
		switch sum, err := hashFile(filepath.Join(v.dir, filepath.FromSlash(o.File))); {
		case err != nil:
			v.say("%s: %v", o.File, cause(err))
		case sum != o.SHA256:
			v.say("%s was changed after the case was finished", o.File)
		}
	}
	sameTool := v.c.Tool.Version == v.env.version.number && v.c.Tool.Revision == v.env.version.revision
	for _, o := range again.Outputs {
		basic := o.File == casefile.EvidenceName || o.File == casefile.FindingsName
		switch sum, ok := claimed[o.File]; {
		case !sameTool && !basic:
			// Another version may word or draw it in another way.
		case !ok:
			v.say("%s is missing from the case", o.File)
		case sum != o.SHA256:
			v.say("%s: made again, it differs", o.File)
		}
	}
	if !sameTool {
		fmt.Fprintf(v.env.stderr, "goshawk: the case was made by version %s; the files beside evidence and findings are held against their hashes only\n", clean(v.c.Tool.Version))
	}
}

// sameTotals compares totals as case.json holds them.
func sameTotals(a, b casefile.Totals) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func (v *verification) conclude(s *summary) error {
	if v.wrong > maxListed {
		fmt.Fprintf(v.env.stdout, "... and %s\n", plural(v.wrong-maxListed, "more difference"))
	}
	if v.wrong > 0 {
		return fmt.Errorf("the case does not hold: %s", plural(v.wrong, "difference"))
	}
	fmt.Fprintf(v.env.stdout, "The case holds: %s derived again, byte for byte.\n", plural(v.c.Totals.Findings, "finding"))
	s.list(v.env)
	if s.unread > 0 {
		return errUnread
	}
	return nil
}

// hashFile returns the SHA-256 of a file.
func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
