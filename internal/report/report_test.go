package report

import (
	"flag"
	"os"
	"testing"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	keep   = flag.String("keep", "", "folder to leave the sample case in, to be looked at")
)

// TestSample leaves the sample case where -keep says.
func TestSample(t *testing.T) {
	dir := t.TempDir()
	if *keep != "" {
		dir = *keep
	}
	out := writeSample(t, dir, sampleFindings(t), sampleInfo())
	for _, o := range All() {
		info, err := os.Stat(out + "/" + o.File)
		if err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", o.File, err)
		}
	}
}
