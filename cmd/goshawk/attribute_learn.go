package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/casefile"
)

// leastLearned is how sure a technique must be to be remembered of a case.
const leastLearned = 0.3

func learnCommand(env *environment) *cobra.Command {
	a := &attribution{}
	var group string
	cmd := &cobra.Command{
		Use:   "learn CASE --group NAME",
		Short: "Keep a case whose actor is known, as a witness for later ones",
		Long: `Keeps what a finished case shows in a file of one's own, as one more report on a group: techniques and software, in which order they were
first seen, indicators that are no well-known ones (at most 150 of each type), and whom the incident hit. The group is one of ATT&CK, by identifier, name or alias, or a new
one of one's own. Cases that say nearly the same of a group count once.`,
		Example: `  goshawk attribute learn ./case --group "Wizard Spider"
  goshawk attribute learn ./case --group "our old friend" --sector finance --country KR --knowledge team.jsonl`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || strings.TrimSpace(group) == "" {
				return usagef(`For example: goshawk attribute learn ./case --group "Wizard Spider"`, "name one case folder and the group")
			}
			return a.learn(env, args[0], strings.TrimSpace(group))
		},
	}
	cmd.Flags().StringVar(&group, "group", "", "the group: identifier, name or alias in ATT&CK, or a name of one's own")
	a.add(cmd)
	a.victimFlags.add(cmd)
	return cmd
}

func (a *attribution) learn(env *environment, dir, group string) error {
	if _, err := a.victims(); err != nil {
		return err
	}
	t, err := a.table()
	if err != nil {
		return err
	}
	reader, err := casefile.Open(dir)
	if err != nil {
		return err
	}
	c, err := a.finished(t, reader, true)
	if err != nil {
		return err
	}
	lesson := attrib.LocalCase{Name: c.Name, Group: "local: " + group, GroupName: group,
		Victims: c.Victims, Indicators: c.Indicators.Bound(), Order: c.Order}
	if !c.When.IsZero() {
		lesson.When = c.When.UTC().Format(time.DateOnly)
	}
	if g, ok := t.Group(group); ok {
		lesson.Group, lesson.GroupName = g.ID, g.Name
	}
	for _, s := range c.Techniques {
		if s.Strength >= leastLearned {
			lesson.Techniques = append(lesson.Techniques, s.ID)
		}
	}
	for _, s := range c.Software {
		if s.Strength >= leastLearned {
			lesson.Software = append(lesson.Software, s.ID)
		}
	}
	if len(lesson.Techniques)+len(lesson.Software) == 0 {
		return fmt.Errorf("learn from %q: no technique and no software in it is sure enough", dir)
	}
	known, err := a.learned()
	if err != nil {
		return err
	}
	all, said := attrib.Learn(known, lesson)
	if err := a.keep(env, all); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "learned %q as a case of %s: %s, %d of software, %s, in %s\n", clean(lesson.Name), clean(lesson.GroupName),
		plural(len(lesson.Techniques), "technique"), len(lesson.Software), plural(lesson.Indicators.Count(), "indicator"), clean(a.learnedPath()))
	if said != "" {
		fmt.Fprintln(env.stdout, "it", clean(said))
	}
	return nil
}

// keep writes all learned cases.
func (a *attribution) keep(env *environment, all []attrib.LocalCase) error {
	path := a.learnedPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the folder of %q: %w", path, cause(err))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range all {
		if err := e.Encode(&all[i]); err != nil {
			return err
		}
	}
	out, err := openOutput(env, nil, path)
	if err != nil {
		return err
	}
	defer out.discard()
	if _, err := out.Write(b.Bytes()); err != nil {
		return err
	}
	return out.commit()
}
