package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

const module = "github.com/goshawk-ir/goshawk"

// file is a Go file of the repository.
type file struct {
	path  string // from the root, with "/"
	dir   string
	text  []byte
	fset  *token.FileSet
	tree  *ast.File
	test  bool
	lines int
}

func (f *file) line(p token.Pos) int { return f.fset.Position(p).Line }

func (f *file) span(n ast.Node) int { return f.line(n.End()) - f.line(n.Pos()) + 1 }

// loaded are the files once one test has read them.
var loaded []*file

// goFiles reads the Go files of the repository; hidden folders and testdata are left out.
func goFiles(t *testing.T) []*file {
	t.Helper()
	if loaded == nil {
		loaded = load(t, testkit.Root(t))
	}
	return loaded
}

func load(t *testing.T, root string) []*file {
	t.Helper()
	var files []*file
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f := &file{path: filepath.ToSlash(rel), fset: token.NewFileSet(), test: strings.HasSuffix(name, "_test.go")}
		f.dir = strings.TrimSuffix(strings.TrimSuffix(f.path, name), "/")
		if f.text, err = os.ReadFile(path); err != nil {
			return err
		}
		f.lines = strings.Count(string(f.text), "\n")
		if f.tree, err = parser.ParseFile(f.fset, path, f.text, parser.ParseComments); err != nil {
			t.Errorf("%s: %v", f.path, err)
			return nil
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d Go files found below %s", len(files), root)
	}
	return files
}
