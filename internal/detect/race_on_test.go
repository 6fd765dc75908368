//go:build race

package detect

// The race detector makes the plain evaluation ten times slower.
func init() { aFile, enough = 2, 1000 }
