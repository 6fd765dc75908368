package detect

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"path"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

const readsQuickly = true

// listing holds what the folders that are open hold, each one's entries after those of the folder it is in.
type listing struct {
	buf     []byte // for the system
	data    []byte // for a file
	names   []byte
	entries []folderEntry
}

// folderEntry is a folder or a file of rules in a folder.
type folderEntry struct {
	at, n int // its name in names
	kind  byte
}

func (l *listing) name(e folderEntry) []byte { return l.names[e.at : e.at+e.n] }

// tree reads what walk reads, in the same order. Fast path: it finds every folder and file by its name in the open folder, and for a file that its
// folder calls regular it asks the system for nothing but its state, and its bytes where they have to be read; whatever is not as expected goes the plain way.
func (r *ruleReader) tree() error {
	if r.listing.buf == nil {
		r.listing.buf, r.listing.data = make([]byte, 32<<10), make([]byte, quickSize)
	}
	return r.folder(unix.AT_FDCWD, r.source.Dir, ".", 0)
}

// folder reads a folder, name in the open folder at, which is dir within the source. flags are added to those it is opened with.
func (r *ruleReader) folder(at int, name, dir string, flags int) error {
	fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|flags, 0)
	if err != nil {
		return r.walk(dir)
	}
	defer unix.Close(fd)
	if r.index != nil && dir == "." {
		r.index.dev = believed(fd)
	}
	l := &r.listing
	names, first := len(l.names), len(l.entries)
	defer func() { l.names, l.entries = l.names[:names], l.entries[:first] }()
	if !l.read(fd) {
		return r.walk(dir)
	}
	prefix := path.Join(r.source.Name, dir, "x")
	prefix = prefix[:len(prefix)-1]
	for i, end := first, len(l.entries); i < end; i++ {
		e := l.entries[i]
		switch {
		case e.kind == unix.DT_DIR:
			name := string(l.name(e))
			if err := r.folder(fd, name, path.Join(dir, name), unix.O_NOFOLLOW); err != nil {
				return err
			}
		case e.kind != unix.DT_REG || !r.quick(fd, l.name(e), prefix):
			name := string(l.name(e))
			r.plain(prefix+name, path.Join(dir, name))
		}
	}
	return nil
}

// read adds the entries of an open folder, in the order of their names. It is false where the file system doesn't say what they are.
func (l *listing) read(fd int) bool {
	first := len(l.entries)
	for {
		n, err := unix.Getdents(fd, l.buf)
		if err != nil || n < 0 {
			return false
		}
		if n == 0 {
			slices.SortFunc(l.entries[first:], func(a, b folderEntry) int { return bytes.Compare(l.name(a), l.name(b)) })
			return true
		}
		if !l.add(l.buf[:n]) {
			return false
		}
	}
}

// add adds entries in the form of getdents64(2): inode and offset (8 bytes each), length of the entry (2), kind (1), name, NUL.
func (l *listing) add(data []byte) bool {
	const header, longestEnding = 8 + 8 + 2 + 1, len(".yaml")
	for len(data) > 0 {
		if len(data) < header {
			return false
		}
		n := int(binary.NativeEndian.Uint16(data[16:]))
		if n < header || n > len(data) {
			return false
		}
		kind, name := data[18], data[header:n]
		if end := bytes.IndexByte(name, 0); end >= 0 {
			name = name[:end]
		}
		data = data[n:]
		if string(name) == "." || string(name) == ".." {
			continue
		}
		if kind == unix.DT_UNKNOWN {
			return false
		}
		if kind == unix.DT_DIR || isRuleFile(string(name[max(0, len(name)-longestEnding):])) {
			l.entries = append(l.entries, folderEntry{len(l.names), len(name), kind})
			l.names = append(l.names, name...)
		}
	}
	return true
}

// quick hands a file of the open folder on the quick way; false, if it has to go the plain way.
func (r *ruleReader) quick(dir int, name []byte, prefix string) bool {
	var state fileState
	file := string(name)
	indexed := r.index != nil && r.index.dev != 0
	if indexed {
		var ok bool
		if state, ok = stateOf(dir, file); !ok { // before it is read: so a change in between is seen the next time
			return false
		}
		if r.index.same(r.number, prefix, name, state) {
			return true
		}
		r.index.part(r.each)
	}
	f, buf := &ruleFile{source: r.number, path: prefix + file}, r.listing.data
	if indexed {
		var ok bool
		if f.sum, ok = r.index.known(f.path, state); ok {
			f.summed = true
			r.index.add(f, state, false)
			r.each(f)
			return true
		}
		if quickSize <= state.size && state.size < maxRuleFile {
			buf = make([]byte, state.size+1)
		}
	}
	data, ok := readQuickly(dir, file, buf)
	if !ok {
		return false
	}
	f.data = data
	if !indexed {
		r.hand(f)
		return true
	}
	f.sum, f.summed = sha256.Sum256(data), true
	r.index.add(f, state, true)
	r.each(f)
	return true
}

// readQuickly reads a file of a folder into buf with three or four short calls: os.ReadFile after fs.Stat takes eight, and each of
// them looks the whole path up again. It follows no link and waits at no pipe. ok is false for whatever is not a file
// that is read at once and leaves room in buf.
func readQuickly(dir int, name string, buf []byte) (data []byte, ok bool) {
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY
	fd, err := syscall.Openat(dir, name, flags, 0)
	if err != nil {
		return nil, false
	}
	defer syscall.Close(fd)
	for n := 0; n < len(buf); {
		more, err := syscall.Read(fd, buf[n:])
		if err != nil || more < 0 {
			return nil, false
		}
		if more == 0 {
			return buf[:n], true
		}
		n += more
	}
	return nil, false
}

// stateOf asks the file system for the state of a plain file of a folder.
func stateOf(dir int, name string) (s fileState, ok bool) {
	var st unix.Stat_t
	if unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return s, false
	}
	return fileState{uint64(st.Dev), st.Ino, st.Size, st.Mtim.Nano(), st.Ctim.Nano()}, true
}

// changeTimes are file systems that keep the time of a file's last change as POSIX wants it.
var changeTimes = []int64{
	unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC,
}

// believed returns the device of a folder, if it has a file system whose times of change are believed; else 0.
func believed(fd int) uint64 {
	var fs unix.Statfs_t
	var st unix.Stat_t
	if unix.Fstatfs(fd, &fs) != nil || unix.Fstat(fd, &st) != nil || !slices.Contains(changeTimes, int64(fs.Type)) {
		return 0
	}
	return uint64(st.Dev)
}
