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
