package sigma

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// testCase is one case of a case file: a detection, and the events that it must and must not match.
type testCase struct {
	Name        string      `yaml:"name"`
	EmptyIsNull bool        `yaml:"empty_is_null"`
	Detection   yaml.Node   `yaml:"detection"`
	Hits        []yaml.Node `yaml:"hits"`
	Misses      []yaml.Node `yaml:"misses"`
}

var testPlaceholders = map[string][]string{"Servers": {"srv*", "dc1"}, "Users": {"alice", "bob"}, "Empty": {}}

// TestCases matches every event of every case file with the engine and with the plain evaluation.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no case files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var cases []testCase
			if err := yaml.Load(data, &cases); err != nil {
				t.Fatal(err)
			}
			for _, c := range cases {
				t.Run(strings.ReplaceAll(c.Name, " ", "_"), func(t *testing.T) { c.run(t) })
			}
		})
	}
}

func (c *testCase) run(t *testing.T) {
	detection, err := yaml.Dump(&c.Detection)
	if err != nil {
		t.Fatal(err)
	}
	rule := "title: " + fmt.Sprintf("%q", c.Name) + "\nlogsource:\n  product: windows\ndetection:\n  " + strings.ReplaceAll(string(detection), "\n", "\n  ")
	made := compileTest(t, rule)
	for _, engine := range []*Engine{made, sameStored(t, made)} {
		for i := range c.Hits {
			c.check(t, engine, &c.Hits[i], true)
		}
		for i := range c.Misses {
			c.check(t, engine, &c.Misses[i], false)
		}
	}
}

func (c *testCase) check(t *testing.T, engine *Engine, n *yaml.Node, want bool) {
	e := eventOf(n)
	e.schema.EmptyIsNull = c.EmptyIsNull
	if got := len(engine.matches(e)) > 0; got != want {
		t.Errorf("event %s: matches is %v", e, got)
	}
	if got := engine.plainMatches(e); (len(got) > 0) != want {
		t.Errorf("event %s, plainly: matches is %v", e, len(got) > 0)
	}
}

// compileTest makes an engine of the rules in text; a refusal ends the test.
func compileTest(t testing.TB, text string) *Engine {
	t.Helper()
	c := NewCollection(LoadOptions{Placeholders: testPlaceholders})
	problems := append(c.Load("rule.yml", []byte(text)), c.Link()...)
	for _, p := range problems {
		if !p.Warning {
			t.Fatalf("%v\n%s", p, text)
		}
	}
	engine, _ := Compile(c, Options{})
	sameStored(t, engine)
	return engine
}

// eventOf makes an event of a YAML map.
func eventOf(n *yaml.Node) *testEvent {
	e := &testEvent{schema: Schema{Product: "windows", Channel: "Test"}, nulls: map[int]bool{}}
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := n.Content[i+1]
		e.schema.Fields = append(e.schema.Fields, n.Content[i].Value)
		var values []string
		switch {
		case v.Kind == yaml.SequenceNode:
			for _, item := range v.Content {
				values = append(values, item.Value)
			}
		case v.ShortTag() == "!!null":
			e.nulls[i/2] = true
		default:
			values = []string{v.Value}
		}
		e.values = append(e.values, values)
	}
	return e
}

func (e *testEvent) String() string {
	var b bytes.Buffer
	for i, f := range e.schema.Fields {
		fmt.Fprintf(&b, "%s=%q ", f, e.values[i])
	}
	return "{" + strings.TrimSpace(b.String()) + "}"
}

// matches returns the titles of the rules that match e, as texts and as it lies, for the first time and again.
func (engine *Engine) matches(e *testEvent) []string { return engine.matchesWith(NewMatcher(), e) }

func (engine *Engine) matchesWith(m *Matcher, e *testEvent) []string {
	b := engine.Bind(&e.schema)
	if b == nil {
		return nil
	}
	var first []string
	for i, r := range []Record{e, e, rawEvent{e}, rawEvent{e}, rawEvent{e}} {
		var out []string
		b.Match(m, r, func(m *Match) { out = append(out, m.Rule.Title) })
		if i == 0 {
			first = out
		} else if !slices.Equal(out, first) {
			return append(out, fmt.Sprintf("at try %d, at first %q", i, first))
		}
	}
	return first
}

// plainMatches is the reference for matches.
func (engine *Engine) plainMatches(e *testEvent) []string {
	var out []string
	engine.Plain(&e.schema, e, func(r *Rule) { out = append(out, r.Title) })
	return out
}
