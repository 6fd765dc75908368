//go:build unix

package detect

import (
	"io/fs"
	"os"
	"syscall"
)

// isOwn says whether a file or folder belongs to the user and can be written by nobody else.
func isOwn(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && s.Uid == uint32(os.Geteuid()) && info.Mode().Perm()&0o022 == 0
}

// openCache opens a file for reading and waits at no pipe.
func openCache(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
