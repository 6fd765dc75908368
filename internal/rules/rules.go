// Package rules holds goshawk's own Sigma rules, one file a rule: by platform and phase of an intrusion for single events, in
// correlation for what joins several. docs/rules.md lists them; testdata holds, for each, records that it must match and near
// ones that it must not.
package rules

import (
	"embed"
	"io/fs"
)

//go:embed windows linux correlation
var files embed.FS

// FS returns the rules as a tree of files.
func FS() fs.FS { return files }
