package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// output is where a command's results go: standard output, or a file that appears whole or not at all.
type output struct {
	*bufio.Writer
	file *os.File // the temporary file; nil for standard output, a pipe or a device
	path string   // "" for standard output
}

// outside refuses a place inside the evidence: what is written there would change the evidence, and be read as evidence.
func outside(args []string, flag, path string) error {
	place := realPath(path)
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			continue
		}
		if rel, err := filepath.Rel(realPath(arg), place); err == nil && filepath.IsLocal(rel) {
			return usagef("Name a place outside: goshawk changes no evidence, and would read its own output.", "%s %q lies inside the evidence %q", flag, path, arg)
		}
	}
	return nil
}

// realPath makes path absolute and resolves the links of as much of it as exists.
func realPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	for dir, rest := abs, ""; ; dir, rest = filepath.Dir(dir), filepath.Join(filepath.Base(dir), rest) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest)
		}
		if dir == filepath.Dir(dir) {
			return abs
		}
	}
}

// openOutput opens where the results of a run over the evidence go; "-" is standard output.
func openOutput(env *environment, evidence []string, path string) (*output, error) {
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
		return &output{Writer: bufio.NewWriterSize(f, 1<<20), path: path}, nil
	}
	if err := outside(evidence, "--output", path); err != nil {
		return nil, err
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
		err = fmt.Errorf("write %s: %w", o.name(), cause(err))
	}
	return n, err
}

func (o *output) name() string {
	if o.path == "" {
		return "the output"
	}
	return fmt.Sprintf("%q", o.path)
}

// screen is what a person sees the results on: a file has neither colours nor a width.
func (o *output) screen(env *environment) io.Writer {
	if o.path == "" {
		return env.stdout
	}
	return io.Discard
}

// live says whether results appear on a terminal while they are made, where a line of progress would stand in their way.
func (o *output) live(env *environment) bool { return o.path == "" && isTerminal(env.stdout) }

// commit makes the results appear.
func (o *output) commit() error {
	err := o.Flush()
	if o.file == nil {
		if err != nil {
			return fmt.Errorf("write %s: %w", o.name(), cause(err))
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
