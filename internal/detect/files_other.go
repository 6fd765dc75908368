//go:build !linux

package detect

import "os"

const readsQuickly = false

func readQuickly(*os.File, string, []byte) (data []byte, ok bool) { return nil, false }
