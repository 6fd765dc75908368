package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/detect"
	"github.com/goshawk-ir/goshawk/internal/rules"
)

func rulesCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Check rules, or write out the embedded ones",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rulesCheckCommand(env), rulesExportCommand(env))
	return cmd
}

func rulesCheckCommand(env *environment) *cobra.Command {
	var format, logSources, placeholders, cache string
	cmd := &cobra.Command{
		Use:   "check PATH...",
		Short: "Load rules and say what was refused, why, and how to mend it",
		Example: `  goshawk rules check ./sigma/rules
  goshawk rules check my-rule.yml --format jsonl`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("For example: goshawk rules check ./rules", "name the rules: folders or files")
			}
			if format != "text" && format != "jsonl" {
				return usagef("Use text or jsonl.", "there is no format %q", format)
			}
			flags := ruleFlags{rules: args, logSources: logSources, placeholders: placeholders, cache: cache}
			config, err := flags.config()
			if err != nil {
				return err
			}
			_, report, err := detect.LoadSigma(config)
			if err != nil {
				return err
			}
			if err := checkSets(report); err != nil {
				return err
			}
			return sayProblems(env, report, format)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "text", "text or jsonl")
	flags.StringVar(&logSources, "logsources", "", "mapping of Sigma log sources, instead of the embedded one")
	flags.StringVar(&placeholders, "placeholders", "", "YAML file with values for Sigma's %placeholders%")
	flags.StringVar(&cache, "rule-cache", "", cacheHelp)
	return cmd
}

// refusal is a refused rule as "rules check --format jsonl" prints it.
type refusal struct {
	Path   string `json:"path"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Error  string `json:"error"`
	Hint   string `json:"hint,omitempty"`
}

// sayProblems prints refusals to standard output and warnings to standard error.
func sayProblems(env *environment, report *detect.Report, format string) error {
	refused, warned := 0, 0
	encoder := json.NewEncoder(env.stdout)
	for i := range report.Problems {
		p := &report.Problems[i]
		switch {
		case p.Warning:
			warned++
			fmt.Fprintln(env.stderr, "warning:", clean(p.String()))
		case format == "jsonl":
			refused++
			if err := encoder.Encode(refusal{p.Path, p.Line, p.Column, p.Msg, p.Hint}); err != nil {
				return err
			}
		default:
			refused++
			if _, err := fmt.Fprintln(env.stdout, clean(p.String())); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(env.stderr, "%s loaded; %s refused, %s\n", ruleCounts(&detect.Report{Sets: report.Sets}), count(refused), plural(warned, "warning"))
	if refused > 0 {
		return errUnread
	}
	return nil
}

func rulesExportCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:     "export DIR",
		Short:   "Write the embedded rules to a folder",
		Example: `  goshawk rules export ./my-rules`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("For example: goshawk rules export ./my-rules", "name one folder to write to")
			}
			if entries, err := os.ReadDir(args[0]); err == nil && len(entries) > 0 {
				return usagef("Name a folder that is new or empty.", "%q is not empty", args[0])
			}
			n := 0
			err := fs.WalkDir(rules.FS(), ".", func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				n++
				return exportRule(filepath.Join(args[0], filepath.FromSlash(name)), name)
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(env.stderr, "%s written to %s\n", plural(n, "file"), args[0])
			return nil
		},
	}
}

func exportRule(path, name string) error {
	data, err := fs.ReadFile(rules.FS(), name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write rules: %w", err)
	}
	return os.WriteFile(path, data, 0o644)
}
