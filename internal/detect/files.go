package detect

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxRuleFile bounds a rule file; a longer one is refused.
const maxRuleFile = 4 << 20

// ruleFile is a file of rules, or why it could not be read.
type ruleFile struct {
	path    string // as problems name it
	data    []byte // valid until the next file
	problem string
}

// ruleReader reads the files of sources: the one that a source names, or every .yml and .yaml file, in order of path.
type ruleReader struct {
	source *RuleSource
	buf    []byte
	each   func(*ruleFile)
}

func (r *ruleReader) read(source *RuleSource) error {
	r.source = source
	if source.File != "" {
		r.plain(source.Name, source.File)
		return nil
	}
	if source.Dir != "" && readsQuickly {
		return r.folder(".")
	}
	return r.walk(".")
}

// walk reads a folder and all below it by what every file system can do.
func (r *ruleReader) walk(dir string) error {
	return fs.WalkDir(r.source.FS, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read rules %q: %w", path.Join(r.source.Name, name), err)
		}
		if !d.IsDir() && isRuleFile(name) {
			r.plain(path.Join(r.source.Name, name), name)
		}
		return nil
	})
}

func isRuleFile(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".yml" || ext == ".yaml"
}

// plain reads one file.
func (r *ruleReader) plain(full, name string) {
	data, problem := readRule(r.source.FS, name)
	r.each(&ruleFile{path: full, data: data, problem: problem})
}

// quickSize is the length up to which files are read the quick way.
const quickSize = 64 << 10

// folder reads what walk reads, in the same order. Fast path: for a file that its folder calls regular it asks the
// system for nothing but its bytes, by its name in the open folder; whatever is not as expected goes the plain way.
func (r *ruleReader) folder(dir string) error {
	f, err := os.Open(filepath.Join(r.source.Dir, filepath.FromSlash(dir)))
	if err != nil {
		return r.walk(dir)
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return r.walk(dir)
	}
	if r.buf == nil {
		r.buf = make([]byte, quickSize)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	full := path.Join(r.source.Name, dir)
	for _, d := range entries {
		switch {
		case d.IsDir():
			if err := r.folder(path.Join(dir, d.Name())); err != nil {
				return err
			}
		case isRuleFile(d.Name()):
			if d.Type().IsRegular() {
				if data, ok := readQuickly(f, d.Name(), r.buf); ok {
					r.each(&ruleFile{path: path.Join(full, d.Name()), data: data})
					continue
				}
			}
			r.plain(path.Join(full, d.Name()), path.Join(dir, d.Name()))
		}
	}
	return nil
}

func readRule(files fs.FS, name string) (data []byte, problem string) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, err.Error()
	}
	if !info.Mode().IsRegular() {
		return nil, "not a file"
	}
	if info.Size() > maxRuleFile {
		return nil, fmt.Sprintf("file of %d bytes: a rule file may have %d", info.Size(), maxRuleFile)
	}
	if data, err = fs.ReadFile(files, name); err != nil {
		return nil, err.Error()
	}
	return data, ""
}
