package lint

import (
	"go/ast"
	"testing"
)

// The sizes of the house style.
const (
	maxFileLines     = 450
	maxFunctionLines = 60
	maxParameters    = 5
	maxCaseLines     = 8 // of a case in a flat switch
)

// TestFileSize holds files to 450 lines.
func TestFileSize(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.lines > maxFileLines {
			t.Errorf("%s: %d lines, more than %d", f.path, f.lines, maxFileLines)
		}
	}
}

// TestFunctionSize holds functions to 60 lines, tables and flat switches left out of account, and to 5 parameters.
func TestFunctionSize(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := f.span(fn); n > maxFunctionLines && n-f.flatLines(fn.Body) > maxFunctionLines {
				t.Errorf("%s:%d: %s has %d lines, more than %d", f.path, f.line(fn.Pos()), fn.Name.Name, n, maxFunctionLines)
			}
			if n := fn.Type.Params.NumFields(); n > maxParameters {
				t.Errorf("%s:%d: %s has %d parameters, more than %d", f.path, f.line(fn.Pos()), fn.Name.Name, n, maxParameters)
			}
		}
	}
}

// flatLines counts the lines of tables (composite literals), of flat switches, and of text over several lines.
func (f *file) flatLines(body ast.Node) int {
	n := 0
	ast.Inspect(body, func(node ast.Node) bool {
		switch x := node.(type) {
		case *ast.CompositeLit:
			n += f.span(x) - 1
			return false
		case *ast.BasicLit:
			n += f.span(x) - 1
		case *ast.SwitchStmt:
			if f.flat(x.Body) {
				n += f.span(x) - 1
				return false
			}
		case *ast.TypeSwitchStmt:
			if f.flat(x.Body) {
				n += f.span(x) - 1
				return false
			}
		}
		return true
	})
	return n
}

// flat says whether every case of a switch is short.
func (f *file) flat(body *ast.BlockStmt) bool {
	for _, s := range body.List {
		if c, ok := s.(*ast.CaseClause); ok && f.span(c) > maxCaseLines {
			return false
		}
	}
	return true
}
