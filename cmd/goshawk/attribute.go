package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/casefile"
	"github.com/goshawk-ir/goshawk/internal/report"
)

// attribution is one run of the command attribute.
type attribution struct {
	bundle, cases, knowledge, format string
	time                             string
	prior                            float64
	threads                          int
	victimFlags
}

func attributeCommand(env *environment) *cobra.Command {
	a := &attribution{}
	cmd := &cobra.Command{
		Use:   "attribute CASE | TECHNIQUE... | --cases FILE",
		Short: "Which known group an incident is like, how sure that is, and what speaks against it",
		Long: `Compares the techniques and software of a finished case, or the ATT&CK identifiers given, with what reports say that known groups used, and gives
the probability of each group, of an actor that is none of them, and the evidence for and against in bits. It is a measure of likeness to what
was published, never a proof. Whom the incident hit (--sector, --country), indicators in common with learned cases and the order of what was
done add bits of their own, within bounds. What the rules could not have seen speaks against nobody. docs/attribution.md says what the numbers mean and how often they are right.

Knowledge is an embedded table made from ATT&CK ` + attrib.EmbeddedVersion + ` (c) The MITRE Corporation, or the bundle given, and the cases that "attribute learn" kept.`,
		Example: `  goshawk attribute ./case
  goshawk attribute T1566.001 T1204.002 T1059.001 S0154
  goshawk attribute ./case --sector cryptocurrency --country KR
  goshawk attribute ./case --attack enterprise-attack.json --unknown-prior 0.5 --format json
  goshawk attribute learn ./case --group "Wizard Spider"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case a.format != "table" && a.format != "json":
				return usagef("It is table or json.", "--format %q is none", a.format)
			case !(a.prior >= 0 && a.prior < 1):
				return usagef("Give a probability, for example 0.2.", "--unknown-prior %v is none below 1", a.prior)
			case a.time != "" && a.time != timeless && a.cases != "":
				return usagef("Each case has the date of its report; leave that out with --time none.", "--time %q doesn't go with --cases", a.time)
			case a.cases != "" && len(args) > 0, a.cases == "" && len(args) == 0:
				return usagef("For example: goshawk attribute ./case", "name a case folder, techniques, or a file of cases with --cases")
			case a.cases != "" && len(a.sectors)+len(a.countries) > 0:
				return usagef("Leave them out.", "--sector and --country are of one incident; --cases are many")
			case a.cases != "":
				return a.many(cmd.Context(), env)
			}
			return a.one(env, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&a.cases, "cases", "", `JSON list of {"report","techniques","software"}; each is ranked with its report left out of the knowledge`)
	flags.StringVar(&a.format, "format", "table", "table or json")
	flags.Float64Var(&a.prior, "unknown-prior", 0, fmt.Sprintf("how likely an actor that no report knows is beforehand (default %v; %v with --cases)",
		attrib.DefaultPrior, attrib.CasesPrior))
	flags.StringVar(&a.time, "time", "", `when it was: a year, month or day (2020, 2020-08, 2020-08-17), or none to leave time out (default: of the case's findings, or of each report)`)
	flags.IntVar(&a.threads, "threads", 0, "how many cores to use (default: all); never changes the output")
	a.add(cmd)
	a.victimFlags.add(cmd)
	cmd.AddCommand(learnCommand(env))
	return cmd
}

func (a *attribution) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.bundle, "attack", "", "ATT&CK bundle (STIX JSON), instead of the embedded table")
	cmd.Flags().StringVar(&a.knowledge, "knowledge", "", "file of learned cases (default: in the user's configuration folder)")
}

// table reads what is known beside the learned cases.
func (a *attribution) table() (*attrib.Table, error) {
	if a.bundle == "" {
		return attrib.Embedded()
	}
	data, err := os.ReadFile(a.bundle)
	if err != nil {
		return nil, fmt.Errorf("read the ATT&CK bundle %q: %w", a.bundle, cause(err))
	}
	t, err := attrib.ReadBundle(data)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", a.bundle, err)
	}
	return t, nil
}

// learned reads the cases of one's own; none is no error, unless a file was named.
func (a *attribution) learned() ([]attrib.LocalCase, error) {
	cases, err := attrib.ReadLocalFile(a.learnedPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return cases, err
}

func (a *attribution) learnedPath() string {
	if a.knowledge != "" {
		return a.knowledge
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "goshawk-attribution.jsonl"
	}
	return filepath.Join(dir, "goshawk", "attribution.jsonl")
}

// ranker makes ready to rank. Learned cases are left out where the bundle's own reports are judged: they may be the same incidents.
func (a *attribution) ranker(local bool, prior float64) (*attrib.Ranker, *attrib.Table, error) {
	t, err := a.table()
	if err != nil {
		return nil, nil, err
	}
	var cases []attrib.LocalCase
	if local {
		if cases, err = a.learned(); err != nil {
			return nil, nil, err
		}
	}
	r, err := attrib.NewRanker(attrib.NewKnowledge(t, cases...), attrib.Options{Prior: prior})
	return r, t, err
}

// identifier is a technique or a software on the command line.
var identifier = regexp.MustCompile(`^(?i)(attack\.)?(T\d{4}(\.\d{3})?|S\d{4})$`)

// one ranks groups for a finished case or for identifiers.
func (a *attribution) one(env *environment, args []string) error {
	if _, err := a.victims(); err != nil {
		return err
	}
	r, t, err := a.ranker(true, cmp.Or(a.prior, attrib.DefaultPrior))
	if err != nil {
		return err
	}
	c, err := a.incident(t, args, r.KnowsIndicators())
	if err == nil {
		err = a.setTime(c)
	}
	if err != nil {
		return err
	}
	result := r.Explain(c)
	for _, trouble := range result.Troubles {
		fmt.Fprintln(env.stderr, "goshawk:", clean(trouble))
	}
	if a.format == "json" {
		return writeJSON(env, result)
	}
	_, err = env.stdout.Write(attributionText(result))
	return err
}

// timeless is what --time is told where time is not to be used.
const timeless = "none"

func (a *attribution) setTime(c *attrib.Case) error {
	switch a.time {
	case "":
		return nil
	case timeless:
		c.Timeless = true
		return nil
	}
	when, err := attrib.ParseDate(a.time)
	if err != nil {
		return usagef("For example: --time 2020-08, or --time none.", "--time: %v", err)
	}
	c.When = when
	return nil
}

// incident reads what was seen, and what stands beside it; indicators only if they are wanted.
func (a *attribution) incident(t *attrib.Table, args []string, indicators bool) (*attrib.Case, error) {
	if identifier.MatchString(args[0]) {
		v, err := a.victims()
		if err != nil {
			return nil, err
		}
		c := &attrib.Case{Victims: v}
		for _, arg := range args {
			if !identifier.MatchString(arg) {
				return nil, usagef("Techniques look like T1059.001, software like S0154.", "%q is neither", arg)
			}
			c.Techniques = append(c.Techniques, attrib.Seen{ID: arg, Strength: 1})
		}
		return c, nil
	}
	if len(args) > 1 {
		return nil, usagef("Run it once for each case.", "%d case folders; one at a time", len(args))
	}
	reader, err := casefile.Open(args[0])
	if err != nil {
		return nil, err
	}
	return a.finished(t, reader, indicators)
}

// finished reads a finished case.
func (a *attribution) finished(t *attrib.Table, reader *casefile.Reader, indicators bool) (*attrib.Case, error) {
	c, err := attrib.FromFindings(filepath.Base(filepath.Clean(reader.Dir())), t, reader.Findings())
	if err != nil {
		return nil, err
	}
	c.Visible = reader.Case().Visible
	if c.Victims, err = a.or(reader.Case()); err != nil {
		return nil, err
	}
	if indicators {
		c.Indicators, err = report.Traces(reader)
	}
	return c, err
}

func writeJSON(env *environment, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := env.stdout.Write(b.Bytes())
	return err
}

// caseEntry and rankedEntry are the forms of --cases, in and out.
type caseEntry struct {
	Report     string   `json:"report"`
	Techniques []string `json:"techniques"`
	Software   []string `json:"software"`
}

type rankedEntry struct {
	Report  string          `json:"report"`
	Ranking []attrib.Ranked `json:"ranking"`
	Unknown float64         `json:"unknown"`
}

const (
	rankedGroups = 20 // in each ranking of many
	maxTroubles  = 10 // cases of which what could not be used is said
)

// many ranks groups for each case of a file, with the report that it is taken from left out.
func (a *attribution) many(ctx context.Context, env *environment) error {
	data, err := os.ReadFile(a.cases)
	if err != nil {
		return fmt.Errorf("read the cases %q: %w", a.cases, cause(err))
	}
	var cases []caseEntry
	if err := json.Unmarshal(data, &cases); err != nil {
		return fmt.Errorf("read the cases %q: %w", a.cases, err)
	}
	r, _, err := a.ranker(false, cmp.Or(a.prior, attrib.CasesPrior))
	if err != nil {
		return err
	}
	rankings := make([]*attrib.Ranking, len(cases))
	var work sync.WaitGroup
	next := make(chan int)
	for range max(1, cmp.Or(a.threads, runtime.GOMAXPROCS(0))) {
		work.Go(func() {
			for i := range next {
				c := &cases[i]
				rankings[i] = r.Rank(&attrib.Case{Name: c.Report, LeaveOut: c.Report, Timeless: a.time == timeless,
					Techniques: attrib.Sure(c.Techniques), Software: attrib.Sure(c.Software)})
			}
		})
	}
	for i := range cases {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	work.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.writeMany(env, cases, rankings)
}

func (a *attribution) writeMany(env *environment, cases []caseEntry, rankings []*attrib.Ranking) error {
	out := make([]rankedEntry, len(cases))
	troubled := 0
	for i, k := range rankings {
		for _, trouble := range k.Troubles {
			if troubled++; troubled <= maxTroubles {
				fmt.Fprintf(env.stderr, "goshawk: %s: %s\n", clean(cases[i].Report), clean(trouble))
			}
		}
		out[i] = rankedEntry{cases[i].Report, k.Groups[:min(rankedGroups, len(k.Groups))], k.Unknown}
	}
	if troubled > maxTroubles {
		fmt.Fprintf(env.stderr, "goshawk: ... and %s\n", plural(troubled-maxTroubles, "more remark"))
	}
	if a.format == "json" {
		return writeJSON(env, out)
	}
	var b bytes.Buffer
	for i := range out {
		first := out[i].Ranking[0]
		fmt.Fprintf(&b, "%5.1f %%  %-24s unknown %4.1f %%  %s\n", 100*first.Probability, clean(first.Name), 100*out[i].Unknown, clean(out[i].Report))
	}
	_, err := env.stdout.Write(b.Bytes())
	return err
}
