package sigma

import (
	"slices"
	"strings"
	"testing"
)

// TestNumbersBeforeExpressions asks for a list of numbers before an expression that takes long: one of the two will do.
func TestNumbersBeforeExpressions(t *testing.T) {
	engine := compileTest(t, `title: numbers
logsource: {product: windows}
detection:
  called: {A|contains: foobar}
  ports: {B: [1, 2, 3, 4, 5]}
  slow: {C|re: '^(?=(a+)+b)(a+)+c$'}
  condition: called and (ports or slow)
`)
	e := &testEvent{schema: Schema{Product: "windows", Channel: "Test", Fields: []string{"A", "B", "C"}}, nulls: map[int]bool{}}
	e.values = [][]string{{"xfoobary"}, {"3"}, {strings.Repeat("a", 4000)}}
	m := NewMatcher()
	if got := engine.matchesWith(m, e); !slices.Equal(got, []string{"numbers"}) || m.Timeouts() > 0 {
		t.Errorf("matches %q, %d expressions ran out of time", got, m.Timeouts())
	}
}
