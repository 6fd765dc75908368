package parser

import (
	"os"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// TestCorpusFieldsTwoWays compares, over many real logs, the fast way of writing fields with the plain one, which collect does
// for every record.
func TestCorpusFieldsTwoWays(t *testing.T) {
	dir := testkit.Shared(t, "corpus", "evtx")
	records := 0
	for i, name := range testkit.Files(t, dir) {
		if !strings.HasSuffix(name, ".evtx") || testing.Short() && i%10 > 0 {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		result := collect(t, ByName("evtx"), inputOf(name, data))
		records += len(result.records)
	}
	if records == 0 {
		t.Error("no records")
	}
}
