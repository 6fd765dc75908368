// Package attack knows the techniques of MITRE ATT&CK for enterprises: identifiers of every version, and names and tactics in
// the one version that goshawk shows. The tables are made by gen from MITRE's STIX bundle 18.1 and from the list of what version 19
// moved (as its 19.2 bundle states); only identifiers, names and relationships are embedded.
//
// Version 19 split Defense Evasion into Stealth and Defense Impairment. A technique of 18.1 that the list doesn't name stands under
// Stealth if it stood under Defense Evasion.
//
// (c) The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.
package attack

import (
	_ "embed" // for the tables
	"strings"
)

// Version is the version of ATT&CK that goshawk shows.
const Version = "19"

//go:embed techniques.tsv
var techniquesTSV string

//go:embed moved.tsv
var movedTSV string

type technique struct {
	name    string
	tactics []string
}

var (
	techniques = readTechniques()
	moved      = readMoved()
)

func readTechniques() map[string]technique {
	out := map[string]technique{}
	for fields := range rows(techniquesTSV) {
		out[fields[0]] = technique{fields[1], strings.Split(fields[2], ",")}
	}
	return out
}

func readMoved() map[string]string {
	out := map[string]string{}
	for fields := range rows(movedTSV) {
		out[fields[0]] = fields[1]
	}
	return out
}

func rows(tsv string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(tsv) {
			if line[0] == '#' {
				continue
			}
			if !yield(strings.Split(strings.TrimSuffix(line, "\n"), "\t")) {
				return
			}
		}
	}
}

// maxMoves bounds how often a technique was moved; more is a fault of the table.
const maxMoves = 8

// Canonical returns the identifier in the version shown for a technique of any version, written as "T1059.001", "t1059.001" or
// as the tag "attack.t1059.001"; ok is false if no version knows it (the identifier is returned in upper case all the
// same).
func Canonical(id string) (canonical string, ok bool) {
	id = strings.ToUpper(id)
	id = strings.TrimPrefix(id, "ATTACK.")
	for range maxMoves {
		to, isMoved := moved[id]
		if !isMoved {
			break
		}
		id = to
	}
	_, ok = techniques[id]
	return id, ok
}

// Name returns the name of a technique of the version shown, "" if there is none.
func Name(id string) string { return techniques[id].name }

// FullName returns the name with that of the parent technique in front: "Indicator Removal: File Deletion".
func FullName(id string) string {
	parent, _, isSub := strings.Cut(id, ".")
	if isSub && Name(parent) != "" {
		return Name(parent) + ": " + Name(id)
	}
	return Name(id)
}

// Tactics returns the short names of a technique's tactics.
func Tactics(id string) []string { return techniques[id].tactics }

// Tactic is a column of the matrix.
type Tactic struct{ ID, Short, Name string }

// TacticNames returns the tactics in the order of the matrix.
func TacticNames() []Tactic {
	return []Tactic{
		{"TA0043", "reconnaissance", "Reconnaissance"},
		{"TA0042", "resource-development", "Resource Development"},
		{"TA0001", "initial-access", "Initial Access"},
		{"TA0002", "execution", "Execution"},
		{"TA0003", "persistence", "Persistence"},
		{"TA0004", "privilege-escalation", "Privilege Escalation"},
		{"TA0005", "stealth", "Stealth"},
		{"TA0112", "defense-impairment", "Defense Impairment"},
		{"TA0006", "credential-access", "Credential Access"},
		{"TA0007", "discovery", "Discovery"},
		{"TA0008", "lateral-movement", "Lateral Movement"},
		{"TA0009", "collection", "Collection"},
		{"TA0011", "command-and-control", "Command and Control"},
		{"TA0010", "exfiltration", "Exfiltration"},
		{"TA0040", "impact", "Impact"},
	}
}
