package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/synth"
)

func demoCommand(env *environment) *cobra.Command {
	inv := &investigation{dir: "demo-case", overwrite: true, title: "Demonstration: a synthesised incident"}
	var keep string
	var seed uint64
	var noise int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Synthesise a harmless incident and investigate it",
		Long: `Writes the evidence of a made-up intrusion over five hosts and nine days (real file formats, fictional names, nothing that
could run), investigates it, and leaves a finished case. No network, no configuration.`,
		Example: `  goshawk demo
  goshawk demo --case ./case --evidence ./evidence --seed 7`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir := keep
			if dir == "" {
				temp, err := os.MkdirTemp("", "goshawk-demo-*")
				if err != nil {
					return fmt.Errorf("make a folder for the evidence: %w", err)
				}
				defer os.RemoveAll(temp)
				dir = filepath.Join(temp, "evidence")
			} else if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
				return usagef("Name a folder that is new or empty.", "--evidence %q is not empty", dir)
			}
			if _, err := synth.Write(dir, synth.Options{Seed: seed, Noise: noise}); err != nil {
				return fmt.Errorf("write the demonstration's evidence: %w", err)
			}
			s, err := inv.run(cmd.Context(), env, []string{dir})
			if s == nil {
				return err
			}
			return s.close(env, &inv.evidence, inv.dir, err)
		},
	}
	inv.evidence.add(cmd)
	inv.addCase(cmd)
	flags := cmd.Flags()
	flags.StringVar(&keep, "evidence", "", "keep the synthesised evidence in this folder")
	flags.Uint64Var(&seed, "seed", 1, "the same seed gives the same evidence")
	flags.IntVar(&noise, "noise", 0, "ordinary events for each host and day (default: enough for a lively case)")
	return cmd
}
