//go:build !unix

package detect

import (
	"io/fs"
	"os"
)

// isOwn leaves it to the permissions of the user's folder.
func isOwn(fs.FileInfo) bool { return true }

func openCache(name string) (*os.File, error) { return os.Open(name) }
