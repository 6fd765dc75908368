// Package rules holds goshawk's own Sigma rules, one file a rule, by platform and phase of an intrusion. docs/rules.md lists
// them.
package rules

import (
	"embed"
	"io/fs"
)

//go:embed windows
var files embed.FS

// FS returns the rules as a tree of files.
func FS() fs.FS { return files }
