package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	cacheVariable = "GOSHAWK_CACHE"
	cacheOff      = "off"
	cacheHelp     = `folder for compiled rules, "off" for none (default: ` + cacheVariable + `, or goshawk in the user's cache folder)`
)

// cacheFolder returns the folder for compiled rules: the one that the flag or the environment names, or one in the user's cache
// folder. "" is for none.
func cacheFolder(flag string) string {
	for _, given := range []string{flag, os.Getenv(cacheVariable)} {
		switch given {
		case "":
		case cacheOff:
			return ""
		default:
			return given
		}
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "goshawk")
	}
	return ""
}

// buildIdentity tells this build from every other: by version and revision, and, since not every change has a revision, by
// place, size and time of the program. It is empty if the program can't be found.
func buildIdentity() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	v := buildVersion()
	return fmt.Sprintf("%s %s %q %d %d", v.number, v.revision, path, info.Size(), info.ModTime().UnixNano())
}
