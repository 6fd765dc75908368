package lint

import (
	"bytes"
	"go/ast"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// TestFormat holds files to gofmt.
func TestFormat(t *testing.T) {
	for _, f := range goFiles(t) {
		if out, err := format.Source(f.text); err != nil || !bytes.Equal(out, f.text) {
			t.Errorf("%s: gofmt would change it", f.path)
		}
	}
}

// TestPrint holds printing, ending the process and logging to commands: cmd, and generators of embedded data.
func TestPrint(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || within(f.dir, "cmd") || f.tree.Name.Name == "main" {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := s.X.(*ast.Ident)
			if !ok || pkg.Obj != nil {
				return true
			}
			name := pkg.Name + "." + s.Sel.Name
			if strings.HasPrefix(name, "fmt.Print") || name == "os.Exit" || name == "os.Stdout" || name == "os.Stderr" || strings.HasPrefix(name, "log.") {
				t.Errorf("%s:%d: %s outside of cmd", f.path, f.line(s.Pos()), name)
			}
			return true
		})
	}
}

// TestComments holds exported names to a comment.
func TestComments(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || f.tree.Name.Name == "main" {
			continue
		}
		for _, d := range f.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
					t.Errorf("%s:%d: %s has no comment", f.path, f.line(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					checkSpec(t, f, d, s)
				}
			}
		}
	}
}

func checkSpec(t *testing.T, f *file, d *ast.GenDecl, s ast.Spec) {
	t.Helper()
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
			t.Errorf("%s:%d: %s has no comment", f.path, f.line(s.Pos()), s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				t.Errorf("%s:%d: %s has no comment", f.path, f.line(s.Pos()), name.Name)
			}
		}
	}
}

// exportedReceiver says whether a function is no method, or one of an exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// forbidden is what has no place in the repository: reminders instead of work and paths of a machine. The words are put together
// here so that this file does not hold them itself.
var forbidden = regexp.MustCompile(strings.Join([]string{
	`\bTO` + `DO\b`, `\bFIX` + `ME\b`, `\bXX` + `X\b`, `(^|[\s"'` + "`" + `(])/(ro` + `ot|ho` + `me/[a-z]+|wo` + `rk)/`,
}, "|"))

// TestWords holds code, pages and scripts to plain words.
func TestWords(t *testing.T) {
	root := testkit.Root(t)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && strings.HasPrefix(name, ".") && name != ".ci" {
			return filepath.SkipDir
		}
		rel, _ := filepath.Rel(root, path)
		inScripts := strings.HasPrefix(filepath.ToSlash(rel), "scripts/")
		switch ext := filepath.Ext(name); {
		case d.IsDir(), !inScripts && name != "Makefile" && ext != ".go" && ext != ".md" && ext != ".yml" && ext != ".txt":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for n, line := range bytes.Split(text, []byte("\n")) {
			if found := forbidden.Find(line); found != nil {
				t.Errorf("%s:%d: %q has no place here", filepath.ToSlash(rel), n+1, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
