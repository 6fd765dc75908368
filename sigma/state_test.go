package sigma

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func save(t *testing.T, c *Correlator) []byte {
	t.Helper()
	state, err := c.AppendState(nil)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func restore(t *testing.T, c *Correlator, state []byte) {
	t.Helper()
	if err := c.RestoreState(state); err != nil {
		t.Fatal(err)
	}
}

// linesOf returns the header and the lines of one user, as somebody would who shares a state out.
func linesOf(t *testing.T, state []byte, user string) (out []byte) {
	t.Helper()
	for line := range bytes.Lines(state) {
		var g struct{ Group [][]byte }
		if err := json.Unmarshal(line, &g); err != nil {
			t.Fatal(err)
		}
		if g.Group == nil || string(g.Group[0]) == user {
			out = append(out, line...)
		}
	}
	return out
}

// busy returns a correlator in the middle of things, and its stream.
func busy(t *testing.T, n int) (*stream, *Correlator) {
	t.Helper()
	s := setups[n%len(setups)].stream()
	c, err := NewCorrelator(append(chained(s), s.rule), CorrelatorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a@0 x 1", "c@2 x 2", "b@3 \xff 3", "a@5 x 5", "a@6 \xff 0", "b@7 x 1"} {
		c.Add(s.occurrence(t, text), func(*Firing) {})
	}
	return s, c
}

func TestRestoreRefuses(t *testing.T) {
	s, c := busy(t, 0)
	state := string(save(t, c))
	for name, bad := range map[string]string{
		"empty":           "",
		"not_json":        "{",
		"other_version":   strings.Replace(state, `"correlation_state":3`, `"correlation_state":2`, 1),
		"no_header":       state[strings.IndexByte(state, '\n')+1:],
		"group_twice":     state + state,
		"group_by_longer": strings.Replace(state, `"group":[`, `"group":["eA==",`, 1),
		"rule_unknown":    strings.Replace(state, `"count":1`, `"rule":9,"count":1`, 1),
		"cut":             state[:len(state)-20],
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.RestoreState([]byte(bad)); err == nil {
				t.Error("accepted")
			}
			if diff := cmp.Diff(state, string(save(t, c))); diff != "" {
				t.Errorf("the state changed: %s", diff)
			}
		})
	}
	_ = s
}

// TestRestoreChangedRule holds that groups of a rule that asks something else by now are left out, and others kept.
func TestRestoreChangedRule(t *testing.T) {
	s, c := busy(t, 0)
	state := save(t, c)
	s.rule.Condition.Comparisons[0].Value = 2
	changed, err := NewCorrelator(append(chained(s), s.rule), CorrelatorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	restore(t, changed, state)
	got := string(save(t, changed))
	if strings.Contains(got, `"correlation":"test"`) || !strings.Contains(got, `"correlation":"many"`) {
		t.Error(got)
	}
}

// TestStateOfOddTimes holds that years which text forms of time can't say are saved all the same.
func TestStateOfOddTimes(t *testing.T) {
	s := newStream(EventCount, "a", "gte 2")
	c := s.correlator(t, CorrelatorOptions{})
	for _, at := range []time.Time{time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(30828, 9, 14, 2, 48, 5, 1, time.UTC)} {
		o := s.occurrence(t, "a@0 x")
		o.Time = at
		c.Add(o, func(*Firing) {})
	}
	state := save(t, c)
	restore(t, c, state)
	if diff := cmp.Diff(string(state), string(save(t, c))); diff != "" {
		t.Error(diff)
	}
}

// FuzzRestoreState holds that no state, however damaged, makes a correlator panic.
func FuzzRestoreState(f *testing.F) {
	for i := range setups {
		t := &testing.T{}
		_, c := busy(t, i)
		state, err := c.AppendState(nil)
		if err != nil || len(state) < 100 {
			f.Fatalf("no seed: %v", err)
		}
		f.Add(uint8(i), state)
	}
	f.Fuzz(func(t *testing.T, n uint8, state []byte) {
		s, c := busy(t, int(n))
		if err := c.RestoreState(state); err != nil {
			return
		}
		saved := save(t, c)
		again := s.correlator(t, CorrelatorOptions{})
		_ = again
		for _, text := range []string{"a@1 x 1", "b@4 x 2", "c@9 x 3", "a@100 x 1", "a@101 x 2"} {
			c.Add(s.occurrence(t, text), func(*Firing) {})
		}
		c.Close(func(*Firing) {})
		restore(t, c, saved)
	})
}
