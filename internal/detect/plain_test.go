package detect

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
	"github.com/goshawk-ir/goshawk/internal/testkit"
	"github.com/goshawk-ir/goshawk/sigma"
)

// The plain evaluation takes up to milliseconds a record, so that all records of the corpus take ten minutes.
var (
	everyRecord = flag.Bool("every-record", false, "compare every record of the corpus with the plain evaluation, not a few of each shape and file")
	aShape      = 2    // records of a shape and file that are compared
	aFile       = 24   // records of a file that are compared
	enough      = 5000 // records in all, of which a tenth should match
)

// TestCorpusAgainstPlain holds the fast way to the plain one on every file of the corpus, with all rules of the shared rule set.
func TestCorpusAgainstPlain(t *testing.T) {
	corpus := testkit.Shared(t, "corpus")
	var sources []RuleSource
	for _, dir := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		path := testkit.Shared(t, "sigma", dir)
		sources = append(sources, RuleSource{Name: dir, FS: os.DirFS(path)})
	}
	engine, err := openSigma(&Config{Rules: sources})
	if err != nil {
		t.Fatal(err)
	}
	files := make(chan *evidence.File)
	var compared, matched, read atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		c := &comparison{t: t, engine: engine.(*sigmaEngine), scanner: engine.Scanner().(*sigmaScanner)}
		workers.Go(func() {
			for f := range files {
				if c.file(f) {
					read.Add(1)
				}
			}
			compared.Add(int64(c.compared))
			matched.Add(int64(c.matched))
		})
	}
	for f, err := range evidence.Walk(context.Background(), []string{corpus}, evidence.Options{NoHash: true}) {
		if err != nil {
			t.Error(err)
			break
		}
		if f.Readable() {
			if _, err := f.Open(); err == nil { // held until the worker releases it
				files <- f
			}
		}
	}
	close(files)
	workers.Wait()
	t.Logf("%d records of %d files, %d matches", compared.Load(), read.Load(), matched.Load())
	if compared.Load() < int64(enough) || matched.Load() < int64(enough/10) {
		t.Errorf("only %d records and %d matches compared", compared.Load(), matched.Load())
	}
}

// comparison is what a worker compares.
type comparison struct {
	t                 *testing.T
	engine            *sigmaEngine
	scanner           *sigmaScanner
	compared, matched int
}

// file compares records of a file, which is open, and says whether a parser read it.
func (c *comparison) file(f *evidence.File) bool {
	defer f.Release()
	in, err := f.Open()
	if err != nil {
		return false
	}
	defer f.Release()
	head := make([]byte, parser.HeadSize)
	n, _ := in.ReadAt(head, 0)
	p := parser.For(f.Path, head[:n], nil)
	if p == nil || p.Carve {
		return false
	}
	shapes, all := map[*event.Schema]int{}, 0
	for batch, err := range p.Read(in) {
		if err != nil {
			continue
		}
		if all >= aFile && !*everyRecord {
			break
		}
		var some []*event.Record
		for _, r := range batch {
			if *everyRecord || shapes[r.Schema] < aShape {
				shapes[r.Schema]++
				all++
				some = append(some, r)
			}
		}
		c.records(some)
	}
	return true
}

func (c *comparison) records(batch []*event.Record) {
	fast, again := make([][]int, len(batch)), make([][]int, len(batch))
	c.scanner.Scan(batch, func(i int, h *Hit) { fast[i] = append(fast[i], h.Rule) })
	c.scanner.Scan(batch, func(i int, h *Hit) { again[i] = append(again[i], h.Rule) })
	for i, r := range batch {
		var plain []int
		c.engine.engine.Plain(sigmaSchema(r.Schema), &sigmaRecord{Record: r}, func(rule *sigma.Rule) { plain = append(plain, slices.Index(c.engine.rules, rule)) })
		if !slices.Equal(fast[i], plain) || !slices.Equal(again[i], plain) {
			c.t.Errorf("%s at 0x%x: rules %v, again %v, plainly %v", r.Origin.Path, r.Offset, c.titles(fast[i]), c.titles(again[i]), c.titles(plain))
		}
		c.compared++
		c.matched += len(plain)
	}
}

func (c *comparison) titles(rules []int) (titles []string) {
	for _, r := range rules {
		titles = append(titles, fmt.Sprintf("%q", c.engine.rules[r].Title))
	}
	return titles
}
