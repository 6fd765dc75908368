package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// walked is a file as tests look at it.
type walked struct {
	*File
	data string
}

// walk collects a walk and reads every file that can be read.
func walk(t testing.TB, o Options, args ...string) []walked {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	var all []walked
	for f, err := range Walk(context.Background(), args, o) {
		if err != nil {
			t.Fatal(err)
		}
		w := walked{File: f}
		if f.Size > 0 && f.blob != nil {
			in, err := f.Open()
			if err != nil {
				t.Fatalf("%s: %v", f.Path, err)
			}
			data, err := io.ReadAll(io.NewSectionReader(in, 0, in.Size))
			if err != nil {
				t.Fatalf("%s: %v", f.Path, err)
			}
			f.Release()
			w.data = string(data)
		}
		if f.SHA256 != "" {
			if sum := sha256.Sum256([]byte(w.data)); f.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: SHA-256 is not that of its %d bytes", f.Path, len(w.data))
			}
		}
		if int64(len(w.data)) != f.Size && f.SHA256 != "" {
			t.Errorf("%s: %d bytes, size says %d", f.Path, len(w.data), f.Size)
		}
		all = append(all, w)
	}
	if left, _ := os.ReadDir(o.TempDir); len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v", left)
	}
	return all
}

// listing puts a walk in lines: path, kind, size, problems.
func listing(all []walked) []string {
	var lines []string
	for _, f := range all {
		line := fmt.Sprintf("%s %s %d", f.Path, f.Kind, f.Size)
		for _, p := range f.Problems {
			line += fmt.Sprintf(" [%v]", p)
		}
		lines = append(lines, line)
	}
	return lines
}

func wantListing(t *testing.T, all []walked, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, listing(all)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// find returns the file at the path.
func find(t *testing.T, all []walked, path string) walked {
	t.Helper()
	for _, f := range all {
		if f.Path == path {
			return f
		}
	}
	t.Fatalf("no file %q in\n%s", path, strings.Join(listing(all), "\n"))
	return walked{}
}

func write(t testing.TB, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// pack makes a zip of names and contents, in this order.
func pack(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w, err := z.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, pairs[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWalkOrder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "a/z.txt", "a.txt", "a/b/c.txt", "a-1.txt", "B.txt"} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), []byte("a line\n"))
	}
	write(t, filepath.Join(dir, "a.zip"), pack(t, "y.txt", "y\n", "x/x.txt", "x\n", "x-1.txt", "x\n"))
	write(t, filepath.Join(dir, "empty"), nil)
	wantListing(t, walk(t, Options{}, dir),
		"B.txt text 7", "a-1.txt text 7", "a.txt text 7",
		"a.zip!/x-1.txt text 2", "a.zip!/x/x.txt text 2", "a.zip!/y.txt text 2", "a.zip zip "+fmt.Sprint(len(pack(t, "y.txt", "y\n", "x/x.txt", "x\n", "x-1.txt", "x\n"))),
		"a/b/c.txt text 7", "a/z.txt text 7", "b.txt text 7", "empty empty 0")
}

func TestWalkFileArgument(t *testing.T) {
	name := write(t, filepath.Join(t.TempDir(), "deep", "x.log"), []byte("a line\n"))
	all := walk(t, Options{}, name)
	wantListing(t, all, "x.log text 7")
	if all[0].Modified.IsZero() {
		t.Error("the time of the file is lost")
	}
}

func TestWalkMissingArgument(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no such file")
	for f, err := range Walk(context.Background(), []string{missing}, Options{}) {
		if f != nil || err == nil || !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("got %v, %v", f, err)
		}
		if want := fmt.Sprintf("evidence %q: ", missing); !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), "no such file") > 2 {
			t.Errorf("error %q doesn't begin with %q or repeats itself", err, want)
		}
		return
	}
	t.Fatal("no error")
}

func TestWalkEqualPaths(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1/logs/x.txt", "2/logs/x.txt", "3/logs/x.txt", "3/logs/only.txt"} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), []byte(name))
	}
	all := walk(t, Options{}, filepath.Join(dir, "1", "logs"), filepath.Join(dir, "2", "logs"), filepath.Join(dir, "3", "logs"))
	wantListing(t, all, "x.txt text 12", "logs/x.txt text 12", "only.txt text 15", "logs~3/x.txt text 12")
	for i, want := range []string{"1/logs/x.txt", "2/logs/x.txt", "3/logs/only.txt", "3/logs/x.txt"} {
		if all[i].data != want {
			t.Errorf("%s is %s, want %s", all[i].Path, all[i].data, want)
		}
	}
	files := walk(t, Options{}, filepath.Join(dir, "1", "logs", "x.txt"), filepath.Join(dir, "2", "logs", "x.txt"))
	wantListing(t, files, "x.txt text 12", "logs/x.txt text 12")
}

func TestWalkLinksAreRecorded(t *testing.T) {
	dir := t.TempDir()
	outside := write(t, filepath.Join(t.TempDir(), "secret.txt"), []byte("outside\n"))
	write(t, filepath.Join(dir, "x.txt"), []byte("a line\n"))
	if err := os.Symlink(outside, filepath.Join(dir, "link.txt")); err != nil {
		t.Skip("no links here: ", err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	all := walk(t, Options{}, dir)
	wantListing(t, all,
		fmt.Sprintf("link.txt link 0 [open link to %q: link: not followed]", outside),
		fmt.Sprintf("loop link 0 [open link to %q: link: not followed]", dir), "x.txt text 7")
	if !errors.Is(all[0].Problems[0], ErrNotFollowed) || all[0].Readable() {
		t.Error("a link must not be readable, and say why")
	}
	if got := walk(t, Options{}, filepath.Join(dir, "link.txt")); got[0].data != "outside\n" || got[0].Path != "link.txt" {
		t.Errorf("a link as argument: %s %q", got[0].Path, got[0].data)
	}
}

func TestWalkUnreadable(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("permissions don't hold this user back")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b", "x.txt"), []byte("x"))
	if err := os.Chmod(write(t, filepath.Join(dir, "a.txt"), []byte("x")), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "b"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(dir, "b"), 0o755)
	wantListing(t, walk(t, Options{}, dir), "a.txt unreadable 1 [open: permission denied]", "b folder 0 [read folder: permission denied]")
}

func TestWalkFileThatMoves(t *testing.T) {
	dir := t.TempDir()
	name := write(t, filepath.Join(dir, "x.log"), bytes.Repeat([]byte("line\n"), 1000))
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := newWalker(context.Background(), Options{}, nil)
	opened := func(size int64) *File { // as if it had had this size then
		return &File{Path: "x.log", blob: newBlob(f, size, nil), hashing: &hashing{w: w, file: f, sum: sha256.New()}}
	}
	cut := opened(6000)
	cut.Hash()
	if len(cut.Problems) != 1 || !errors.Is(cut.Problems[0], ErrTruncated) || cut.Size != 5000 || cut.Problems[0].Offset != 5000 {
		t.Errorf("a file that became shorter: size %d, problems %v", cut.Size, cut.Problems)
	}
	grown := opened(4000)
	grown.Hash()
	if len(grown.Problems) != 1 || grown.Problems[0].Offset != 4000 || grown.Size != 4000 || grown.SHA256 == cut.SHA256 {
		t.Errorf("a file that grew: size %d, problems %v", grown.Size, grown.Problems)
	}
}

func TestOpenAndRelease(t *testing.T) {
	dir := t.TempDir()
	temp := t.TempDir()
	big := strings.Repeat("0123456789abcdef", 4096)
	write(t, filepath.Join(dir, "a.zip"), pack(t, "big.txt", big, "small.txt", "small"))
	held := map[string]*File{}
	inputs := map[string]*Input{}
	for f, err := range Walk(context.Background(), []string{dir}, Options{TempDir: temp, SpoolMemory: 1024}) {
		if err != nil {
			t.Fatal(err)
		}
		held[f.Path] = f
		if f.Readable() {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			inputs[f.Path] = in
		}
	}
	in := inputs["a.zip!/big.txt"]
	if in == nil || in.Origin.SHA256 != held["a.zip!/big.txt"].SHA256 || in.To != in.Size {
		t.Fatalf("input %+v", in)
	}
	data := make([]byte, len(big))
	if _, err := in.ReadAt(data, 0); err != nil && err != io.EOF || string(data) != big {
		t.Errorf("a spooled member can't be read after the walk: %v", err)
	}
	for path := range inputs {
		held[path].Release()
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left after the last release: %v", left)
	}
	if _, err := held["a.zip!/big.txt"].Open(); err == nil {
		t.Error("a file can be opened after its bytes are gone")
	}
}

func TestWalkCancelled(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	for i := range 20 {
		write(t, filepath.Join(dir, fmt.Sprintf("%02d.zip", i)), pack(t, "a.txt", strings.Repeat("x", 1<<16), "b.txt", "b"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	for _, err := range Walk(ctx, []string{dir}, Options{TempDir: temp, SpoolMemory: 16}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			cancel()
		}
	}
	if n != 3 {
		t.Errorf("the walk went on for %d files after it was stopped", n-3)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left after a stop: %v", left)
	}
}

func TestWalkStopsWhenCallerDoes(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "a.zip"), pack(t, "a.txt", strings.Repeat("x", 1<<16), "b.txt", "b"))
	for range Walk(context.Background(), []string{dir}, Options{TempDir: temp, SpoolMemory: 16}) {
		break
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left after a break: %v", left)
	}
}

func TestWalkLeavesEvidenceAlone(t *testing.T) {
	dir := t.TempDir()
	name := write(t, filepath.Join(dir, "a.zip"), pack(t, "../../evil.txt", "x", "a.txt", "a"))
	old := time.Date(2024, 3, 1, 10, 11, 12, 0, time.UTC)
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(name)
	all := walk(t, Options{}, dir)
	after, _ := os.ReadFile(name)
	info, err := os.Stat(name)
	if err != nil || !info.ModTime().Equal(old) || !bytes.Equal(before, after) {
		t.Error("the evidence was changed")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("files appeared beside the evidence: %v", entries)
	}
	if f := find(t, all, "a.zip!/evil.txt"); !errors.Is(f.Problems[0], ErrNotFollowed) || f.data != "" {
		t.Errorf("a name that climbs out: %v", f.Problems)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		in, want          string
		backslash, climbs bool
	}{
		{"a/b.txt", "a/b.txt", false, false},
		{"/var/log/x", "var/log/x", false, false},
		{`C:\Windows\x`, "C:/Windows/x", true, false},
		{`a\x2db`, `a\x2db`, false, false},
		{"./a//b/./c", "a/b/c", false, false},
		{"a/../b", "b", false, false},
		{"../b", "b", false, true},
		{`..\..\b`, "b", true, true},
		{"a/../../b", "b", false, true},
		{"a\x00b", `a\x00b`, false, true},
		{"", "unnamed", false, false},
		{"..", "unnamed", false, true},
		{"a/!/b", "a/!/b", false, false},
	} {
		got, climbs := cleanName(c.in, c.backslash)
		if got != c.want || climbs != c.climbs {
			t.Errorf("cleanName(%q) = %q, %v, want %q, %v", c.in, got, climbs, c.want, c.climbs)
		}
	}
	if got := pathText("a\xffb\xc3\xa9"); got != `a\xffbé` {
		t.Errorf("pathText: %q", got)
	}
	if got := dosText("\x81ber.txt"); got != "über.txt" {
		t.Errorf("dosText: %q", got)
	}
	if got := dosText("über.txt"); got != "über.txt" {
		t.Errorf("dosText of UTF-8: %q", got)
	}
}

func TestFoldersOfCollections(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Collection-PC05-2024-03-01T10_11_12Z")
	write(t, filepath.Join(dir, "client_info.json"), []byte(`{"Hostname":"PC05","Fqdn":"pc05.example.com"}`))
	write(t, filepath.Join(dir, "uploads", "ntfs", "%5C%5C.%5CC%3A", "$MFT"), []byte("x"))
	f := find(t, walk(t, Options{}, dir), "uploads/ntfs/%5C%5C.%5CC%3A/$MFT")
	if f.Original != "C:/$MFT" || f.Host != "pc05.example.com" {
		t.Errorf("%q on %q", f.Original, f.Host)
	}
	data := tarOf(t, "[root]/var/log/auth.log", "a line\n", "live_response/ps.txt", "a line\n")
	all := walk(t, Options{}, write(t, filepath.Join(t.TempDir(), "uac-web-01-linux-20240301101112.tar.gz"), gz(t, "", data)))
	if all[0].Original != "/var/log/auth.log" || all[0].Host != "web-01" || all[1].Original != "" || all[1].Host != "web-01" {
		t.Errorf("%+v, %+v", all[0].File, all[1].File)
	}
	in, err := (&File{blob: newBlob(strings.NewReader("x"), 1, nil), Size: 1, Original: "C:/x", Host: "PC05", Path: "x"}).Open()
	if err != nil || in.Original != "C:/x" || in.Origin.Host != "PC05" || in.Origin.Path != "x" {
		t.Errorf("what the layout says is lost in the input: %+v, %v", in, err)
	}
}

// TestFolderOrZip walks the same files as a folder and as a zip that was packed in another order.
func TestFolderOrZip(t *testing.T) {
	dir := t.TempDir()
	names := []string{"z.txt", "a/b/c.txt", "a.txt", "a-b.txt", "a/b.json", "Z/1.txt", "n.zip"}
	var pairs []string
	for i, name := range names {
		content := fmt.Sprintf("{\"line\": %d}\n", i)
		if name == "n.zip" {
			content = string(pack(t, "x.txt", "x\n", "b.txt", "b\n"))
		}
		write(t, filepath.Join(dir, "tree", filepath.FromSlash(name)), []byte(content))
		pairs = append(pairs, name, content)
	}
	zipped := walk(t, Options{}, write(t, filepath.Join(dir, "all.zip"), pack(t, pairs...)))
	shape := func(all []walked, prefix string) (out []string) {
		for _, f := range all {
			if name, ok := strings.CutPrefix(f.Path, prefix); ok {
				out = append(out, name+" "+f.Kind+" "+f.SHA256)
			}
		}
		return out
	}
	if diff := cmp.Diff(shape(walk(t, Options{}, filepath.Join(dir, "tree")), ""), shape(zipped, "all.zip!/")); diff != "" {
		t.Errorf("(-folder +zip)\n%s", diff)
	}
}

// TestCorpusIsReadInFull walks real collections and packed logs: nothing of them may be a problem.
func TestCorpusIsReadInFull(t *testing.T) {
	root := filepath.Join("..", "..", ".shared", "corpus")
	args := []string{filepath.Join(root, "cases"), filepath.Join(root, "net")}
	if _, err := os.Stat(args[0]); err != nil {
		t.Skip("the shared corpus is not here: ", err)
	}
	files, unknown, members := 0, 0, 0
	for f, err := range Walk(t.Context(), args, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		files++
		if f.Kind == "unknown" {
			unknown++
		}
		if strings.Contains(f.Path, "!/") {
			members++
		}
		for _, p := range f.Problems {
			t.Errorf("%s: %v", f.Path, p)
		}
	}
	if members == 0 || unknown*20 > files {
		t.Errorf("%d files, %d of them members, %d unknown", files, members, unknown)
	}
}
