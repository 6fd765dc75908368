package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/finding"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
)

func verifyCommand(env *environment) *cobra.Command {
	inv := &investigation{}
	cmd := &cobra.Command{
		Use:   "verify CASE [EVIDENCE...]",
		Short: "Derive again what a finished case claims, and compare",
		Long: `Reads the evidence of a case again (where it lay, or at the places given) with the same kind of rules, and compares: the hash of every
file, and every finding. Exit status 0 means that all of it holds.`,
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

// verify hunts once more and holds the result against the case.
func (inv *investigation) verify(cmd *cobra.Command, env *environment, dir string, args []string) error {
	reader, err := casefile.Open(dir)
	if err != nil {
		return err
	}
	c := reader.Case()
	if len(args) == 0 {
		for _, e := range c.Evidence {
			args = append(args, e.Path)
		}
	}
	if len(inv.rules.rules) == 0 {
		for _, set := range c.Rules {
			if set.Path != "embedded" {
				inv.rules.rules = append(inv.rules.rules, set.Path)
			}
		}
	}
	o, err := inv.evidence.options(args)
	if err != nil {
		return err
	}
	config, err := inv.rules.config()
	if err != nil {
		return err
	}
	engines, reports, err := openEngines(config, env.stderr, inv.evidence.quiet)
	if err != nil {
		return err
	}
	v := &verification{env: env, hashes: map[string]string{}, sum: sha256.New()}
	for f, err := range reader.Evidence() {
		if err != nil {
			return err
		}
		v.hashes[f.Path] = f.SHA256
	}
	for _, r := range reports {
		v.rules(c, r.Sets)
	}
	s := &summary{}
	stop := showProgress(env.stderr, o.Progress, inv.evidence.quiet)
	err = pipeline.Hunt(cmd.Context(), o, engines, pipeline.HuntSink{
		File: func(f *pipeline.File) error { v.file(f); return s.file(f) },
		Finding: func(f *finding.Finding) error {
			v.findings++
			return json.NewEncoder(v.sum).Encode(f)
		},
	})
	stop()
	if err != nil {
		return err
	}
	return v.conclude(dir)
}

// verification compares a second run with a case.
type verification struct {
	env      *environment
	hashes   map[string]string // of the case's files, less those seen again
	findings int
	sum      hash.Hash // over the findings as the case would hold them
	wrong    int
}

func (v *verification) say(format string, args ...any) {
	if v.wrong++; v.wrong <= maxListed {
		fmt.Fprintln(v.env.stdout, clean(fmt.Sprintf(format, args...)))
	}
}

func (v *verification) rules(c *casefile.Case, sets []detect.RuleSet) {
	for i, set := range sets {
		if i >= len(c.Rules) || c.Rules[i].SHA256 != set.SHA256 {
			v.say("rules %s are not the ones that the case was made with", set.Name)
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

func (v *verification) conclude(dir string) error {
	for path := range v.hashes {
		v.say("%s: in the case, but no longer there", path)
	}
	want, lines, err := hashFile(filepath.Join(dir, "findings.jsonl"))
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(v.sum.Sum(nil)); got != want {
		v.say("findings differ: %s now, %s in the case", count(v.findings), count(lines))
	}
	if v.wrong > 0 {
		return fmt.Errorf("the case does not hold: %s", plural(v.wrong, "difference"))
	}
	fmt.Fprintf(v.env.stdout, "The case holds: %s derived again, byte for byte.\n", plural(v.findings, "finding"))
	return nil
}

// hashFile returns the SHA-256 of a file and how many lines it has.
func hashFile(path string) (sum string, lines int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("read the case: %w", err)
	}
	defer f.Close()
	h, buf := sha256.New(), make([]byte, 256<<10)
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		lines += bytes.Count(buf[:n], []byte{'\n'})
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), lines, nil
		}
		if err != nil {
			return "", 0, fmt.Errorf("read the case: %w", err)
		}
	}
}
