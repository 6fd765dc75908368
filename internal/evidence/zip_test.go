package evidence

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// SHA-256 of the files in testdata's archives, all of which were packed from the same three.
var packedFiles = map[string]string{
	"note.txt":       "d47cd809b55acbb91f27f68180367d0fdf6997acb09692bd2341fc6c4407da8a",
	"logs/auth.log":  "f06ecee98160e31f0a3460ecde8608c1a758f9533285d63d82572fc00cba941d",
	"logs/other.log": "358678f83d3b1cb1af60bc64d83ca16b9a48d9f0ce06c0cda5b0a75def04803e",
}

// TestForeignArchives reads archives that another program packed.
func TestForeignArchives(t *testing.T) {
	for _, c := range []struct{ file, members string }{
		{"deflate64.zip", "logs/auth.log logs/other.log note.txt"},
		{"lzma.zip", "logs/auth.log logs/other.log note.txt"},
		{"bzip2.zip", "logs/auth.log logs/other.log note.txt"},
		{"xz.zip", "logs/auth.log logs/other.log note.txt"},
		{"streamed.zip", "note.txt"},
		{"aes256.zip", "logs/auth.log note.txt"},
		{"aes128.zip", "note.txt"},
		{"zipcrypto.zip", "logs/auth.log note.txt"},
		{"infozip-crypto.zip", "note.txt"},
		{"solid.7z", "empty.txt logs/auth.log logs/other.log note.txt"},
		{"bzip2.7z", "logs/auth.log logs/other.log note.txt"},
		{"ppmd.7z", "logs/auth.log logs/other.log note.txt"},
		{"copy.7z", "note.txt"},
		{"hidden.7z", "logs/auth.log note.txt"},
		{"locked.7z", "logs/auth.log note.txt"},
	} {
		t.Run(c.file, func(t *testing.T) {
			all := walk(t, Options{Passwords: []string{"wrong", "Hunter_7"}}, filepath.Join("testdata", c.file))
			var names []string
			for _, f := range all {
				if len(f.Problems) > 0 {
					t.Errorf("%s: %v", f.Path, f.Problems)
				}
				if name, ok := strings.CutPrefix(f.Path, c.file+"!/"); ok {
					names = append(names, name)
					if want := packedFiles[name]; want != "" && f.SHA256 != want {
						t.Errorf("%s: hash is %s", f.Path, f.SHA256)
					}
				}
			}
			if got := strings.Join(names, " "); got != c.members {
				t.Errorf("members %s, want %s", got, c.members)
			}
			if last := all[len(all)-1]; !last.Container || last.Readable() {
				t.Errorf("%s: container %v, readable %v", last.Path, last.Container, last.Readable())
			}
		})
	}
}

func TestUnknownPassword(t *testing.T) {
	for _, c := range []struct{ file, path string }{
		{"aes128.zip", "aes128.zip!/note.txt"}, {"infozip-crypto.zip", "infozip-crypto.zip!/note.txt"}, {"locked.7z", "locked.7z"},
	} {
		f := find(t, walk(t, Options{Passwords: []string{"wrong"}}, filepath.Join("testdata", c.file)), c.path)
		if len(f.Problems) != 1 || !errors.Is(f.Problems[0], errPassword) {
			t.Errorf("%s: %v", c.file, f.Problems)
		}
	}
}

// method packs the same content by each method that there is a writer for.
func method(t *testing.T, id uint16, compress func(io.Writer) io.WriteCloser, content string) []byte {
	t.Helper()
	var packed, b bytes.Buffer
	c := compress(&packed)
	io.WriteString(c, content)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: "x.txt", Method: id, CRC32: crc32.ChecksumIEEE([]byte(content)), CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(content)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(packed.Bytes())
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestZipMethods(t *testing.T) {
	content := strings.Repeat("one line of many\n", 5000)
	for _, c := range []struct {
		name     string
		id       uint16
		compress func(io.Writer) io.WriteCloser
	}{
		{"store", zipStore, func(w io.Writer) io.WriteCloser { return nopCloser{w} }},
		{"deflate", zipDeflate, func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 6); return f }},
		{"deflate_as_deflate64", zipDeflate64, func(w io.Writer) io.WriteCloser { return withoutMatches(w) }},
		{"zstd", zipZstd, func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }},
		{"xz", zipXZ, func(w io.Writer) io.WriteCloser { z, _ := xz.NewWriter(w); return z }},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.zip"), method(t, c.id, c.compress, content)))
			if f := find(t, all, "a.zip!/x.txt"); f.data != content || len(f.Problems) > 0 {
				t.Errorf("%d bytes of %d, %v", len(f.data), len(content), f.Problems)
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		raw := method(t, 200, func(w io.Writer) io.WriteCloser { return nopCloser{w} }, content)
		f := find(t, walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.zip"), raw)), "a.zip!/x.txt")
		if !errors.Is(f.Problems[0], ErrUnsupported) || f.Readable() {
			t.Errorf("%v, readable %v", f.Problems, f.Readable())
		}
	})
}

// withoutMatches writes Deflate that is Deflate64 too: stored and Huffman-coded blocks without matches.
func withoutMatches(w io.Writer) io.WriteCloser {
	f, _ := flate.NewWriter(w, flate.HuffmanOnly)
	return f
}

func TestDeflate64Stored(t *testing.T) {
	var b bytes.Buffer
	f, _ := flate.NewWriter(&b, flate.NoCompression)
	content := strings.Repeat("0123456789", 20000)
	io.WriteString(f, content)
	f.Close()
	got, err := io.ReadAll(newDeflate64Reader(&b))
	if err != nil || string(got) != content {
		t.Errorf("%d bytes of %d, %v", len(got), len(content), err)
	}
}

func TestZipDamage(t *testing.T) {
	content := strings.Repeat("one line of many, number ", 2000)
	whole := pack(t, "a.txt", content, "b.txt", "second\n", "c.txt", content)
	names := func(all []walked) (out []string) {
		for _, f := range all {
			if f.SHA256 != "" && f.Path != "a.zip" {
				out = append(out, f.Path)
			}
		}
		return out
	}
	zipAt := func(t *testing.T, data []byte) []walked {
		return walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.zip"), data))
	}
	t.Run("cut_before_directory", func(t *testing.T) {
		all := zipAt(t, whole[:len(whole)-200])
		if got := fmt.Sprint(names(all)); got != "[a.zip!/a.txt a.zip!/b.txt a.zip!/c.txt]" {
			t.Errorf("found %s", got)
		}
		if f := find(t, all, "a.zip!/a.txt"); f.data != content || len(f.Problems) > 0 {
			t.Errorf("a.txt: %d bytes, %v", len(f.data), f.Problems)
		}
		if f := find(t, all, "a.zip"); len(f.Problems) != 1 || !errors.Is(f.Problems[0], ErrTruncated) {
			t.Errorf("the container: %v", f.Problems)
		}
	})
	t.Run("cut_in_member", func(t *testing.T) {
		first := bytes.Index(whole, []byte("b.txt")) - 30
		f := find(t, zipAt(t, whole[:first-40]), "a.zip!/a.txt")
		if len(f.Problems) == 0 || !errors.Is(f.Problems[0], ErrTruncated) || !strings.HasPrefix(content, f.data) || len(f.data) == 0 {
			t.Errorf("%d bytes, %v", len(f.data), f.Problems)
		}
	})
	t.Run("wrong_bytes", func(t *testing.T) {
		damaged := bytes.Clone(whole)
		at := bytes.Index(damaged, []byte("second"))
		if at < 0 {
			at = bytes.Index(damaged, []byte("b.txt")) + 5
		}
		damaged[at+1] ^= 0x55
		all := zipAt(t, damaged)
		if f := find(t, all, "a.zip!/b.txt"); len(f.Problems) != 1 || !errors.Is(f.Problems[0], ErrCorrupt) {
			t.Errorf("b.txt: %v", f.Problems)
		}
		if f := find(t, all, "a.zip!/c.txt"); f.data != content || len(f.Problems) > 0 {
			t.Error("the member after the damage is lost")
		}
	})
	t.Run("something_in_front", func(t *testing.T) {
		all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.bin"), append([]byte("\x01\x02 not a program \x00\x00\x01"), whole...)))
		if f := find(t, all, "a.bin!/c.txt"); f.data != content || len(f.Problems) > 0 {
			t.Errorf("c.txt: %v", f.Problems)
		}
	})
}

func TestZipSpecialMembers(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(h zip.FileHeader, content string) {
		w, err := z.CreateHeader(&h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	link := zip.FileHeader{Name: "link"}
	link.SetMode(0o777 | 1<<27) // fs.ModeSymlink
	add(link, "/etc/passwd")
	when := time.Date(2024, 3, 1, 10, 11, 12, 0, time.UTC)
	add(zip.FileHeader{Name: `dir\x.txt`, Modified: when}, "x\n")
	add(zip.FileHeader{Name: "\x81ber.txt", NonUTF8: true}, "x\n")
	add(zip.FileHeader{Name: "twice.txt"}, "1\n")
	add(zip.FileHeader{Name: "twice.txt"}, "2\n")
	add(zip.FileHeader{Name: "folder/"}, "")
	z.Close()
	all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.zip"), b.Bytes()))
	wantListing(t, all,
		"a.zip!/dir/x.txt text 2", `a.zip!/link link 0 [open link to "/etc/passwd": link: not followed]`,
		"a.zip!/twice.txt text 2", "a.zip!/twice.txt~2 text 2", "a.zip!/über.txt text 2", fmt.Sprintf("a.zip zip %d", b.Len()))
	if got := all[0].Modified; !got.Equal(when) {
		t.Errorf("modified %v, want %v", got, when)
	}
	if all[3].data != "2\n" {
		t.Errorf("the second of two equal names holds %q", all[3].data)
	}
}

func TestDocumentsStayWhole(t *testing.T) {
	for _, c := range []struct {
		kind    string
		members []string
	}{
		{"docx", []string{"[Content_Types].xml", "<x/>", "word/document.xml", "<x/>"}},
		{"xlsx", []string{"[Content_Types].xml", "<x/>", "xl/workbook.xml", "<x/>"}},
		{"jar", []string{"META-INF/MANIFEST.MF", "x", "A.class", "x"}},
		{"apk", []string{"META-INF/MANIFEST.MF", "x", "AndroidManifest.xml", "x"}},
		{"nuget", []string{"[Content_Types].xml", "<x/>", "a.nuspec", "x"}},
		{"zip", []string{"word/document.xml", "x", "evil/META-INF/MANIFEST.MF", "x"}},
	} {
		all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "a.bin"), pack(t, c.members...)))
		f := find(t, all, "a.bin")
		if f.Kind != c.kind || f.Container != (c.kind == "zip") || (c.kind != "zip") != (len(all) == 1) {
			t.Errorf("%v is %s, container %v, %d files", c.members, f.Kind, f.Container, len(all))
		}
	}
}

func TestVelociraptorZip(t *testing.T) {
	data := pack(t, "uploads/auto/C%3A/Windows/a.txt", "a\n", "client_info.json", `{"Hostname":"PC05","Fqdn":"pc05.example.com"}`)
	all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "Collection-PC05-2024-03-01T10_11_12Z.zip"), data))
	f := all[1]
	if f.Original != "C:/Windows/a.txt" || f.Host != "pc05.example.com" {
		t.Errorf("%s: %q on %q", f.Path, f.Original, f.Host)
	}
}
