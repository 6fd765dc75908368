package sigma

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const manyRules = `
title: one
logsource: {product: windows}
detection: {s: {A|contains: ab, B|re: '(?<!x)c+'}, condition: s}
---
title: two
logsource: {product: windows}
detection: {s: {EventID: [1, 3]}, k: [needle], condition: s and k}
---
title: three
logsource: {product: windows, service: security}
detection: {s: {A|fieldref: B}, condition: s}
`

// TestConcurrent binds and matches from several goroutines, with a Matcher each.
func TestConcurrent(t *testing.T) {
	engine := compileTest(t, manyRules)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			m := NewMatcher()
			for i := range 200 {
				id := string(rune('1' + (i+worker)%3))
				e := &testEvent{
					schema: Schema{Product: "windows", Channel: "Security", EventID: id, Fields: []string{"A", "B"}},
					values: [][]string{{"xABx needle"}, {"c"}},
				}
				var got []string
				engine.Bind(&e.schema).Match(m, e, func(x *Match) { got = append(got, x.Rule.Title) })
				want := []string{"one", "two"}
				if id == "2" {
					want = want[:1]
				}
				if !slices.Equal(got, want) {
					t.Errorf("event %s matches %v", id, got)
				}
			}
		})
	}
	wg.Wait()
}

// TestNoAllocation holds that a record costs no memory once a Matcher is warm.
func TestNoAllocation(t *testing.T) {
	engine := compileTest(t, strings.ReplaceAll(manyRules, "(?<!x)c+", "^c+"))
	e := &testEvent{
		schema: Schema{Product: "windows", Channel: "Security", EventID: "1", Fields: []string{"A", "B"}},
		values: [][]string{{"xABx needle"}, {"c"}},
	}
	b, m, n := engine.Bind(&e.schema), NewMatcher(), 0
	hit := func(*Match) { n++ }
	b.Match(m, e, hit)
	if got := testing.AllocsPerRun(100, func() { b.Match(m, e, hit) }); got != 0 {
		t.Errorf("%v allocations a record", got)
	}
	if n == 0 {
		t.Error("no rule matches")
	}
}

// TestNoAllocationForNewValues holds the same of values that come once, when these are not kept any more.
func TestNoAllocationForNewValues(t *testing.T) {
	engine := compileTest(t, "title: one\nlogsource: {product: windows}\ndetection: {s: {A|contains: needle, A|re: '^[a-z]{2}'}, f: {A|re: '[0-9]{9}$'}, condition: s and not f}\n")
	e := &testEvent{schema: Schema{Product: "windows", Channel: "Security", Fields: []string{"A"}}, values: [][]string{{""}}}
	b, m, n := engine.Bind(&e.schema), NewMatcher(), 0
	hit := func(*Match) { n++ }
	engine.memo.door.Store(&memoDoor{})
	var texts []string
	for i := range 300 {
		texts = append(texts, fmt.Sprint("xneedle ", i))
	}
	match := func() { e.values[0][0] = texts[n%len(texts)]; b.Match(m, e, hit) }
	for range 50 {
		match()
	}
	if got := testing.AllocsPerRun(200, match); got != 0 || n != 251 {
		t.Errorf("%v allocations a record, %d matches", got, n)
	}
}

// TestRegexpTimeout holds that an expression that runs out of time is no match, and is counted.
func TestRegexpTimeout(t *testing.T) {
	c := NewCollection(LoadOptions{})
	c.Load("r.yml", []byte("title: slow\nlogsource: {product: windows}\ndetection: {s: {A|re: '^(?=(a+)+$)(a+)+b'}, condition: s}\n"))
	c.Link()
	engine, _ := Compile(c, Options{RegexpTimeout: time.Millisecond})
	e := &testEvent{schema: Schema{Product: "windows", Channel: "c", Fields: []string{"A"}}, values: [][]string{{strings.Repeat("a", 60) + "b"}}}
	m := NewMatcher()
	engine.Bind(&e.schema).Match(m, e, func(*Match) { t.Error("the rule matches") })
	if m.Timeouts() == 0 {
		t.Error("no attempt ran out of time")
	}
}
