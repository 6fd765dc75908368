//go:build !amd64 || purego

package sha256x2

const available = false

func blocks(_, _ *state, _, _ *byte, _ int) { panic("sha256x2: blocks is not for this processor") }
