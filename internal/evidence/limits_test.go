package evidence

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// wantLimit walks a bomb and asks for a problem that wraps ErrLimit, nothing large yielded, and a quick end.
func wantLimit(t *testing.T, o Options, name string, data []byte) []walked {
	t.Helper()
	path := write(t, filepath.Join(t.TempDir(), name), data)
	start := time.Now()
	all := walk(t, o, path)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	limited := false
	for _, f := range all {
		for _, p := range f.Problems {
			if errors.Is(p, ErrLimit) {
				limited = true
				if strings.Contains(f.Path, "!") && f.Kind != "zip" && !f.Container && (f.Readable() || f.SHA256 != "") {
					t.Errorf("%s was stopped by a limit and still is handed out", f.Path)
				}
			}
		}
	}
	if !limited {
		t.Errorf("no limit stopped it: %v", listing(all))
	}
	return all
}

func TestBombs(t *testing.T) {
	t.Run("zip_of_zeros", func(t *testing.T) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, _ := z.Create("zeros.bin")
		io.CopyN(w, zeros{}, 100<<20)
		w, _ = z.Create("zz.txt")
		io.WriteString(w, "small\n")
		z.Close()
		wantLimit(t, Options{}, "a.zip", b.Bytes())
	})
	t.Run("gzip_of_zeros", func(t *testing.T) {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, 9)
		io.CopyN(w, zeros{}, 100<<20)
		w.Close()
		wantLimit(t, Options{}, "a.gz", b.Bytes())
	})
	t.Run("zstd_tar_of_zeros", func(t *testing.T) {
		var b bytes.Buffer
		w, _ := zstd.NewWriter(&b)
		tw := tar.NewWriter(w)
		tw.WriteHeader(&tar.Header{Name: "zeros.bin", Size: 200 << 20, Mode: 0o644})
		io.CopyN(tw, zeros{}, 200<<20)
		tw.Close()
		w.Close()
		wantLimit(t, Options{}, "a.tar.zst", b.Bytes())
	})
	t.Run("gzip_in_gzip", func(t *testing.T) {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, 9)
		io.CopyN(w, zeros{}, 100<<20)
		w.Close()
		wantLimit(t, Options{}, "a.gz", gz(t, "", b.Bytes()))
	})
	t.Run("zips_in_zips", func(t *testing.T) {
		data := pack(t, "x.txt", "x\n")
		for range 30 {
			data = pack(t, "a.zip", string(data), "b.txt", "b\n")
		}
		all := wantLimit(t, Options{}, "a.zip", data)
		if n := len(all); n != 2*8+1 {
			t.Errorf("%d files", n)
		}
	})
}

func TestLimits(t *testing.T) {
	t.Run("many_members", func(t *testing.T) {
		var pairs []string
		for i := range 50 {
			pairs = append(pairs, fmt.Sprintf("%02d.txt", i), "x\n")
		}
		all := wantLimit(t, Options{MaxMembers: 10}, "a.zip", pack(t, pairs...))
		if n := len(all); n != 11 {
			t.Errorf("%d files", n)
		}
		wantLimit(t, Options{MaxMembers: 10}, "a.tar", tarOf(t, pairs...))
	})
	t.Run("large_member", func(t *testing.T) {
		all := wantLimit(t, Options{MaxMember: 1000}, "a.zip", pack(t, "a.txt", strings.Repeat("x", 2000), "b.txt", "b\n"))
		if f := find(t, all, "a.zip!/b.txt"); f.data != "b\n" {
			t.Error("the member after the large one is lost")
		}
	})
	t.Run("large_total", func(t *testing.T) {
		all := wantLimit(t, Options{MaxTotal: 1500}, "a.zip", pack(t, "a.txt", strings.Repeat("x", 1000), "b.txt", strings.Repeat("x", 1000), "c.txt", "c\n"))
		if len(all) != 3 {
			t.Errorf("%v", listing(all))
		}
	})
}

// TestClaims holds: a header's word alone makes nothing large.
func TestClaims(t *testing.T) {
	t.Run("tar_that_claims_much", func(t *testing.T) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		w.WriteHeader(&tar.Header{Name: "a.bin", Size: 1 << 60, Mode: 0o644, Format: tar.FormatGNU})
		io.WriteString(w, "a little")
		all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.tar"), b.Bytes()))
		if f := find(t, all, "a.tar!/a.bin"); !errors.Is(f.Problems[0], ErrTruncated) || f.data != "a little" {
			t.Errorf("%q, %v", f.data, f.Problems)
		}
	})
	t.Run("xz_that_asks_for_much", func(t *testing.T) {
		var b bytes.Buffer
		w, err := xz.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "a line\n")
		w.Close()
		data := b.Bytes()
		at := bytes.Index(data, []byte{0x21, 0x01})
		header := data[12 : 12+4*(int(data[12])+1)]
		data[at+2] = 40 // 4 GiB
		binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
		f := find(t, walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.xz"), data)), "a.xz")
		if len(f.Problems) != 1 || !errors.Is(f.Problems[0], ErrLimit) {
			t.Errorf("%v", f.Problems)
		}
	})
	t.Run("zip_that_claims_much", func(t *testing.T) {
		data := pack(t, "a.txt", "a line\n")
		at := bytes.LastIndex(data, []byte("PK\x01\x02"))
		copy(data[at+20:], "\xfe\xff\xff\x7f\xfe\xff\xff\xff")
		f := find(t, walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.zip"), data)), "a.zip!/a.txt")
		if f.data != "a line\n" && len(f.Problems) == 0 {
			t.Errorf("%q, %v", f.data, f.Problems)
		}
	})
}

// TestMemory keeps an eye on what a large member costs: it goes through a file, not through memory.
func TestMemory(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.CreateHeader(&zip.FileHeader{Name: "big.txt", Method: zip.Store})
	line := []byte(strings.Repeat("a line of a large log\n", 100))
	for range 50 << 20 / len(line) {
		w.Write(line)
	}
	z.Close()
	path := write(t, filepath.Join(t.TempDir(), "a.zip"), b.Bytes())
	b = bytes.Buffer{}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, err := range Walk(t.Context(), []string{path}, Options{TempDir: t.TempDir()}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 40<<20 {
		t.Errorf("%d MiB were allocated for a member of 50 MiB", got>>20)
	}
}
