package detect

import (
	"crypto/sha256"
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
	path    string            // as problems name it
	data    []byte            // valid until the next file; nil if it was not read
	sum     [sha256.Size]byte // of a file that was not read and has no problem
	problem string
}

// ruleReader reads the files of sources: the one that a source names, or every .yml and .yaml file, in order of path.
type ruleReader struct {
	source *RuleSource
	buf    []byte
	each   func(*ruleFile)
	index  *fileIndex // nil: all files are read
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
	f, err := openFolder(filepath.Join(r.source.Dir, filepath.FromSlash(dir)))
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
	if r.index != nil && dir == "." {
		r.index.dev = believed(f)
	}
	for _, d := range entries {
		switch {
		case d.IsDir():
			if err := r.folder(path.Join(dir, d.Name())); err != nil {
				return err
			}
		case isRuleFile(d.Name()):
			file := r.index.join(full, d.Name())
			if d.Type().IsRegular() && r.quick(f, d.Name(), file) {
				continue
			}
			r.plain(file, path.Join(dir, d.Name()))
		}
	}
	return nil
}

// quick hands a file on the quick way; false, if it has to go the plain way.
func (r *ruleReader) quick(dir *os.File, name, full string) bool {
	var state fileState
	indexed := r.index != nil && r.index.dev != 0
	if indexed {
		var ok bool
		if state, ok = stateOf(dir, name); !ok { // before it is read: so a change in between is seen the next time
			return false
		}
		if sum, ok := r.index.known(full, state); ok {
			r.index.add(full, state, sum, false)
			r.each(&ruleFile{path: full, sum: sum})
			return true
		}
	}
	data, ok := readQuickly(dir, name, r.buf)
	if !ok {
		return false
	}
	f := &ruleFile{path: full, data: data}
	if indexed {
		f.data, f.sum = nil, sha256.Sum256(data)
		r.index.add(full, state, f.sum, true)
	}
	r.each(f)
	return true
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
