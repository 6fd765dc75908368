package synth

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// packZip moves a folder into a zip: its files are read in order of name, and the folder is removed.
func packZip(folder, to string, at time.Time) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("pack collection: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	root := filepath.Dir(folder)
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		out, err := z.CreateHeader(&zip.FileHeader{Name: filepath.ToSlash(name), Method: zip.Deflate, Modified: at})
		if err != nil {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(out, in)
		return err
	})
	if err = errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("pack collection: %w", err)
	}
	return os.RemoveAll(folder)
}

// member is a file of a tar.
type member struct {
	name string
	data []byte
}

func packTar(to string, members []member, at time.Time) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("pack collection: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriter(f)
	g := gzip.NewWriter(b)
	t := tar.NewWriter(g)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: 0o640, Size: int64(len(m.data)), ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return fmt.Errorf("pack collection: %w", err)
		}
		if _, err := t.Write(m.data); err != nil {
			return fmt.Errorf("pack collection: %w", err)
		}
	}
	if err := errors.Join(t.Close(), g.Close(), b.Flush()); err != nil {
		return fmt.Errorf("pack collection: %w", err)
	}
	return nil
}
