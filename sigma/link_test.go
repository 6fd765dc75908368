package sigma

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const linkRules = `
title: failed
name: failed
id: 00000000-0000-4000-8000-000000000001
tags: [attack.t1110, attack.credential-access, attack.T1078.002, cve.2020-1]
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
---
title: logon
name: logon
id: 00000000-0000-4000-8000-000000000002
logsource: {product: windows, service: security}
detection: {s: {EventID: 4624}, condition: s}
---
title: shown
name: shown
logsource: {product: windows, service: security}
detection: {s: {EventID: 4624}, condition: s}
---
title: many
name: many
correlation:
    type: event_count
    rules: [failed]
    group-by: [TargetUserName]
    timespan: 10m
    condition: {gte: 5}
---
title: then
correlation:
    type: temporal_ordered
    rules: [many, 00000000-0000-4000-8000-000000000002]
    group-by: [user]
    timespan: 1h
    aliases:
        user:
            many: TargetUserName
            00000000-0000-4000-8000-000000000002: SubjectUserName
---
title: bytes
correlation:
    type: value_sum
    rules: [shown]
    group-by: [Computer]
    timespan: 2w
    condition: {field: Bytes, gt: 1000}
    generate: true
`

func TestLink(t *testing.T) {
	c := NewCollection(LoadOptions{})
	for _, p := range append(c.Load("rules.yml", []byte(linkRules)), c.Link()...) {
		t.Error(p)
	}
	var got []string
	for _, r := range c.Rules {
		got = append(got, fmt.Sprintf("%s feeds=%v silent=%v needs=%v %v", r.Name, r.Feeds, r.Silent, r.Needs, r.Techniques()))
	}
	for _, r := range c.Correlations {
		got = append(got, fmt.Sprintf("%s %s %v feeds=%v silent=%v generate=%v %v", r.Title, r.Type, r.Timespan, r.Feeds, r.Silent, r.Generate, r.Condition))
	}
	want := []string{
		"failed feeds=true silent=true needs=[TargetUserName user] [T1110 T1078.002]",
		"logon feeds=true silent=true needs=[SubjectUserName] []",
		"shown feeds=true silent=false needs=[Computer Bytes] []",
		"many event_count 10m0s feeds=true silent=true generate=false {[{gte 5}] [] 0 }",
		"then temporal_ordered 1h0m0s feeds=false silent=false generate=false {[] [] 0 }",
		"bytes value_sum 336h0m0s feeds=false silent=false generate=true {[{gt 1000}] [Bytes] 0 }",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.Correlations[1].Correlations[0] != c.Correlations[0] || c.Correlations[1].Rules[1] != c.Rules[1] {
		t.Error("references are not resolved in order")
	}
}

// TestNeeds holds that a match brings the values that correlations want, under the names of its events.
func TestNeeds(t *testing.T) {
	engine := compileTest(t, `
title: base
name: base
logsource: {category: process_creation, product: windows}
detection: {s: {Image|endswith: '\a.exe'}, condition: s}
---
title: c
correlation:
    type: value_count
    rules: [base]
    group-by: [Image, EventID, Nowhere, Void]
    timespan: 1h
    condition: {field: User, gte: 2}
`)
	e := &testEvent{
		schema: Schema{Product: "windows", Channel: "Security", EventID: "4688", Fields: []string{"NewProcessName", "User", "Void"}},
		values: [][]string{{`C:\A.exe`}, {"one", "two"}, nil}, nulls: map[int]bool{2: true},
	}
	var got []string
	engine.Bind(&e.schema).Match(NewMatcher(), e, func(m *Match) {
		for i, n := range m.Needs {
			got = append(got, fmt.Sprintf("%s=%s %v", m.Rule.Needs[i], n.Text, n.Present))
		}
	})
	want := []string{`Image=C:\A.exe true`, "EventID=4688 true", "Nowhere= false", "Void= false", "User=one true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFilters(t *testing.T) {
	const rules = `
title: a
id: 00000000-0000-4000-8000-00000000000a
logsource: {product: windows, service: security}
detection: {s: {EventID: 1}, condition: s}
---
title: b
name: bee
logsource: {product: windows, service: security}
detection: {s: {EventID: 1}, condition: s}
---
title: c
logsource: {product: windows, service: security}
detection: {s: {EventID: 1}, condition: s}
`
	event := func(user string) *testEvent {
		return &testEvent{schema: Schema{Product: "windows", Channel: "Security", EventID: "1", Fields: []string{"User"}}, values: [][]string{{user}}}
	}
	for _, tt := range []struct{ name, filter, alice, bob string }{
		{"by_id_and_name", "rules: [00000000-0000-4000-8000-00000000000a, bee]\n  f: {User: alice}\n  condition: not f", "c", "a b c"},
		{"one_rule_without_list", "rules: bee\n  f: {User: alice}\n  condition: not f", "a c", "a b c"},
		{"any", "rules: any\n  f: {User: alice}\n  condition: not f", "", "a b c"},
		{"all_of_the_log_source", "rules: any\n  f: {User: alice}\n  condition: not f", "", "a b c"},
		{"condition_that_keeps", "rules: [bee]\n  f: {User: alice}\n  condition: f", "a b c", "a c"},
		{"two_selections", "rules: [bee]\n  f1: {User: alice}\n  f2: {User: bob}\n  condition: not 1 of f*", "a c", "a c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			engine := compileTest(t, rules+"---\ntitle: filter\nlogsource: {product: windows}\nfilter:\n  "+tt.filter+"\n")
			for user, want := range map[string]string{"alice": tt.alice, "bob": tt.bob} {
				got := engine.matches(event(user))
				if !slices.Equal(got, strings.Fields(want)) {
					t.Errorf("%s: matches %v, not %q", user, got, want)
				}
			}
		})
	}
}
