package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// output is where a command's results go: standard output, or a file that appears whole or not at all.
type output struct {
	*bufio.Writer
	file *os.File // the temporary file; nil for standard output
	path string
}

func openOutput(env *environment, path string) (*output, error) {
	if path == "" || path == "-" {
		return &output{Writer: bufio.NewWriterSize(env.stdout, 64<<10)}, nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return nil, usagef("Name a file.", "--output %q is a folder", path)
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // a pipe or a device can't be replaced
		if err != nil {
			return nil, fmt.Errorf("open the output: %w", err)
		}
		return &output{Writer: bufio.NewWriterSize(f, 1<<20)}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".partial-*")
	if err != nil {
		return nil, fmt.Errorf("create %q: %w", path, cause(err))
	}
	return &output{Writer: bufio.NewWriterSize(f, 1<<20), file: f, path: path}, nil
}

// Write adds p. Its error names the file that was asked for, not the temporary one.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil {
		err = fmt.Errorf("write %q: %w", cmp.Or(o.path, "the output"), cause(err))
	}
	return n, err
}

// commit makes the results appear.
func (o *output) commit() error {
	err := o.Flush()
	if o.file == nil {
		if err != nil {
			return fmt.Errorf("write the output: %w", cause(err))
		}
		return nil
	}
	if err == nil {
		err = o.file.Chmod(0o644)
	}
	if closeErr := o.file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(o.file.Name(), o.path)
	}
	if err != nil {
		os.Remove(o.file.Name())
		return fmt.Errorf("write %q: %w", o.path, cause(err))
	}
	o.file = nil
	return nil
}

// discard removes what was written so far, unless it was committed.
func (o *output) discard() {
	if o.file != nil {
		o.file.Close()
		os.Remove(o.file.Name())
	}
}

// cause takes the name of a temporary file out of an error.
func cause(err error) error {
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}

var _ io.Writer = (*output)(nil)
