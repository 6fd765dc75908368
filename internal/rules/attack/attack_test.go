package attack

import (
	"slices"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		ok       bool
	}{
		{"T1059.001", "T1059.001", true},
		{"attack.t1562.001", "T1685", true},
		{"t1070.001", "T1685.005", true},
		{"T1089", "T1685", true}, // moved twice: to T1562.001, and from there
		{"T1086", "T1059.001", true},
		{"T1574.002", "T1574.001", true},
		{"T9999", "T9999", false},
		{"nonsense", "NONSENSE", false},
	} {
		if got, ok := Canonical(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("Canonical(%q) = %q, %t; want %q, %t", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

// TestTables holds the tables to their promises: whatever was moved ends at a technique that stands, in a tactic of the matrix.
func TestTables(t *testing.T) {
	if len(techniques) < 600 || len(moved) < 100 {
		t.Fatalf("%d techniques, %d moved", len(techniques), len(moved))
	}
	for from := range moved {
		if to, ok := Canonical(from); !ok {
			t.Errorf("%s ends at %s, which does not stand", from, to)
		}
		if _, ok := techniques[from]; ok {
			t.Errorf("%s both stands and is moved", from)
		}
	}
	var short []string
	for _, tactic := range TacticNames() {
		short = append(short, tactic.Short)
	}
	for id, technique := range techniques {
		if technique.name == "" || !strings.HasPrefix(id, "T") || len(technique.tactics) == 0 {
			t.Errorf("%s is %+v", id, technique)
		}
		for _, tactic := range technique.tactics {
			if !slices.Contains(short, tactic) {
				t.Errorf("%s: tactic %q is not in the matrix", id, tactic)
			}
		}
	}
}

func TestNames(t *testing.T) {
	if got := FullName("T1070.004"); got != "Indicator Removal: File Deletion" {
		t.Errorf("T1070.004 is %q", got)
	}
	if got := Tactics("T1685.005"); !slices.Equal(got, []string{"defense-impairment"}) {
		t.Errorf("tactics of T1685.005: %q", got)
	}
}
