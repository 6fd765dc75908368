package detect

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/goshawk-ir/goshawk/sigma"
)

// A cache keeps compiled rules in a folder, a file for each set of rules that was loaded. A file is named by a hash of all
// that the rules in it follow from: the program, the options, and path and content of every rule file. So nothing in it
// can be out of date. A file that is the same still, as fileIndex has it, is not read for that.
//
//	0   16  magic
//	16  32  the hash
//	48  4   CRC-32C of what follows
//	52  4   length of the report, in bytes
//	56      the report, then the engine as package sigma stores it
//
// Whatever can't be read, is damaged or belongs to somebody else counts as absent, and what can't be written is left: a
// cache is never a reason to fail.
type ruleCache struct {
	dir     string
	program string
}

const (
	cacheMagic  = "goshawk rules 1\n"
	summed      = 52 // where the sum begins
	cacheHeader = 56
	cacheEnding = ".rules"
	tempEnding  = ".new"

	maxCacheFile  = 32 << 20
	maxCacheFiles = 16
	maxCacheBytes = 128 << 20
)

// cacheOf returns the cache that the configuration names; nil for none.
func cacheOf(c *Config) *ruleCache {
	if c.Cache == "" || c.Program == "" {
		return nil
	}
	return &ruleCache{c.Cache, c.Program}
}

type cacheKey [sha256.Size]byte

// keyHash hashes what rules follow from.
type keyHash struct {
	sum     hash.Hash
	scratch []byte
}

// newKey begins a hash with the program, its options and the sources.
func (s *ruleCache) newKey(c *Config) *keyHash {
	h := &keyHash{sum: sha256.New()}
	h.add(cacheMagic, s.program, c.RegexpTimeout.String())
	h.number(len(c.LogSources))
	h.add(string(c.LogSources))
	for _, name := range slices.Sorted(maps.Keys(c.Placeholders)) {
		h.add(name)
		h.number(len(c.Placeholders[name]))
		h.add(c.Placeholders[name]...)
	}
	h.number(len(c.Rules))
	for i := range c.Rules {
		h.add(c.Rules[i].Name, c.Rules[i].File)
	}
	return h
}

func (h *keyHash) number(n int) {
	h.scratch = binary.AppendUvarint(h.scratch[:0], uint64(n))
	h.sum.Write(h.scratch)
}

func (h *keyHash) add(texts ...string) {
	h.scratch = h.scratch[:0]
	for _, s := range texts {
		h.scratch = append(binary.AppendUvarint(h.scratch, uint64(len(s))), s...)
	}
	h.sum.Write(h.scratch)
}

func (h *keyHash) file(f *ruleFile) {
	h.number(f.source)
	h.add(f.path, f.problem)
	sum := f.sum
	if f.data != nil && !f.summed {
		sum = sha256.Sum256(f.data)
	}
	h.sum.Write(sum[:])
}

func (h *keyHash) key() (k cacheKey) {
	h.sum.Sum(k[:0])
	return k
}

func (s *ruleCache) file(k cacheKey) string {
	return filepath.Join(s.dir, hex.EncodeToString(k[:16])+cacheEnding)
}

// safe says whether the folder is there and nobody else can write to it.
func (s *ruleCache) safe() bool {
	info, err := os.Stat(s.dir)
	return err == nil && info.IsDir() && isOwn(info)
}

// find returns what the cache has for the rules that the configuration names; nil if it has nothing.
func (s *ruleCache) find(c *Config) (*sigma.Engine, *Report) {
	if !s.safe() || len(s.files(cacheEnding)) == 0 {
		return nil, nil // the rules need not be read to know
	}
	h, began, name := s.newKey(c), time.Now(), s.indexFile(c)
	asked, index := h.key(), s.readIndex(name)
	if index.asked != asked {
		index.key = cacheKey{}
		index.part(h.file)
	}
	guessed := s.readAhead(index.key)
	r := &ruleReader{each: h.file, index: index}
	for i := range c.Rules {
		if r.read(i, &c.Rules[i]) != nil {
			return nil, nil
		}
	}
	key := index.key
	if !index.done() {
		index.part(h.file)
		key = h.key()
		s.writeIndex(name, index, began, asked, key)
	}
	if key == index.key {
		e := <-guessed
		return e.engine, e.report
	}
	return s.read(key)
}

// cacheEntry is what an entry of the cache holds; nil, nil if there is none.
type cacheEntry struct {
	engine *sigma.Engine
	report *Report
}

// readAhead reads the entry of a key, which is likely to be asked for, while others find out whether it is.
func (s *ruleCache) readAhead(key cacheKey) <-chan cacheEntry {
	read := make(chan cacheEntry, 1)
	switch {
	case key == (cacheKey{}):
		close(read)
		return read
	case runtime.GOMAXPROCS(0) == 1:
		engine, report := s.read(key)
		read <- cacheEntry{engine, report}
		return read
	}
	go func() {
		engine, report := s.read(key)
		read <- cacheEntry{engine, report}
	}()
	return read
}

// read reads the entry of a key.
func (s *ruleCache) read(key cacheKey) (*sigma.Engine, *Report) {
	f, err := openCache(s.file(key))
	if err != nil {
		return nil, nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !isOwn(info) || info.Size() < cacheHeader || info.Size() > maxCacheFile {
		return nil, nil
	}
	head := make([]byte, summed)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:16]) != cacheMagic || string(head[16:48]) != string(key[:]) {
		return nil, nil
	}
	text, ok := readSummed(f, int(info.Size())-summed, binary.LittleEndian.Uint32(head[48:]))
	if !ok {
		return nil, nil
	}
	return decodeRules(text)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readSummed reads n bytes and says whether they have the sum and end the file. It makes a string of them without
// holding them twice.
func readSummed(r io.Reader, n int, sum uint32) (string, bool) {
	var text strings.Builder
	text.Grow(n)
	buf := make([]byte, 64<<10)
	for got := uint32(0); ; {
		k, err := r.Read(buf)
		got = crc32.Update(got, castagnoli, buf[:k])
		if text.Len()+k > n {
			return "", false
		}
		text.Write(buf[:k])
		if err != nil {
			return text.String(), err == io.EOF && text.Len() == n && got == sum
		}
	}
}

// load loads rules plainly, and keeps them and the index of their files.
func (s *ruleCache) load(c *Config) (*sigma.Engine, *Report, error) {
	h, began := s.newKey(c), time.Now()
	asked, index := h.key(), &fileIndex{parted: true} // hashed anew: files may have changed since the cache was asked
	engine, report, err := loadPlainly(c, h, index)
	if err != nil || os.MkdirAll(s.dir, 0o700) != nil || !s.safe() {
		return engine, report, err
	}
	key := h.key()
	s.write(key, engine, report)
	s.writeIndex(s.indexFile(c), index, began, asked, key)
	return engine, report, nil
}

// write makes the entry of a key.
func (s *ruleCache) write(key cacheKey, engine *sigma.Engine, report *Report) {
	data := append([]byte(cacheMagic), key[:]...)
	data = binary.LittleEndian.AppendUint32(data, 0)
	data, err := appendRules(data, engine, report)
	if err != nil || len(data) > maxCacheFile {
		return
	}
	binary.LittleEndian.PutUint32(data[48:], crc32.Checksum(data[summed:], castagnoli))
	s.put(s.file(key), data)
	s.sweep()
}

// sweep removes what is too much, the oldest first, and what writers that were stopped have left.
func (s *ruleCache) sweep() {
	for i, info := range s.files(indexEnding) {
		if i >= maxCacheFiles {
			os.Remove(filepath.Join(s.dir, info.Name()))
		}
	}
	files, total := s.files(cacheEnding), int64(0)
	for i, info := range files {
		if total += info.Size(); i > 0 && (i >= maxCacheFiles || total > maxCacheBytes) {
			os.Remove(filepath.Join(s.dir, info.Name()))
		}
	}
	for _, info := range s.files(tempEnding) {
		if len(files) > 0 && files[0].ModTime().Sub(info.ModTime()) > time.Hour {
			os.Remove(filepath.Join(s.dir, info.Name()))
		}
	}
}

// files lists the files of the folder with an ending, those written last first.
func (s *ruleCache) files(ending string) []os.FileInfo {
	entries, _ := os.ReadDir(s.dir)
	var out []os.FileInfo
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) {
			if info, err := e.Info(); err == nil {
				out = append(out, info)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	return out
}
