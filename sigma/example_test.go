package sigma_test

import (
	"fmt"

	"github.com/goshawk-ir/goshawk/sigma"
)

const rule = `
title: Shadow copies deleted
id: 7d4d8f2c-9d1a-4f0e-8a53-1c0f4b8c2a11
tags: [attack.t1490]
level: high
logsource: {category: process_creation, product: windows}
detection:
    image: {Image|endswith: '\vssadmin.exe'}
    words: {CommandLine|contains|all: [delete, shadows]}
    condition: all of them
`

// event is a record of a shape that is stated once.
type event []string

func (e event) AppendValues(dst *sigma.Values, field int) {
	dst.End(append(dst.Buffer(), e[field]...))
}

func Example() {
	rules := sigma.NewCollection(sigma.LoadOptions{})
	problems := rules.Load("rule.yml", []byte(rule))
	problems = append(problems, rules.Link()...)
	engine, warnings := sigma.Compile(rules, sigma.Options{})
	for _, p := range append(problems, warnings...) {
		fmt.Println(p)
	}

	binding := engine.Bind(&sigma.Schema{
		Product: "windows", Channel: "Microsoft-Windows-Sysmon/Operational", EventID: "1",
		Fields: []string{"Image", "CommandLine"},
	})
	matcher := sigma.NewMatcher() // one for each goroutine
	for _, e := range []event{
		{`C:\Windows\System32\vssadmin.exe`, "vssadmin list shadows"},
		{`C:\Windows\System32\vssadmin.exe`, "vssadmin Delete Shadows /all"},
	} {
		binding.Match(matcher, e, func(m *sigma.Match) {
			fmt.Println(m.Rule.Level, m.Rule.Title, m.Rule.Techniques(), "in", e[1])
		})
	}
	// Output: high Shadow copies deleted [T1490] in vssadmin Delete Shadows /all
}

func ExampleCollection_Load() {
	rules := sigma.NewCollection(sigma.LoadOptions{})
	for _, p := range rules.Load("typo.yml", []byte("title: x\nlogsource: {product: windows}\ndetection:\n  a: {Image|endwith: x}\n  condition: a\n")) {
		fmt.Println(p)
	}
	// Output: typo.yml:4:7: unknown modifier "endwith" (did you mean endswith?)
}
