package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestReadNext reads files in pieces of any size and gets what Hash gets, also of a file that ends too soon.
func TestReadNext(t *testing.T) {
	data := make([]byte, 3*hashStep+17)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	name := write(t, filepath.Join(t.TempDir(), "x"), data)
	in, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	w := newWalker(context.Background(), Options{}, nil)
	for _, said := range []int64{int64(len(data)), int64(len(data)) - 1, int64(len(data)) + 9, hashStep, 0} {
		for _, piece := range []int{1000, hashStep - 1, hashStep, hashStep + 1, 1 << 20} {
			opened := func() *File {
				return &File{Path: "x", blob: newBlob(in, said, nil), hashing: &hashing{w: w, file: in, sum: sha256.New()}}
			}
			plain, f := opened(), opened()
			plain.Hash()
			var got []byte
			buf := make([]byte, piece)
			for f.Unhashed() {
				got = append(got, buf[:f.ReadNext(buf)]...)
			}
			sum := sha256.Sum256(got)
			if f.SHA256 != plain.SHA256 || f.Size != plain.Size || fmt.Sprint(f.Problems) != fmt.Sprint(plain.Problems) || !bytes.Equal(got, data[:min(said, int64(len(data)))]) ||
				f.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("size %d, pieces of %d: %d bytes, problems %v; by Hash %d and %v", said, piece, f.Size, f.Problems, plain.Size, plain.Problems)
			}
		}
	}
}

// TestReadBoth reads two files together, in pieces of any size, and gets of each what Hash gets, also of files that end too soon.
func TestReadBoth(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, 3*hashStep+17)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	w := newWalker(context.Background(), Options{}, nil)
	lengths := []int{1, 63, 64, hashStep, hashStep + 1, 2*hashStep - 5, len(data)}
	for range 200 {
		var plain, f [2]*File
		var got [2][]byte
		for i := range f {
			n := lengths[r.IntN(len(lengths))]
			said := int64(n + r.IntN(3)*r.IntN(200))
			in, err := os.Open(write(t, filepath.Join(t.TempDir(), "x"), data[:n]))
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			opened := func() *File {
				return &File{Path: "x", blob: newBlob(in, said, nil), hashing: &hashing{w: w, file: in, sum: sha256.New()}}
			}
			plain[i], f[i] = opened(), opened()
			plain[i].Hash()
		}
		for f[0].Unhashed() && f[1].Unhashed() {
			p, q := make([]byte, 1+r.IntN(2*hashStep)), make([]byte, 1+r.IntN(2*hashStep))
			n, m := ReadBoth(f[0], f[1], p, q)
			got[0], got[1] = append(got[0], p[:n]...), append(got[1], q[:m]...)
		}
		for i := range f {
			for buf := make([]byte, 70_000); f[i].Unhashed(); {
				got[i] = append(got[i], buf[:f[i].ReadNext(buf)]...)
			}
			if want := plain[i]; f[i].SHA256 != want.SHA256 || f[i].Size != want.Size || f[i].Kind != want.Kind || fmt.Sprint(f[i].Problems) != fmt.Sprint(want.Problems) || !bytes.Equal(got[i], data[:f[i].Size]) {
				t.Fatalf("seed %d, file %d: %d bytes, %s, problems %v; by Hash %d bytes, %s, %v", seed, i, f[i].Size, f[i].SHA256, f[i].Problems, want.Size, want.SHA256, want.Problems)
			}
		}
	}
}

// TestHashAfterTheStep makes the hashes of files that are open when the walk is over.
func TestHashAfterTheStep(t *testing.T) {
	dir := t.TempDir()
	text := bytes.Repeat([]byte("{\"a\": 1}\n"), 100)
	for _, name := range []string{"a.json", "b.json", "c.json"} {
		write(t, filepath.Join(dir, name), text)
	}
	var files []*File
	for f, err := range Walk(context.Background(), []string{dir}, Options{LateHash: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if err := os.Truncate(filepath.Join(dir, "b.json"), 500); err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		f.Hash()
		want := text
		if i == 1 {
			want = text[:500]
		}
		if sum := sha256.Sum256(want); f.SHA256 != hex.EncodeToString(sum[:]) || f.Kind != files[0].Kind || len(f.Problems) != i%2 {
			t.Errorf("%s: %s, %s, problems %v", f.Path, f.Kind, f.SHA256, f.Problems)
		}
		f.Release()
	}
}

// TestLateHash leaves the hash of what is no container to the caller, who gets it into the Origin that was handed out before.
func TestLateHash(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.txt"), []byte("some text\n"))
	write(t, filepath.Join(dir, "b.zip"), pack(t, "m.txt", "member\n"))
	for f, err := range Walk(context.Background(), []string{dir}, Options{TempDir: t.TempDir(), LateHash: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if late := f.Path == "a.txt"; f.Unhashed() != late || (f.SHA256 == "") != late {
			t.Errorf("%s: late is %v, hash %q", f.Path, f.Unhashed(), f.SHA256)
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		f.Hash()
		if in.Origin.SHA256 != f.SHA256 || len(f.SHA256) != 64 {
			t.Errorf("%s: hash %q, its origin says %q", f.Path, f.SHA256, in.Origin.SHA256)
		}
		f.Release()
	}
}

// TestHeld reads around, across and inside a piece that is held as if it were not.
func TestHeld(t *testing.T) {
	data := []byte("0123456789abcdefghijklmnopqrstuvwxyz")
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		from := r.IntN(len(data))
		to := from + r.IntN(len(data)-from+1)
		file := bytes.NewReader(data)
		in := &Input{ReaderAt: file, Size: int64(len(data))}
		drop := in.Hold(int64(from), data[from:to])
		dropped := r.IntN(8) == 0
		if dropped {
			drop()
		}
		at, n := int64(r.IntN(len(data)+4)), r.IntN(len(data)+4)
		if b := in.Borrow(at, n); b != nil && string(b) != string(data[at:at+int64(n)]) || b == nil && !dropped && at >= int64(from) && at+int64(n) <= int64(to) {
			t.Fatalf("held [%d, %d): %q is lent for %d bytes at %d", from, to, b, n, at)
		}
		want, got := make([]byte, n), make([]byte, n)
		wantN, wantErr := file.ReadAt(want, at)
		gotN, err := in.ReadAt(got, at)
		// A ReaderAt may say io.EOF with the last byte or leave it to the next call.
		if gotN != wantN || !bytes.Equal(got, want) || gotN < n && !errors.Is(err, wantErr) || err != nil && err != io.EOF {
			t.Fatalf("held [%d, %d): %d bytes at %d give %q and %v, want %q and %v", from, to, n, at, got[:gotN], err, want[:wantN], wantErr)
		}
	}
	in := &Input{ReaderAt: bytes.NewReader(data), Size: int64(len(data))}
	held := bytes.Clone(data[10:20])
	drop := in.Hold(10, held)
	drop()
	copy(held, "XXXXXXXXXX") // it serves another part now
	got := make([]byte, 10)
	if in.ReadAt(got, 10); string(got) != "abcdefghij" {
		t.Errorf("after drop: %q", got)
	}
	if b := in.Borrow(10, 1); b != nil {
		t.Errorf("after drop %q is lent", b)
	}
}
