package evidence

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// seeds are small archives of every kind, nested ones among them.
func seeds(t testing.TB) map[string][]byte {
	t.Helper()
	text := strings.Repeat("Mar  1 10:11:12 web01 sshd[1]: Accepted publickey for ada\n", 40)
	inner := tarOf(t, "d/x.log", text, "y.txt", "y\n")
	var z, x bytes.Buffer
	zw, _ := zstd.NewWriter(&z)
	zw.Write(inner)
	zw.Close()
	xw, err := xz.NewWriter(&x)
	if err != nil {
		t.Fatal(err)
	}
	xw.Write(inner)
	xw.Close()
	all := map[string][]byte{
		"plain.zip": pack(t, "a.txt", text, "b/c.txt", "c\n", "n.tgz", string(gz(t, "", inner))),
		"x.tar":     inner, "x.tar.gz": gz(t, "", inner), "x.tar.zst": z.Bytes(), "x.tar.xz": x.Bytes(), "x.log.gz": gz(t, "x.log", []byte(text)),
		"4.rar": rar4("a.txt", text, "b.txt", "b\n"), "5.rar": rar5("", "a.txt", text, "b.txt", "b\n"), "locked.rar": rar5("infected", "a.txt", text),
	}
	names, err := filepath.Glob(filepath.Join("testdata", "*.*"))
	if err != nil || len(names) < 10 {
		t.Fatalf("the archives in testdata are gone: %v, %v", names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = data
	}
	return all
}

// damage returns a copy with bytes flipped, cut, moved, doubled, or a number made large.
func damage(r *rand.Rand, data []byte) []byte {
	out := bytes.Clone(data)
	for range 1 + r.IntN(3) {
		if len(out) < 16 {
			break
		}
		at := r.IntN(len(out) - 8)
		switch r.IntN(6) {
		case 0:
			out[at] ^= 1 << r.IntN(8)
		case 1:
			out = out[:at+8]
		case 2:
			binary.LittleEndian.PutUint32(out[at:], []uint32{0xffffffff, 0x7fffffff, 0x80000000, 1 << 24}[r.IntN(4)])
		case 3:
			n := min(r.IntN(64), len(out)-at)
			out = append(out[:at], out[at+n:]...)
		case 4:
			n := min(r.IntN(256), len(out)-at)
			out = append(out[:at+n:at+n], out[at:]...)
		case 5:
			from := out[r.IntN(len(out)):]
			copy(out[at:], bytes.Clone(from[:min(16, len(from))]))
		}
	}
	return out
}

// survey walks the file and checks what must hold of any input. It returns the number of files.
func survey(t testing.TB, path, temp string) int {
	t.Helper()
	n := 0
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for f, err := range Walk(ctx, []string{path}, Options{TempDir: temp, SpoolMemory: 1 << 16, MaxMember: 32 << 20, MaxTotal: 64 << 20, MaxMembers: 10_000}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		for _, p := range f.Problems {
			if p.Err == nil || p.What == "" || p.Path != f.Path || strings.Contains(p.Err.Error(), "\n") {
				t.Errorf("%s: problem %+v", f.Path, p)
			}
		}
		if strings.HasPrefix(f.Path, "/") || strings.HasPrefix(f.Path, "../") || strings.Contains(f.Path, "/../") || f.Kind == "" {
			t.Errorf("path %q, kind %q", f.Path, f.Kind)
		}
		if f.Size > 32<<20 {
			t.Errorf("%s has %d bytes", f.Path, f.Size)
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("it takes more than 30 s")
	}
	return n
}

var seedFlag = flag.Uint64("seed", 0, "seed of TestDamagedArchives; 0: of the clock")

// TestDamagedArchives opens 500 damaged copies of the seeds of each kind, fewer in a short run.
func TestDamagedArchives(t *testing.T) {
	copies := 500
	if testing.Short() {
		copies = 20
	}
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	byKind := map[string][]string{}
	all := seeds(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		kind := kindOf(all[name], newBlob(bytes.NewReader(all[name]), int64(len(all[name])), nil))
		byKind[kind] = append(byKind[kind], name)
	}
	if len(byKind) < len(openers) {
		t.Errorf("seeds of %d kinds, there are %d", len(byKind), len(openers))
	}
	dir, temp := t.TempDir(), t.TempDir()
	for kind, names := range byKind {
		r := rand.New(rand.NewPCG(seed, uint64(len(kind))))
		slowest := time.Duration(0)
		for i := range copies {
			name := names[i%len(names)]
			damaged := damage(r, all[name])
			path := write(t, filepath.Join(dir, name), damaged)
			start := time.Now()
			survey(t, path, temp)
			slowest = max(slowest, time.Since(start))
			if t.Failed() {
				kept := filepath.Join(os.TempDir(), "damaged-"+name)
				os.WriteFile(kept, damaged, 0o644)
				t.Fatalf("seed %d, copy %d of %s, kept as %s", seed, i, name, kept)
			}
		}
		t.Logf("%s: the slowest of %d took %v", kind, copies, slowest)
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if peak := m.HeapSys; peak > 600<<20 {
		t.Errorf("the heap grew to %d MiB", peak>>20)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v", left)
	}
}

// FuzzWalk is run with -fuzzminimizetime=1x: making archives smaller byte by byte takes most of the time otherwise.
func FuzzWalk(f *testing.F) {
	all := seeds(f)
	if len(all) < 20 {
		f.Fatalf("only %d seeds", len(all))
	}
	for _, data := range all {
		if len(data) < 8<<10 { // larger ones only slow the search down
			f.Add(data)
		}
	}
	dir, temp := f.TempDir(), f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "x")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if first, second := survey(t, path, temp), survey(t, path, temp); first != second {
			t.Errorf("%d files, then %d", first, second)
		}
	})
}
