package lint

import (
	"go/ast"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/goshawk-ir/goshawk/internal/testkit"
)

// layers are the rooms of the house from the top down. A package imports what stands below it, or beside it in
// its own row.
var layers = [][]string{
	{"cmd"},
	{"internal/pipeline"},
	{"internal/report"},
	{"internal/casefile"},
	{"internal/detect"},
	{"internal/attrib", "internal/sample"},
	{"internal/parser"},
	{"internal/evidence"},
	{"internal/event", "internal/finding"},
	{"internal/format"},
	{"internal/rules", "internal/synth"},
	{"evtx", "sigma", "yara"},
	{"internal/adaptive", "internal/bin", "internal/heap", "internal/sha256x2", "internal/simd"},
}

// beside are the packages that only tests use.
var beside = []string{"internal/testkit", "internal/lint", "internal/conformance"}

// outside are the modules that a public package may import besides the standard library.
var outside = map[string][]string{
	"evtx":  nil,
	"yara":  nil,
	"sigma": {"go.yaml.in/yaml/v4", "github.com/dlclark/regexp2/v2"},
}

func layerOf(dir string) int {
	for n, row := range layers {
		for _, name := range row {
			if within(dir, name) {
				return n
			}
		}
	}
	return -1
}

func within(dir, folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }

func isBeside(dir string) bool {
	for _, b := range beside {
		if within(dir, b) {
			return true
		}
	}
	return false
}

// TestImports holds imports to the layers.
func TestImports(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || isBeside(f.dir) {
			continue
		}
		own := layerOf(f.dir)
		if own < 0 {
			t.Errorf("%s: folder %q has no place in the layers", f.path, f.dir)
			continue
		}
		for _, spec := range f.tree.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if why := wrongImport(f.dir, own, path); why != "" {
				t.Errorf("%s:%d: %s imports %s: %s", f.path, f.line(spec.Pos()), f.dir, path, why)
			}
		}
	}
}

func wrongImport(dir string, own int, path string) string {
	if inner, ok := strings.CutPrefix(path, module+"/"); ok {
		switch other := layerOf(inner); {
		case isBeside(inner):
			return "it is for tests"
		case other < 0:
			return "it has no place in the layers"
		case other < own:
			return "it stands above"
		case layers[own][0] == "evtx" && other == own && top(dir) != top(inner):
			return "public packages don't know of each other"
		}
		return ""
	}
	if !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
		return "" // the standard library
	}
	allowed, public := outside[top(dir)]
	if !public {
		return ""
	}
	for _, a := range allowed {
		if within(path, a) {
			return ""
		}
	}
	return "a public package imports the standard library and internal/bin"
}

func top(dir string) string { return strings.SplitN(dir, "/", 2)[0] }

// TestDependencies holds every module that is imported to a reason in docs/design.md.
func TestDependencies(t *testing.T) {
	root := testkit.Root(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", "design.md"))
	if err != nil {
		t.Fatal(err)
	}
	modules := modulesOf(t, root)
	said := map[string]bool{}
	for _, f := range goFiles(t) {
		for _, spec := range f.tree.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			for _, m := range modules {
				if within(path, m) && !said[m] && !strings.Contains(string(page), m) {
					said[m] = true
					t.Errorf("%s:%d: docs/design.md gives no reason for %s", f.path, f.line(spec.Pos()), m)
				}
			}
		}
	}
}

// modulesOf lists the modules that go.mod requires.
func modulesOf(t *testing.T, root string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) >= 2 && strings.HasPrefix(words[1], "v") && strings.Contains(words[0], ".") {
			out = append(out, words[0])
		}
	}
	return out
}

// TestTopFolders holds the root to eight folders.
func TestTopFolders(t *testing.T) {
	entries, err := os.ReadDir(testkit.Root(t))
	if err != nil {
		t.Fatal(err)
	}
	ignored := map[string]bool{"case": true, "demo-case": true}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !ignored[e.Name()] {
			folders = append(folders, e.Name())
		}
	}
	if len(folders) > 8 {
		t.Errorf("%d folders at the top: %s", len(folders), strings.Join(folders, ", "))
	}
}

// TestPackages holds packages to names that say something, and to a comment.
func TestPackages(t *testing.T) {
	vague := map[string]bool{"util": true, "utils": true, "common": true, "types": true, "helpers": true, "misc": true, "base": true}
	comments, sample := map[string]int{}, map[string]*file{}
	for _, f := range goFiles(t) {
		if vague[f.tree.Name.Name] || vague[filepath.Base(f.dir)] {
			t.Errorf("%s: package %s: the name says nothing", f.path, f.tree.Name.Name)
		}
		if f.test {
			continue
		}
		sample[f.dir] = f
		if f.tree.Doc != nil && strings.TrimSpace(f.tree.Doc.Text()) != "" {
			comments[f.dir]++
		}
	}
	for dir, f := range sample {
		switch comments[dir] {
		case 0:
			t.Errorf("%s: package %s has no comment", dir, f.tree.Name.Name)
		case 1:
		default:
			t.Errorf("%s: package %s has %d comments", dir, f.tree.Name.Name, comments[dir])
		}
	}
}

// TestInit holds init to registering.
func TestInit(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Name.Name != "init" {
				continue
			}
			for _, s := range fn.Body.List {
				if _, ok := s.(*ast.AssignStmt); ok {
					continue
				}
				if e, ok := s.(*ast.ExprStmt); ok {
					if call, ok := e.X.(*ast.CallExpr); ok && registers(call) {
						continue
					}
				}
				t.Errorf("%s:%d: init does more than register", f.path, f.line(s.Pos()))
			}
		}
	}
}

// registers says whether a function of that name is called: register, or another package's RegisterDecoder.
func registers(call *ast.CallExpr) bool {
	name := ""
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		name = fun.Name
	case *ast.SelectorExpr:
		name = fun.Sel.Name
	}
	return strings.HasPrefix(strings.ToLower(name), "register")
}
