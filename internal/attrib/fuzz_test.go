package attrib

import (
	"math"
	"testing"
	"time"
)

// A bundle with one group, one technique and one software, with and without what may be missing.
var bundleSeeds = []string{
	`{"type":"bundle","objects":[
		{"type":"intrusion-set","id":"intrusion-set--1","name":"A","external_references":[{"source_name":"mitre-attack","external_id":"G0001"}]},
		{"type":"attack-pattern","id":"attack-pattern--1","name":"T","external_references":[{"source_name":"mitre-attack","external_id":"T1001"}],"kill_chain_phases":[{"phase_name":"execution"}]},
		{"type":"malware","id":"malware--1","name":"S","x_mitre_aliases":["S","Other"],"external_references":[{"source_name":"mitre-attack","external_id":"S0001"}]},
		{"type":"campaign","id":"campaign--1","name":"C","external_references":[{"source_name":"mitre-attack","external_id":"C0001"}]},
		{"type":"relationship","relationship_type":"attributed-to","source_ref":"campaign--1","target_ref":"intrusion-set--1"},
		{"type":"relationship","relationship_type":"uses","source_ref":"intrusion-set--1","target_ref":"attack-pattern--1","external_references":[{"source_name":"R 2020"}]},
		{"type":"relationship","relationship_type":"uses","source_ref":"campaign--1","target_ref":"malware--1","external_references":[{"source_name":"R 2021"}]},
		{"type":"relationship","relationship_type":"uses","source_ref":"malware--1","target_ref":"attack-pattern--1","revoked":true}]}`,
	`{"objects":[{"type":"intrusion-set","id":"a"},{"type":"relationship","relationship_type":"uses","source_ref":"a","target_ref":"a"}]}`,
	`{"objects":[]}`, `[]`, `{`, ``,
}

// FuzzReadBundle reads anything as a bundle, and ranks groups for a few cases with what it holds: no panic, and probabilities that
// are some.
func FuzzReadBundle(f *testing.F) {
	for _, s := range bundleSeeds {
		f.Add([]byte(s), "T1001", "S0001")
	}
	f.Add(bundleText(), "T1059", "S0002")
	f.Fuzz(func(t *testing.T, data []byte, technique, software string) {
		if len(data) > 1<<16 {
			return
		}
		table, err := ReadBundle(data)
		if err != nil {
			return
		}
		r, err := NewRanker(NewKnowledge(table), Options{})
		if err != nil {
			return
		}
		for _, c := range []*Case{{}, {Techniques: Sure([]string{technique}), Software: Sure([]string{software}),
			When: time.Date(2018, 4, 3, 0, 0, 0, 0, time.UTC)}} {
			ranking := r.Rank(c)
			sum := ranking.Unknown
			for _, g := range ranking.Groups {
				sum += g.Probability
			}
			if math.IsNaN(sum) || sum > 1.001 || sum < 0 {
				t.Fatalf("probabilities sum to %v", sum)
			}
			r.Explain(c)
		}
	})
}
