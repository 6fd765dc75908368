//go:build !unix

package evidence

import "os"

// openQuietly opens a file for reading.
func openQuietly(name string) (*os.File, error) { return os.Open(name) }
