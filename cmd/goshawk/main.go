// Command goshawk turns the evidence of an intrusion into a finished case.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Exit statuses, part of the contract.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnread      = 3
	exitInterrupted = 130
	exitPipe        = 141 // whoever read standard output went away, as a shell counts it
)

// environment is what a command may know of the world: its streams, the clock, the program's version.
type environment struct {
	stdout, stderr io.Writer
	now            func() time.Time
	version        version
	args           []string // the command line, without the program's name
}

type version struct{ number, revision string }

// commands lists every command, in the order in which help shows them.
var commands = []func(*environment) *cobra.Command{
	demoCommand, investigateCommand, huntCommand, eventsCommand, rulesCommand, parsersCommand, attributeCommand, verifyCommand,
}

// usageError is a mistake in how a command was called; the hint says how to do it right.
type usageError struct{ msg, hint string }

// Error gives the mistake and the hint.
func (e *usageError) Error() string {
	if e.hint == "" {
		return e.msg
	}
	return e.msg + "\n" + e.hint
}

func usagef(hint, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), hint}
}

// errUnread says that some evidence, or some rules, could not be read in full; what exactly has been said already.
var errUnread = errors.New("some evidence could not be read in full")

func main() {
	env := &environment{stdout: os.Stdout, stderr: os.Stderr, now: time.Now, version: buildVersion()}
	signal.Ignore(syscall.SIGPIPE) // a closed pipe is an error of the write, so that temporary files are removed
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		<-signals // the second one ends the program at once, even where a shell started it with interrupts ignored
		os.Exit(exitInterrupted)
	}()
	os.Exit(run(ctx, env, os.Args[1:]))
}

// run executes one command line and returns its exit status.
func run(ctx context.Context, env *environment, args []string) int {
	env.args = args
	root := newRoot(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUnread):
		return exitUnread
	case errors.Is(err, syscall.EPIPE):
		return exitPipe
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(env.stderr, "goshawk: stopped; what was finished is kept")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintln(env.stderr, "goshawk:", usage.Error())
		return exitUsage
	}
	fmt.Fprintln(env.stderr, "goshawk:", err)
	return exitFailed
}

func newRoot(env *environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "goshawk",
		Short: "Turn the evidence of an intrusion into a finished case",
		Long: `Goshawk reads the evidence of an intrusion (folders, logs, collections, archives) and gives a case: timeline,
findings, hosts, techniques, indicators, and a report in which every claim can be derived again. It needs no network, changes
no evidence and executes nothing of it.`,
		Example: `  goshawk demo
  goshawk investigate ./evidence --case ./case
  goshawk hunt ./evidence --rules ./sigma/rules --min-level high
  goshawk events Security.evtx --format csv --output events.csv`,
		Version:       env.version.number,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			hint := `Run "goshawk --help" for the commands.`
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				hint = fmt.Sprintf("Did you mean %q?", near[0])
			}
			return usagef(hint, "there is no command %q", args[0])
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("goshawk {{.Version}}\n")
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef(fmt.Sprintf("Run \"%s --help\" for its flags.", cmd.CommandPath()), "%v", err)
	})
	for _, c := range commands {
		root.AddCommand(c(env))
	}
	return root
}

// buildVersion reads what the Go tool stamped into the binary.
func buildVersion() version {
	v := version{number: "devel"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.number = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.revision = s.Value
		}
	}
	return v
}
