//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// Available says whether the processor has the instructions. It is a variable so that tests can do without them.
var Available = cpu.X86.HasAVX2
