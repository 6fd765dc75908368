package evidence

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"
)

func TestDev(t *testing.T) {
	arg := os.Getenv("DEVARG")
	if arg == "" {
		t.Skip()
	}
	start := time.Now()
	counts := map[string]int{}
	problems := 0
	n := 0
	var size int64
	hosts := map[string]int{}
	orig := 0
	for f, err := range Walk(context.Background(), strings.Split(arg, ","), Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		counts[f.Kind]++
		n++
		size += f.Size
		if f.Host != "" {
			hosts[f.Host]++
		}
		if f.Original != "" {
			orig++
		}
		if f.Kind == "unknown" || os.Getenv("DEVKIND") == f.Kind || os.Getenv("DEVKIND") == "all" {
			fmt.Println(f.Kind, f.Path, f.Size, f.Host, f.Original)
		}
		for _, p := range f.Problems {
			problems++
			if problems < 50 {
				fmt.Println("PROBLEM", p.Path, p)
			}
		}
	}
	var ks []string
	for k := range counts {
		ks = append(ks, k)
	}
	sort.Slice(ks, func(i, j int) bool { return counts[ks[i]] > counts[ks[j]] })
	for _, k := range ks {
		fmt.Println(counts[k], k)
	}
	fmt.Println(n, "files", size, "bytes", problems, "problems", time.Since(start), "originals", orig, hosts)
}
