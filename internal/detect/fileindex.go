package detect

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"
)

// fileIndex is what rule files were like when they were read, so that those that are the same still need not be read again: each
// one's place in the file system, size, times and SHA-256. A cache keeps one for each choice of folders.
//
// A file counts as the same if its device, inode, size, time of last write and time of last change are. Anybody can put
// a file's size and time of writing back, but not its time of change: the system sets that at every change, also at that of
// the other times. Two things are left: a change in the same tick of the clock in which the file was read, so a file that was changed less
// than two seconds before the index was begun is read anew; and a clock set back, or a disk written to behind the system's
// back, by somebody who could as well change goshawk. Only file systems that are known to keep this time are believed.
//
//	0   16  magic
//	16  4   CRC-32C of what follows
//	20  8   when reading began, nanoseconds since 1970
//	28  32  the key of the rules that these files gave
//	60      for each file: length of path (4), path, device, inode, size, time of write, time of change (8 each), SHA-256 (32)
//
// All numbers are little-endian. Whatever is damaged counts as absent.
type fileIndex struct {
	began int64
	key   cacheKey      // of the rules that the files gave; zero if none
	files []indexedFile // as they were, in the order of reading
	at    int           // the next that is expected
	byway map[string]int
	now   []indexedFile // as they are
	fresh bool          // some of them were read
	dev   uint64        // the device that is believed; 0: none
}

type indexedFile struct {
	path  string
	state fileState
	sum   [sha256.Size]byte
}

// fileState is what a file system says of a file.
type fileState struct {
	device, inode uint64
	size          int64
	written       int64 // nanoseconds since 1970
	changed       int64
}

const (
	indexMagic   = "goshawk files 1\n"
	indexSummed  = 20
	indexKey     = 28
	indexHeader  = 60
	indexEntry   = 4 + 5*8 + sha256.Size
	indexEnding  = ".files"
	maxIndexFile = 16 << 20
)

// settled is how long before the index was begun a file must have been changed last, in nanoseconds.
var settled = int64(2 * time.Second)

// join returns the path of a file in a folder. Fast path: that of the next file that is expected is at hand. x may be nil.
func (x *fileIndex) join(folder, name string) string {
	if x != nil && x.at < len(x.files) {
		n, next := len(folder), x.files[x.at].path
		if n > 0 && len(next) == n+1+len(name) && next[:n] == folder && next[n] == '/' && next[n+1:] == name {
			return next
		}
	}
	return path.Join(folder, name)
}

// known returns what the index has for a file in this state.
func (x *fileIndex) known(name string, state fileState) (sum [sha256.Size]byte, ok bool) {
	i := x.at
	if i >= len(x.files) || x.files[i].path != name {
		if x.byway == nil {
			x.byway = make(map[string]int, len(x.files))
			for k := range x.files {
				x.byway[x.files[k].path] = k
			}
		}
		if i, ok = x.byway[name]; !ok {
			return sum, false
		}
	}
	x.at = i + 1
	f := &x.files[i]
	if f.state != state || state.device != x.dev || state.changed >= x.began-settled {
		return sum, false
	}
	return f.sum, true
}

// add notes a file; read says that it was read just now.
func (x *fileIndex) add(name string, state fileState, sum [sha256.Size]byte, read bool) {
	x.now = append(x.now, indexedFile{name, state, sum})
	x.fresh = x.fresh || read
}

// indexFile names the file for the folders of a configuration: one for each program, for it says what the next run of that will ask for.
func (s *ruleCache) indexFile(c *Config) string {
	h := &keyHash{sum: sha256.New()}
	h.add(indexMagic, s.program)
	for i := range c.Rules {
		dir, _ := filepath.Abs(c.Rules[i].Dir)
		h.add(c.Rules[i].Name, c.Rules[i].Dir, dir)
	}
	k := h.key()
	return filepath.Join(s.dir, hex.EncodeToString(k[:16])+indexEnding)
}

// readIndex reads the index of a configuration's folders; it is empty if there is none.
func (s *ruleCache) readIndex(name string) *fileIndex {
	x := &fileIndex{}
	f, err := openCache(name)
	if err != nil {
		return x
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !isOwn(info) || info.Size() < indexHeader || info.Size() > maxIndexFile {
		return x
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err == nil {
		x.decode(data)
	}
	return x
}

// decode takes over what was stored; nothing, where it is damaged.
func (x *fileIndex) decode(data []byte) {
	le := binary.LittleEndian
	if len(data) < indexHeader || string(data[:len(indexMagic)]) != indexMagic || le.Uint32(data[len(indexMagic):]) != crc32.Checksum(data[indexSummed:], castagnoli) {
		return
	}
	rest := string(data[indexHeader:])
	files := make([]indexedFile, 0, min(len(rest)/(indexEntry+32), 1<<16))
	for len(rest) > 0 {
		if len(rest) < indexEntry {
			return
		}
		n := int64(le.Uint32([]byte(rest[:4])))
		if n > int64(len(rest)-indexEntry) {
			return
		}
		f := indexedFile{path: rest[4 : 4+n]}
		numbers := data[len(data)-len(rest)+4+int(n):]
		for i, to := range []*uint64{&f.state.device, &f.state.inode} {
			*to = le.Uint64(numbers[8*i:])
		}
		for i, to := range []*int64{&f.state.size, &f.state.written, &f.state.changed} {
			*to = int64(le.Uint64(numbers[16+8*i:]))
		}
		copy(f.sum[:], numbers[40:])
		files, rest = append(files, f), rest[indexEntry+n:]
	}
	x.began, x.files = int64(le.Uint64(data[indexSummed:])), files
	copy(x.key[:], data[indexKey:])
	x.now = make([]indexedFile, 0, len(files)+len(files)/16)
}

// encode is what is stored of the files as they are, and of the key of the rules that they give.
func (x *fileIndex) encode(began time.Time, key cacheKey) []byte {
	le := binary.LittleEndian
	var b bytes.Buffer
	b.WriteString(indexMagic)
	b.Write(make([]byte, 4))
	put := func(numbers ...uint64) {
		for _, n := range numbers {
			b.Write(le.AppendUint64(nil, n))
		}
	}
	put(uint64(began.UnixNano()))
	b.Write(key[:])
	for i := range x.now {
		f, s := &x.now[i], &x.now[i].state
		b.Write(le.AppendUint32(nil, uint32(len(f.path))))
		b.WriteString(f.path)
		put(s.device, s.inode, uint64(s.size), uint64(s.written), uint64(s.changed))
		b.Write(f.sum[:])
	}
	data := b.Bytes()
	le.PutUint32(data[len(indexMagic):], crc32.Checksum(data[indexSummed:], castagnoli))
	return data
}

// writeIndex keeps the index for the next run, if there is something new in it.
func (s *ruleCache) writeIndex(name string, x *fileIndex, began time.Time, key cacheKey) {
	if !x.fresh && len(x.now) == len(x.files) && key == x.key {
		return
	}
	if data := x.encode(began, key); len(data) <= maxIndexFile {
		s.put(name, data)
		s.sweep()
	}
}

// put writes a file of the cache: beside its place and renamed, so that whoever reads at the same time sees all or nothing.
func (s *ruleCache) put(name string, data []byte) {
	f, err := os.CreateTemp(s.dir, "*"+tempEnding) // for its owner alone
	if err != nil {
		return
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}
