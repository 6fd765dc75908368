package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/parser"
)

func parsersCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "parsers",
		Short: "List the kinds of evidence that are read",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
			for _, p := range parser.All() {
				fmt.Fprintf(w, "%s\t%s\n", p.Name, p.Doc)
			}
			return w.Flush()
		},
	}
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("", "%s takes no argument, but %q was given", cmd.CommandPath(), strings.Join(args, " "))
	}
	return nil
}
