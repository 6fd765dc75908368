// Command gen writes techniques.tsv and moved.tsv from MITRE's STIX bundle and the list of what version 19 moved. Only
// identifiers, names and relationships are taken.
//
//	go run ./internal/rules/attack/gen -bundle enterprise-attack.json -moved v19-ids.json -out internal/rules/attack
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type bundle struct{ Objects []object }

type object struct {
	Type, ID, Name  string
	Revoked         bool
	Deprecated      bool   `json:"x_mitre_deprecated"`
	ShortName       string `json:"x_mitre_shortname"`
	Relationship    string `json:"relationship_type"`
	Source          string `json:"source_ref"`
	Target          string `json:"target_ref"`
	KillChainPhases []struct {
		Chain string `json:"kill_chain_name"`
		Phase string `json:"phase_name"`
	} `json:"kill_chain_phases"`
	References []struct {
		Source string `json:"source_name"`
		ID     string `json:"external_id"`
	} `json:"external_references"`
}

func (o *object) attackID() string {
	for _, r := range o.References {
		if r.Source == "mitre-attack" {
			return r.ID
		}
	}
	return ""
}

// version19 is what the list of changes states.
type version19 struct {
	RevokedBy map[string]string `json:"revoked_by"`
	Names     map[string]string
}

func main() {
	log.SetFlags(0)
	bundlePath := flag.String("bundle", "", "MITRE's enterprise-attack.json")
	movedPath := flag.String("moved", "", "what version 19 moved")
	out := flag.String("out", "internal/rules/attack", "folder to write to")
	flag.Parse()
	var b bundle
	var v version19
	read(*bundlePath, &b)
	read(*movedPath, &v)
	names, tactics, moved := collect(&b)
	applyVersion19(&v, names, tactics, moved)
	write(*out, names, tactics, moved)
}

func read(path string, to any) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		log.Fatalf("read %s: %v", path, err)
	}
}

// collect finds the techniques that stand, and for each revoked one the technique in its place.
func collect(b *bundle) (names map[string]string, tactics map[string][]string, moved map[string]string) {
	names, tactics, moved = map[string]string{}, map[string][]string{}, map[string]string{}
	ids := map[string]string{}
	for i := range b.Objects {
		o := &b.Objects[i]
		id := o.attackID()
		if o.Type != "attack-pattern" || id == "" {
			continue
		}
		ids[o.ID] = id
		if o.Revoked {
			continue
		}
		names[id] = o.Name
		for _, p := range o.KillChainPhases {
			if p.Chain == "mitre-attack" {
				tactics[id] = append(tactics[id], p.Phase)
			}
		}
	}
	for i := range b.Objects {
		o := &b.Objects[i]
		from, to := ids[o.Source], ids[o.Target]
		if o.Type == "relationship" && o.Relationship == "revoked-by" && from != "" && to != "" && from != to {
			moved[from] = to
		}
	}
	return names, tactics, moved
}

// applyVersion19 moves what version 19 moved and splits Defense Evasion: what went to the techniques of "Disable or Modify
// Tools" and its neighbours impairs defences, the rest is stealth.
func applyVersion19(v *version19, names map[string]string, tactics map[string][]string, moved map[string]string) {
	for id, phases := range tactics {
		for i, p := range phases {
			if p == "defense-evasion" {
				tactics[id][i] = "stealth"
			}
		}
	}
	olds := make([]string, 0, len(v.RevokedBy))
	for old := range v.RevokedBy {
		olds = append(olds, old)
	}
	slices.Sort(olds)
	for _, old := range olds {
		to := v.RevokedBy[old]
		moved[old] = to
		if _, ok := names[to]; !ok {
			names[to] = names[old]
			tactics[to] = []string{"defense-impairment"}
		}
		if name := v.Names[to]; name != "" {
			names[to] = name
		}
	}
	for _, old := range olds {
		delete(names, old)
		delete(tactics, old)
	}
}

func write(dir string, names map[string]string, tactics map[string][]string, moved map[string]string) {
	const head = "# Made by gen; don't edit. (c) The MITRE Corporation; see NOTICE.\n"
	var lines []string
	for id, name := range names {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\n", id, name, strings.Join(tactics[id], ",")))
	}
	save(filepath.Join(dir, "techniques.tsv"), head, lines)
	lines = nil
	for from, to := range moved {
		lines = append(lines, from+"\t"+to+"\n")
	}
	save(filepath.Join(dir, "moved.tsv"), head, lines)
}

func save(path, head string, lines []string) {
	slices.Sort(lines)
	if err := os.WriteFile(path, []byte(head+strings.Join(lines, "")), 0o644); err != nil {
		log.Fatal(err)
	}
}
