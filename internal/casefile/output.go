package casefile

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"os"
	"path/filepath"
)

// output is a file of the case that is being written, hashed on its way.
type output struct {
	name  string
	file  *os.File
	buf   *bufio.Writer
	hash  hash.Hash
	bytes int64
}

// OutputFile is where an output is written to.
type OutputFile output

// Write adds p to the file.
func (o *OutputFile) Write(p []byte) (int, error) { return (*output)(o).Write(p) }

func createOutput(dir, name string) (*output, error) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return &output{name: name, file: f, buf: bufio.NewWriterSize(f, 64<<10), hash: sha256.New()}, nil
}

// Write adds p to the file.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.buf.Write(p)
	o.hash.Write(p[:n])
	o.bytes += int64(n)
	return n, err
}

func (o *output) flush() error { return o.buf.Flush() }

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	err := o.flush()
	if closeErr := o.file.Close(); err == nil {
		err = closeErr
	}
	o.file = nil
	return err
}

// abandon closes the file without asking whether all of it arrived.
func (o *output) abandon() {
	if o.file != nil {
		o.file.Close()
		o.file = nil
	}
}

func (o *output) sum() Output {
	return Output{File: o.name, Bytes: o.bytes, SHA256: hex.EncodeToString(o.hash.Sum(nil))}
}
