package sigma

import (
	"slices"
	"strings"
	"testing"
)

// TestSpareLooks wants a field that one rule asks for to be looked at in every record only where that rule has no other part to be called
// for by that is about fields which others want anyway.
func TestSpareLooks(t *testing.T) {
	rules := []string{"Image: '/one.exe'", "Image: '/two.exe'", "Image: '/three.exe'"}
	for _, c := range []struct {
		last string
		want []string
	}{
		{"{Image: '/programs.exe', Level: 'a level that hardly any has'}", []string{"Image"}},
		{"{Level: 'a level that hardly any has'}", []string{"Image", "Level"}},
		{"{Image|re: 'programs[0-9]', Level: 'a level that hardly any has'}", []string{"Image", "Level"}}, // left open until the rule is asked
		{"{Other: 'programs.exe', Level: 'a level that hardly any has'}", []string{"Image", "Level"}},     // nobody else wants the other field
	} {
		var text []string
		for _, s := range append(rules[:len(rules):len(rules)], c.last) {
			if s[0] != '{' {
				s = "{" + s + "}"
			}
			text = append(text, "title: a\nlogsource: {product: windows}\ndetection:\n  s: "+s+"\n  condition: s\n")
		}
		b := compileTest(t, strings.Join(text, "---\n")).Bind(&Schema{Product: "windows", Channel: "Test", Fields: []string{"Image", "Level", "Other"}})
		var eager []string
		for i := range b.plan.slots {
			if b.plan.slots[i].eager {
				eager = append(eager, b.plan.slots[i].field)
			}
		}
		if slices.Sort(eager); !slices.Equal(eager, c.want) {
			t.Errorf("%s: %q are looked at in every record, not %q", c.last, eager, c.want)
		}
	}
}
