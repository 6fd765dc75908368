package evidence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/sha256x2"
)

// Walk yields the files of the evidence named by args, in order of the arguments and, in each, of path by byte.
// The members of a container come in its place: those of a zip in order of path, others in the container's order, and the
// container itself after them. What can't be read is yielded too, with the reason under Problems.
//
// An error ends the walk: an argument that can't be examined at all. A walk whose ctx is done ends early without one.
//
// A File's bytes are held until the next step, and after it for as long as somebody has it open.
func Walk(ctx context.Context, args []string, o Options) iter.Seq2[*File, error] {
	return func(yield func(*File, error) bool) {
		w := newWalker(ctx, o, yield)
		defer w.spool.finish()
		if len(args) > 1 {
			w.taken = map[[16]byte]struct{}{}
		}
		for i, arg := range args {
			if !w.argument(i+1, arg) {
				return
			}
		}
	}
}

// walker is the state of one Walk. Its methods return false once the walk is over.
type walker struct {
	ctx   context.Context
	o     Options
	yield func(*File, error) bool
	spool *spool
	buf   []byte // for copying
	head  []byte // for recognising
	pair  sha256x2.Pair

	number int                   // of the argument, from 1
	base   string                // the argument's base name, for layouts and to keep equal paths apart
	folder bool                  // the argument is a folder
	taken  map[[16]byte]struct{} // paths of the arguments before, hashed to keep memory small; nil with one argument
}

func newWalker(ctx context.Context, o Options, yield func(*File, error) bool) *walker {
	o = o.withDefaults()
	return &walker{
		ctx: ctx, o: o, yield: yield, spool: &spool{parent: o.TempDir},
		buf: make([]byte, copySize), head: make([]byte, headSize),
	}
}

// argument walks one argument. A link is followed here alone: the user named it.
func (w *walker) argument(number int, arg string) bool {
	name, err := filepath.EvalSymlinks(arg)
	var info fs.FileInfo
	if err == nil {
		info, err = os.Lstat(name)
	}
	if err != nil {
		w.yield(nil, fmt.Errorf("evidence %q: %w", arg, cause(err)))
		return false
	}
	abs, err := filepath.Abs(arg)
	if err != nil {
		abs = name
	}
	w.number, w.folder = number, info.IsDir()
	if w.folder {
		w.base = pathText(filepath.Base(abs))
		return w.dir(name, "", "")
	}
	w.base = pathText(filepath.Base(filepath.Dir(abs)))
	return w.entry(name, pathText(filepath.Base(abs)), info, "")
}

// cause takes the operation and the path off an error of the file system, since the message names the path already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// dir walks a folder; rel is its path below the argument, "" for the argument itself.
func (w *walker) dir(name, rel, hint string) bool {
	entries, err := os.ReadDir(name)
	if err != nil {
		path := rel
		if path == "" {
			path = "."
		}
		f := &File{Path: w.unique(path), Kind: "folder"}
		f.problem("read folder", cause(err))
		if !w.emit(f) {
			return false
		}
	}
	if h := hintInFolder(name, entries); h != "" {
		hint = h
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(sortKey(a), sortKey(b)) })
	for _, e := range entries {
		child, childRel := filepath.Join(name, e.Name()), pathText(e.Name())
		if rel != "" {
			childRel = rel + "/" + childRel
		}
		if e.IsDir() {
			if !w.dir(child, childRel, hint) {
				return false
			}
			continue
		}
		info, err := os.Lstat(child)
		if err != nil {
			f := &File{Path: w.unique(childRel), Kind: "unreadable"}
			f.problem("examine", cause(err))
			if !w.emit(f) {
				return false
			}
			continue
		}
		if !w.entry(child, childRel, info, hint) {
			return false
		}
	}
	return w.ctx.Err() == nil
}

// sortKey puts "a.txt" before "a/b", as the order of whole paths does.
func sortKey(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

// entry takes in what is not a folder.
func (w *walker) entry(name, rel string, info fs.FileInfo, hint string) bool {
	if w.ctx.Err() != nil {
		return false
	}
	f := &File{Path: w.unique(rel), Modified: info.ModTime().UTC()}
	f.Original, f.Host = locate(w.place(rel), hint)
	if !info.Mode().IsRegular() {
		f.Kind = specialKind(info.Mode())
		what := "open"
		if target, err := os.Readlink(name); err == nil {
			what = fmt.Sprintf("open link to %q", pathText(target))
		}
		f.problem(what, fmt.Errorf("%s: %w", f.Kind, ErrNotFollowed))
		return w.emit(f)
	}
	b, err := w.openPlain(f, name)
	if err != nil {
		f.Kind, f.Size = "unreadable", info.Size()
		f.problem("open", cause(err))
		return w.emit(f)
	}
	defer b.drop()
	return w.take(f, b, &place{layout: w.place(rel), hint: hint})
}

// specialKind names what is neither file nor folder.
func specialKind(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "link"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "special"
}

// openBlob opens a file of the file system.
func openBlob(name string) (*os.File, *blob, error) {
	file, err := openQuietly(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it became a %s: %w", specialKind(info.Mode()), ErrNotFollowed)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, newBlob(file, info.Size(), func() { file.Close() }), nil
}

// unique returns path, or another name for it if an earlier argument has a file with the same one: then the name of the folder
// argument (of the folder that holds a file argument) stands in front, and after it the argument's number if need be.
func (w *walker) unique(path string) string {
	if w.taken == nil {
		return path
	}
	for _, p := range []string{path, w.base + "/" + path, w.base + "~" + strconv.Itoa(w.number) + "/" + path} {
		sum := sha256.Sum256([]byte(p))
		key := [16]byte(sum[:16])
		if _, ok := w.taken[key]; !ok {
			w.taken[key] = struct{}{}
			return p
		}
	}
	return w.base + "~" + strconv.Itoa(w.number) + "/" + path
}

// place is the path that layouts look at: with the name of a folder argument in front, since it often names the host.
func (w *walker) place(rel string) string {
	if w.folder {
		return w.base + "/" + rel
	}
	return rel
}

// emit yields a file and says whether to go on.
func (w *walker) emit(f *File) bool { return w.yield(f, nil) && w.ctx.Err() == nil }
