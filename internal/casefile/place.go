package casefile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// place is where a case is to stand, and what stands there now.
type place struct {
	given    string // as the user named it
	path     string // absolute, links resolved
	replaces bool   // a case stands there, which the new one replaces
	made     []string
}

// maxForeign bounds the foreign files that an error names.
const maxForeign = 3

// findPlace looks at dir and refuses whatever could cost somebody a file.
func findPlace(dir string, overwrite bool) (place, error) {
	p := place{given: dir}
	if dir == "" {
		return p, errors.New("the case has no folder: name one with --case DIR")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return p, p.fail("find the folder of", err)
	}
	p.path = abs
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		p.path = real
	}
	if p.path == filepath.Dir(p.path) {
		return p, fmt.Errorf("the case folder %q is the root of a file system: name a folder in it", dir)
	}
	info, err := os.Stat(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return p, p.fail("look at the folder of", err)
	case !info.IsDir():
		return p, fmt.Errorf("the case folder %q is a file: name a folder that doesn't exist yet", dir)
	}
	entries, err := os.ReadDir(p.path)
	if err != nil {
		return p, p.fail("look at the folder of", err)
	}
	if len(entries) == 0 {
		return p, nil
	}
	old, err := readCase(p.path)
	if err != nil {
		return p, fmt.Errorf("the folder %q is not empty and holds no goshawk case: name a new or an empty one, goshawk deletes no files but its own", dir)
	}
	if !overwrite {
		return p, fmt.Errorf("the folder %q already holds a case: name another one, or add --overwrite to replace it", dir)
	}
	p.replaces = true
	return p, p.checkForeign(p.path, old)
}

// checkForeign refuses a case folder with files that goshawk did not write.
func (p *place) checkForeign(dir string, old *Case) error {
	foreign, more := []string{}, 0
	err := walkCase(dir, old, func(rel string, ours bool) error {
		switch {
		case ours:
		case len(foreign) < maxForeign:
			foreign = append(foreign, fmt.Sprintf("%q", rel))
		default:
			more++
		}
		return nil
	})
	if err != nil {
		return p.fail("look at the folder of", err)
	}
	if more > 0 {
		foreign = append(foreign, fmt.Sprintf("and %d more", more))
	}
	if len(foreign) > 0 {
		return fmt.Errorf("the case %q also holds files that goshawk did not write (%s): move them away, or name another folder", p.given, strings.Join(foreign, ", "))
	}
	return nil
}

// walkCase calls visit for every file in a case folder.
func walkCase(dir string, c *Case, visit func(rel string, ours bool) error) error {
	ours := map[string]bool{CaseName: true}
	for _, o := range c.Outputs {
		ours[o.File] = true
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		return visit(rel, ours[rel] && d.Type().IsRegular())
	})
}

// makeParents makes the folders above the case that don't exist, and remembers them.
func (p *place) makeParents() error {
	var missing []string
	for dir := filepath.Dir(p.path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		missing = append([]string{dir}, missing...)
	}
	for _, dir := range missing {
		if err := os.Mkdir(dir, 0o777); err != nil {
			p.removeParents()
			return err
		}
		p.made = append(p.made, dir)
	}
	return nil
}

// removeParents takes back what makeParents made, as far as it is still empty.
func (p *place) removeParents() {
	for i := len(p.made) - 1; i >= 0; i-- {
		if os.Remove(p.made[i]) != nil {
			return
		}
	}
	p.made = nil
}

// makePartial makes a new folder beside the case's place, on the same file system, so that a rename suffices.
func (p *place) makePartial() (string, error) { return p.makeBeside("partial") }

func (p *place) makeBeside(what string) (string, error) {
	parent, name := filepath.Split(p.path)
	for n := 1; ; n++ {
		dir := filepath.Join(parent, fmt.Sprintf(".%s.%s-%d", name, what, n))
		err := os.Mkdir(dir, 0o777)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrExist) || n >= 10_000 {
			return "", err
		}
	}
}

// install renames the finished folder to its place. What stood there before is looked at once more, since a run
// can take hours.
func (p *place) install(built string) error {
	if !p.replaces {
		if err := os.Remove(p.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the folder is no longer empty: %w", err)
		}
		return os.Rename(built, p.path)
	}
	old, err := readCase(p.path)
	if err != nil {
		return fmt.Errorf("what stands there is no longer a case: %w", err)
	}
	if err := p.checkForeign(p.path, old); err != nil {
		return err
	}
	aside, err := p.makeBeside("replaced")
	if err != nil {
		return err
	}
	moved := filepath.Join(aside, "case")
	if err := os.Rename(p.path, moved); err != nil {
		os.Remove(aside)
		return err
	}
	if err := os.Rename(built, p.path); err != nil {
		if os.Rename(moved, p.path) == nil {
			os.Remove(aside)
		}
		return err
	}
	removeCase(moved, old)
	os.Remove(aside)
	return nil
}

// removeCase removes the files of a replaced case one by one, and folders that are empty then: whatever else came into
// the folder meanwhile stays. The new case stands already, so a failure costs nothing but disk space.
func removeCase(dir string, c *Case) {
	folders := []string{dir}
	for _, o := range append(c.Outputs, Output{File: CaseName}) {
		if name := filepath.FromSlash(o.File); filepath.IsLocal(name) {
			os.Remove(filepath.Join(dir, name))
			for d := filepath.Dir(name); d != "."; d = filepath.Dir(d) {
				folders = append(folders, filepath.Join(dir, d))
			}
		}
	}
	// Longer paths first, so that a folder is empty when its turn comes.
	slices.SortFunc(folders, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	for _, f := range slices.Compact(folders) {
		os.Remove(f)
	}
}
