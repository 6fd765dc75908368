package report

import (
	"slices"

	"github.com/goshawk-ir/goshawk/internal/rules/attack"
)

// canonicalTechniques shows technique ids of any version in the one that the case is stamped with, without repeats. An id that
// ATT&CK doesn't know stays as it is.
func canonicalTechniques(ids []string) []string {
	var out []string
	for _, id := range ids {
		if c, ok := attack.Canonical(id); ok {
			id = c
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// techniqueName names a technique; "" for one that ATT&CK doesn't know.
func techniqueName(id string) string { return attack.Name(id) }

// mainTactics returns the aims that a technique may be taken to speak of. One that serves many aims (valid accounts, scheduled
// tasks) says little about any of them: of such a technique only what it does itself counts, not what it may be for. What an
// intruder does before the intrusion doesn't show in evidence of its victim.
func mainTactics(id string) []string {
	all := attack.Tactics(id)
	return slices.DeleteFunc(slices.Clone(all), func(t string) bool {
		switch t {
		case "reconnaissance", "resource-development":
			return true
		case "initial-access", "persistence", "privilege-escalation", "stealth":
			return len(all) > 2
		}
		return false
	})
}
