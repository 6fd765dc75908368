//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// Available says whether the processor has the instructions. It is a variable so that tests can do without them.
var Available = cpu.X86.HasAVX2

// Wide says whether it has those over 64 bytes that look a byte up in 128 (AVX-512 with BW and VBMI). It is a variable for the same reason.
var Wide = Available && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI
