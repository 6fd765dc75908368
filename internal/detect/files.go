package detect

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxRuleFile bounds a rule file; a longer one is refused.
const maxRuleFile = 4 << 20

// quickSize is the length up to which files are read the quick way, where no index knows their length.
const quickSize = 64 << 10

// ruleFile is a file of rules, or why it could not be read.
type ruleFile struct {
	source  int               // its number
	path    string            // as problems name it
	data    []byte            // valid until the next file; nil if it was not read
	sum     [sha256.Size]byte // of its bytes
	summed  bool              // sum is known; it is of every file that was not read and has no problem
	problem string
}

// ruleReader reads the files of sources: the one that a source names, or every .yml and .yaml file, in order of path.
type ruleReader struct {
	number  int
	source  *RuleSource
	listing listing
	each    func(*ruleFile)
	index   *fileIndex // nil: all files are read
}

func (r *ruleReader) read(number int, source *RuleSource) error {
	r.number, r.source = number, source
	if source.File != "" {
		r.plain(source.Name, source.File)
		return nil
	}
	if source.Dir != "" && readsQuickly {
		return r.tree()
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
	ext := path.Ext(name)
	return strings.EqualFold(ext, ".yml") || strings.EqualFold(ext, ".yaml")
}

// hand hands a file on that has to be read each time.
func (r *ruleReader) hand(f *ruleFile) {
	f.source = r.number
	if r.index != nil {
		r.index.part(r.each)
		r.index.unknown(f)
	}
	r.each(f)
}

// plain reads one file.
func (r *ruleReader) plain(full, name string) {
	data, problem := readRule(r.source.FS, name)
	r.hand(&ruleFile{path: full, data: data, problem: problem})
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
