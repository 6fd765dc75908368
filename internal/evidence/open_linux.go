package evidence

import (
	"os"
	"syscall"
)

// openFlags keep an open from following a link that took the file's place, and from waiting at a pipe.
const openFlags = os.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// openQuietly opens a file for reading and leaves its time of last access alone where the system lets us.
func openQuietly(name string) (*os.File, error) {
	if f, err := os.OpenFile(name, openFlags|syscall.O_NOATIME, 0); err == nil {
		return f, nil
	}
	return os.OpenFile(name, openFlags, 0) // O_NOATIME is for owners only
}
