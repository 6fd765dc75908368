package detect

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"os"
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
//	28  32  what was asked for beside the files: a hash of the program, the options and the sources
//	60  32  the key of the rules that these files gave
//	92      for each file, those that have to be read each time included, which have zeros for their state: number of its source (4), length of path (4), path, device, inode, size, time of write, time of change (8 each), SHA-256 (32)
//
// All numbers are little-endian. Whatever is damaged counts as absent.
//
// Fast path: as long as the files that are found are those that are stored, one after the other, and all of them the same,
// they are compared where they lie (same). If that holds to the end, the key is that of the last time (done). Otherwise the files before are taken
// out of the index and handed on (part), as are those that come.
type fileIndex struct {
	began  int64
	asked  cacheKey
	key    cacheKey // of the rules that the files gave; zero if none
	stored []byte   // the files as they are stored
	next   int      // where in stored the one is that is expected

	parted bool          // from here on:
	files  []indexedFile // those stored, in the order of reading
	at     int           // the one that is expected
	byway  map[string]int
	now    []indexedFile // as they are
	fresh  bool          // some of them were read
	dev    uint64        // the device that is believed; 0: none
}

type indexedFile struct {
	source int
	path   string
	state  fileState
	sum    [sha256.Size]byte
}

// fileState is what a file system says of a file.
type fileState struct {
	device, inode uint64
	size          int64
	written       int64 // nanoseconds since 1970
	changed       int64
}

const (
	indexMagic   = "goshawk files 3\n"
	indexSummed  = 20
	indexAsked   = 28
	indexKey     = 60
	indexHeader  = 92
	indexEntry   = 4 + 4 + 5*8 + sha256.Size
	indexEnding  = ".files"
	maxIndexFile = 16 << 20
)

// settled is how long before the index was begun a file must have been changed last, in nanoseconds.
var settled = int64(2 * time.Second)

// storedFile is a file as it is stored.
type storedFile []byte

// firstStored returns the first file of what is stored; nil if there is none, or it is damaged.
func firstStored(data []byte) storedFile {
	if len(data) < indexEntry {
		return nil
	}
	n := int64(binary.LittleEndian.Uint32(data[4:]))
	if n > int64(len(data)-indexEntry) {
		return nil
	}
	return data[:indexEntry+n]
}

func (f storedFile) source() int  { return int(binary.LittleEndian.Uint32(f)) }
func (f storedFile) path() []byte { return f[8 : len(f)-indexEntry+8] }

func (f storedFile) state() fileState {
	le, n := binary.LittleEndian, f[len(f)-indexEntry+8:]
	return fileState{le.Uint64(n), le.Uint64(n[8:]), int64(le.Uint64(n[16:])), int64(le.Uint64(n[24:])), int64(le.Uint64(n[32:]))}
}

// unchanged says whether a file is as it was when the index was made.
func (x *fileIndex) unchanged(was, is fileState) bool {
	return was == is && is.device == x.dev && is.changed < x.began-settled
}

// same says that the next file is the one that is expected, as it was, and goes on to the one after it. Its path is prefix and name.
func (x *fileIndex) same(source int, prefix string, name []byte, state fileState) bool {
	if x.parted {
		return false
	}
	f := firstStored(x.stored[x.next:])
	if f == nil || f.source() != source {
		return false
	}
	path := f.path()
	if len(path) != len(prefix)+len(name) || string(path[:len(prefix)]) != prefix || !bytes.Equal(path[len(prefix):], name) || !x.unchanged(f.state(), state) {
		return false
	}
	x.next += len(f)
	return true
}

// done says that all files were the same, and none is left that was there before.
func (x *fileIndex) done() bool { return !x.parted && x.next == len(x.stored) }

// part hands on the files that were the same so far. From here on, each is looked up.
func (x *fileIndex) part(each func(*ruleFile)) {
	if x.parted {
		return
	}
	x.parted = true
	text := string(x.stored)
	for at := 0; at < len(text); {
		if at == x.next {
			x.at = len(x.files)
		}
		f := firstStored(x.stored[at:])
		n := at + len(f) - indexEntry + 8
		x.files = append(x.files, indexedFile{f.source(), text[at+8 : n], f.state(), [sha256.Size]byte(f[len(f)-sha256.Size:])})
		at += len(f)
	}
	if x.next == len(text) {
		x.at = len(x.files)
	}
	x.now = append(x.now, x.files[:x.at]...)
	for i := range x.now {
		each(&ruleFile{source: x.now[i].source, path: x.now[i].path, sum: x.now[i].sum, summed: true})
	}
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
	return x.files[i].sum, x.unchanged(x.files[i].state, state)
}

// add notes a file, after part; read says that it was read just now.
func (x *fileIndex) add(f *ruleFile, state fileState, read bool) {
	x.now = append(x.now, indexedFile{f.source, f.path, state, f.sum})
	x.fresh = x.fresh || read
}

// unknown notes a file, after part, that the index says nothing of but that it was there. Its state is none that a file has, so it is not the same the next time;
// and if it is gone then, it is missed.
func (x *fileIndex) unknown(f *ruleFile) {
	if x.at < len(x.files) && x.files[x.at].path == f.path {
		x.at++
	}
	x.now = append(x.now, indexedFile{source: f.source, path: f.path})
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
	for rest := data[indexHeader:]; len(rest) > 0; {
		f := firstStored(rest)
		if f == nil {
			return
		}
		rest = rest[len(f):]
	}
	x.began, x.stored = int64(le.Uint64(data[indexSummed:])), data[indexHeader:]
	copy(x.asked[:], data[indexAsked:])
	copy(x.key[:], data[indexKey:])
}

// encode is what is stored of the files as they are, of what was asked for, and of the key of the rules that both give.
func (x *fileIndex) encode(began time.Time, asked, key cacheKey) []byte {
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
	b.Write(asked[:])
	b.Write(key[:])
	for i := range x.now {
		f, s := &x.now[i], &x.now[i].state
		b.Write(le.AppendUint32(le.AppendUint32(nil, uint32(f.source)), uint32(len(f.path))))
		b.WriteString(f.path)
		put(s.device, s.inode, uint64(s.size), uint64(s.written), uint64(s.changed))
		b.Write(f.sum[:])
	}
	data := b.Bytes()
	le.PutUint32(data[len(indexMagic):], crc32.Checksum(data[indexSummed:], castagnoli))
	return data
}

// writeIndex keeps the index for the next run, if there is something new in it.
func (s *ruleCache) writeIndex(name string, x *fileIndex, began time.Time, asked, key cacheKey) {
	if !x.fresh && len(x.now) == len(x.files) && key == x.key {
		return
	}
	if data := x.encode(began, asked, key); len(data) <= maxIndexFile {
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
