//go:build !amd64 || purego

package simd

// Available says whether the processor has the instructions. It is a variable so that tests can do without them.
var Available = false

// Wide says whether it has those over 64 bytes.
var Wide = false
