package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func gz(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Name = name
	z.Write(data)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarOf makes a tar of names and contents.
func tarOf(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: pairs[i], Mode: 0o644, Size: int64(len(pairs[i+1])), ModTime: time.Unix(1709287872, 0)}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, pairs[i+1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStreams(t *testing.T) {
	content := []byte(strings.Repeat("a line of text\n", 500))
	var z, x bytes.Buffer
	zw, _ := zstd.NewWriter(&z)
	zw.Write(content)
	zw.Close()
	xw, err := xz.NewWriter(&x)
	if err != nil {
		t.Fatal(err)
	}
	xw.Write(content)
	xw.Close()
	for _, c := range []struct {
		file, member, kind string
		data               []byte
	}{
		{"x.log.gz", "x.log", "gzip", gz(t, "other", content)},
		{"x.log.gz", "x.log", "gzip", append(gz(t, "", content[:900]), gz(t, "", content[900:])...)},
		{"x", "inside.log", "gzip", gz(t, "inside.log", content)},
		{"x", "evil.log", "gzip", gz(t, "../../evil.log", content)},
		{"x", "content", "gzip", gz(t, "", content)},
		{"x.log.zst", "x.log", "zstd", z.Bytes()},
		{"x.log.xz", "x.log", "xz", x.Bytes()},
	} {
		all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), c.file), c.data))
		wantListing(t, all, fmt.Sprintf("%s!/%s text %d", c.file, c.member, len(content)), fmt.Sprintf("%s %s %d", c.file, c.kind, len(c.data)))
		if all[0].data != string(content) {
			t.Errorf("%s: other content", c.file)
		}
	}
}

func TestBzip2(t *testing.T) {
	all := walk(t, Options{}, filepath.Join("testdata", "auth.log.bz2"))
	if f := find(t, all, "auth.log.bz2!/auth.log"); f.SHA256 != packedFiles["logs/auth.log"] {
		t.Errorf("%s, %v", f.SHA256, f.Problems)
	}
}

func TestStreamDamage(t *testing.T) {
	content := []byte(strings.Repeat("a line of text, and of numbers: 1 2 3 4 5 6 7 8 9\n", 5000))
	whole := gz(t, "", content)
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"cut", whole[:len(whole)-300], ErrTruncated},
		{"wrong_checksum", append(bytes.Clone(whole[:len(whole)-8]), 1, 2, 3, 4, whole[len(whole)-4], whole[len(whole)-3], whole[len(whole)-2], whole[len(whole)-1]), ErrCorrupt},
		{"garbage_after", append(bytes.Clone(whole), "garbage garbage garbage"...), ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := find(t, walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "x.gz"), c.data)), "x.gz!/x")
			if len(f.Problems) != 1 || !errors.Is(f.Problems[0], c.want) {
				t.Errorf("problems %v, want %v", f.Problems, c.want)
			}
			if len(f.data) == 0 || !bytes.HasPrefix(content, []byte(f.data)) || !f.Readable() {
				t.Errorf("what came out before the damage is lost: %d bytes", len(f.data))
			}
		})
	}
}

func TestTar(t *testing.T) {
	data := tarOf(t, "b/x.log", "a line\n", "a.txt", "a line\n", "/abs/y.txt", "y\n", "../evil.txt", "evil\n")
	want := []string{"b/x.log text 7", "a.txt text 7", "abs/y.txt text 2",
		`evil.txt unreadable 0 [open: the name "../evil.txt" leads out of the container: not followed]`}
	for _, c := range []struct {
		file, kind string
		data       []byte
	}{{"x.tar", "tar", data}, {"x.tar.gz", "gzip", gz(t, "", data)}, {"x.tgz", "gzip", gz(t, "", data)}} {
		var lines []string
		for _, l := range want {
			lines = append(lines, c.file+"!/"+l)
		}
		all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), c.file), c.data))
		wantListing(t, all, append(lines, fmt.Sprintf("%s %s %d", c.file, c.kind, len(c.data)))...)
		if all[0].Modified.Unix() != 1709287872 {
			t.Errorf("modified %v", all[0].Modified)
		}
	}
}

func TestTarSpecialMembers(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{
		{Name: "dir/", Typeflag: tar.TypeDir}, {Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, {Name: "h", Typeflag: tar.TypeLink, Linkname: "l"},
		{Name: "c", Typeflag: tar.TypeChar}, {Name: "p", Typeflag: tar.TypeFifo},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	wantListing(t, walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "x.tar"), b.Bytes())),
		`x.tar!/l link 0 [open link to "/etc/passwd": link: not followed]`, `x.tar!/h link 0 [open link to "l": link: not followed]`,
		"x.tar!/c device 0 [open: device: not followed]", "x.tar!/p pipe 0 [open: pipe: not followed]", fmt.Sprintf("x.tar tar %d", b.Len()))
}

func TestTarDamage(t *testing.T) {
	data := tarOf(t, "a.txt", "a line\n", "b.txt", strings.Repeat("b line\n", 100), "c.txt", "c line\n", "d.txt", "d line\n")
	at := bytes.Index(data, []byte("b.txt"))
	copy(data[at:], "\x00\x00broken")
	all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "x.tar"), data))
	if f := find(t, all, "x.tar!/d.txt"); f.data != "d line\n" {
		t.Errorf("the member after the damage is lost")
	}
	find(t, all, "x.tar!/c.txt")
	if f := find(t, all, "x.tar"); len(f.Problems) != 1 || !errors.Is(f.Problems[0], ErrCorrupt) || f.Problems[0].Offset != int64(at) {
		t.Errorf("problems %v at 0x%x, want one at 0x%x", f.Problems, f.Problems[0].Offset, at)
	}
	cut := tarOf(t, "a.txt", "a line\n", "b.txt", strings.Repeat("b line\n", 1000))
	all = walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "x.tar"), cut[:3000]))
	if f := find(t, all, "x.tar!/b.txt"); len(f.Problems) != 1 || !errors.Is(f.Problems[0], ErrTruncated) || len(f.data) != 3000-1536 {
		t.Errorf("cut member: %d bytes, %v", len(f.data), f.Problems)
	}
}

func TestNested(t *testing.T) {
	inner := tarOf(t, "d/c.txt", "a line\n")
	data := pack(t, "b.tar.gz", string(gz(t, "", inner)), "z.zip", string(pack(t, "y.zip", string(pack(t, "x.txt", "x\n")))))
	all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.zip"), data))
	var paths []string
	for _, f := range all {
		paths = append(paths, f.Path)
	}
	want := "a.zip!/b.tar.gz!/d/c.txt a.zip!/b.tar.gz a.zip!/z.zip!/y.zip!/x.txt a.zip!/z.zip!/y.zip a.zip!/z.zip a.zip"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
