package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/evidence"
	"github.com/goshawk-ir/goshawk/internal/parser"
)

// TestFileThatShrinks cuts a file after its size was asked and before it is read, at the border of a part, beside it and at its
// start: what is left counts, and hash, size and problem say so, whether the file is held in memory or read through first.
func TestFileThatShrinks(t *testing.T) {
	text := strings.Repeat("a line of 16 by\n", 40)
	for _, left := range []int{0, 1, 63, 64, 65, 300, 639} {
		for _, workers := range []int{1, 3} {
			t.Run(fmt.Sprintf("%d_bytes_%d_workers", left, workers), func(t *testing.T) { shrink(t, text, left, workers) })
		}
	}
}

func shrink(t *testing.T, text string, left, workers int) {
	dir := folder(t, map[string]string{"a.txt": text})
	name := filepath.Join(dir, "a.txt")
	o := options(dir, workers)
	shrinking := *lines
	shrinking.Split = func(in *evidence.Input) []int64 {
		if err := os.Truncate(name, int64(left)); err != nil {
			t.Error(err)
		}
		return lines.Split(in)
	}
	o.testOnlyFind = func(string, []byte) *parser.Parser { return &shrinking }
	out, files, err := list(t, context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	f := files["a.txt"]
	sum := sha256.Sum256([]byte(text[:left]))
	if f.Size != int64(left) || f.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("size %d, hash %s", f.Size, f.SHA256)
	}
	if f.ProblemCount != 1 || len(f.Problems) != 1 || f.Problems[0].Offset != int64(left) || !f.Unread() {
		t.Errorf("problems %v", f.Problems)
	}
	if n := strings.Count(out, "\n"); n != (left+15)/16 || f.Records != int64(n) {
		t.Errorf("%d records of %d bytes, the file says %d", n, left, f.Records)
	}
}

// TestHashIsKnown says of every file its hash, in however many parts it is read and however long they are.
func TestHashIsKnown(t *testing.T) {
	texts := map[string]string{"empty": "", "short": "x\n", "parts": strings.Repeat("some text\n", 100), "long": strings.Repeat("0123456789abcde\n", maxHeld/16+1)}
	dir := folder(t, texts)
	o := options(dir, 3)
	whole := *lines
	whole.Split = nil
	o.testOnlyFind = func(path string, _ []byte) *parser.Parser {
		if path == "long" {
			return &whole
		}
		return lines
	}
	_, files, err := list(t, context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		sum := sha256.Sum256([]byte(text))
		if f := files[name]; f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(text)) || int(f.Records) != strings.Count(text, "\n") {
			t.Errorf("%s: size %d, hash %q, %d records", name, f.Size, f.SHA256, f.Records)
		}
	}
	o.Evidence.NoHash = true
	_, files, err = list(t, context.Background(), o)
	if f := files["parts"]; err != nil || f.SHA256 != "" || f.Records != 100 {
		t.Errorf("without hashes: %v, %q, %d records", err, f.SHA256, f.Records)
	}
}
