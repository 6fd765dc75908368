package evidence

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// layout recognises how a collector lays out what it took. find is a pure function of the parts of a file's path, which begin
// with the name of the argument if that is a folder; a container's name is a part like a folder's, without its ending. It returns
// what the layout says: the file's path on its machine ("C:/Windows/...", "/var/log/..."), the machine, or "".
type layout struct {
	name string
	find func(parts []string) (original, host string)
}

// layouts are asked in order until both are known. To add one, add a line.
var layouts = []layout{
	{"velociraptor", velociraptorLayout},
	{"uac", uacLayout},
	{"kape", driveLayout},
}

// locate asks the layouts where a file comes from. What the collection itself says of its host (hint) counts more
// than a name somebody gave its folder.
func locate(path, hint string) (original, host string) {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if container, ok := strings.CutSuffix(p, "!"); ok {
			parts[i] = withoutEnding(container)
		}
	}
	host = hint
	for _, l := range layouts {
		o, h := l.find(parts)
		if original == "" {
			original = o
		}
		if host == "" {
			host = h
		}
		if original != "" && host != "" {
			break
		}
	}
	return original, host
}

// withoutEnding takes the endings of archives off a name.
func withoutEnding(name string) string {
	for range 2 {
		lower := strings.ToLower(name)
		for _, e := range []string{".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".vhdx", ".vhd"} {
			if strings.HasSuffix(lower, e) {
				name = name[:len(name)-len(e)]
				break
			}
		}
	}
	return name
}

// Velociraptor's offline collector writes Collection-HOST-TIME.zip with uploads/ACCESSOR/PATH, in which each part of the path is
// percent-encoded; its server exports clients/ID/collections/ID/uploads/... under HOST-C.ID-F.ID.zip. The same holds for unpacked ones.
var (
	velociraptorName      = expression(`^Collection-(.+?)(?:-\d{4}-\d{2}-\d{2}T[0-9A-Za-z_:%.+-]*)?$`)
	velociraptorExport    = expression(`^(.+)-C\.[0-9a-fA-F]+-F\.[0-9A-Za-z.]+$`)
	velociraptorAccessors = []string{"auto", "ntfs", "lazy_ntfs", "ntfs_vss", "mft", "file", "fs", "lazy_file", "vss", "bulk"}
	velociraptorDrive     = expression(`^(?:\\\\[.?]\\)?([A-Za-z]):$`)
)

func velociraptorLayout(parts []string) (original, host string) {
	for i, p := range parts {
		p = withoutEnding(p)
		if m := velociraptorName().FindStringSubmatch(p); m != nil && i+1 < len(parts) {
			host = hostName(m[1])
		} else if m := velociraptorExport().FindStringSubmatch(p); m != nil {
			host = hostName(m[1])
		}
		if p != "uploads" || i+2 >= len(parts) || !slices.Contains(velociraptorAccessors, parts[i+1]) {
			continue
		}
		rest := make([]string, 0, len(parts)-i)
		for _, part := range parts[i+2:] {
			if plain, err := url.PathUnescape(part); err == nil {
				part = plain
			}
			rest = append(rest, part)
		}
		if m := velociraptorDrive().FindStringSubmatch(rest[0]); m != nil {
			rest[0] = strings.ToUpper(m[1]) + ":"
			original = strings.Join(rest, "/")
		} else if strings.HasPrefix(rest[0], `\\`) { // a shadow copy by its device
			original = strings.ReplaceAll(strings.Join(rest, "/"), `\`, "/")
		} else {
			original = "/" + strings.Join(rest, "/")
		}
		break // what is nested in an uploaded file has no path of its own on the machine
	}
	return pathText(original), host
}

// UAC writes uac-HOST-SYSTEM-TIME.tar.gz; files lie under [root], output of commands in other folders.
var uacName = expression(`^uac-(.+)-(?:aix|android|esxi|freebsd|haiku|linux|macos|netbsd|netscaler|openbsd|solaris)-\d{8,14}$`)

func uacLayout(parts []string) (original, host string) {
	for i, p := range parts {
		if m := uacName().FindStringSubmatch(withoutEnding(p)); m != nil {
			host = hostName(m[1])
		}
		if p == "[root]" && i+1 < len(parts) {
			return "/" + strings.Join(parts[i+1:], "/"), host
		}
	}
	return "", host
}

// KAPE, and others that copy a tree (CyLR, robocopy), keep paths below a folder named by the drive's letter. Such a letter alone says
// little, so what follows must be a folder or file that Windows has at the root of a drive. Above stands the host, often with a time.
var (
	drivePart  = expression(`^([A-Za-z])(?::|%3[Aa])?$`)
	driveRoots = []string{
		"windows", "users", "programdata", "program files", "program files (x86)", "documents and settings", "inetpub", "perflogs",
		"recovery", "system volume information", "recycler", "winnt", "boot", "windows.old", "pagefile.sys", "hiberfil.sys", "swapfile.sys",
		"$recycle.bin", "$extend", "$mft", "$mftmirr", "$logfile", "$boot", "$bitmap", "$secure", "$secure_$sds", "$attrdef", "$volume", "$j",
		"$usnjrnl", "$i30", "exchange",
	}
	timeBefore = expression(`^\d{4}-?\d{2}-?\d{2}(?:[T_ -]?\d{2}[:_-]?\d{2}(?:[:_-]?\d{2})?(?:\.\d+)?Z?)?[_ -]+`)
	timeAfter  = expression(`[_ -]+\d{4}-?\d{2}-?\d{2}(?:[T_ -]?\d{2}[:_-]?\d{2}(?:[:_-]?\d{2})?(?:\.\d+)?Z?)?$`)
	timeOnly   = expression(`^[0-9TZ:._ -]+$`)
)

func driveLayout(parts []string) (original, host string) {
	for i, p := range parts {
		m := drivePart().FindStringSubmatch(p)
		if m == nil || i+1 >= len(parts) || len(p) == 1 && !slices.Contains(driveRoots, strings.ToLower(parts[i+1])) {
			continue
		}
		return strings.ToUpper(m[1]) + ":/" + strings.Join(parts[i+1:], "/"), hostAbove(parts[:i])
	}
	return "", ""
}

// hostAbove looks for the host among the folders over the drive's, nearest first. A name with a time at one end was made by a
// collector; any other is taken for a host only if it looks like a computer's name, and more so at the top, which the user named.
func hostAbove(parts []string) string {
	for i := len(parts) - 1; i >= max(0, len(parts)-3); i-- {
		part := withoutEnding(parts[i])
		if timeOnly().MatchString(part) {
			continue
		}
		bare := timeAfter().ReplaceAllString(timeBefore().ReplaceAllString(part, ""), "")
		made := bare != part
		name := hostName(bare)
		switch {
		case name == "" || isOrdinaryWord(name):
			continue
		case made, looksLikeComputer(name, i == 0):
			return name
		}
	}
	return ""
}

// hostPattern is what a host's name can be: labels of letters, digits, "-" and "_".
var hostPattern = expression(`^[\pL\d](?:[\pL\d_-]{0,62})(?:\.[\pL\d_-]{1,63})*$`)

func hostName(s string) string {
	if len(s) > 253 || !hostPattern().MatchString(s) {
		return ""
	}
	return s
}

// looksLikeComputer tells "WS-07" and "pc01.example.com" from "my evidence". NetBIOS names have 15 characters at most.
func looksLikeComputer(name string, top bool) bool {
	label, _, qualified := strings.Cut(name, ".")
	if len(label) > 15 && !qualified {
		return false
	}
	upper := name == strings.ToUpper(name)
	return upper || !top && (qualified || strings.ContainsAny(name, "0123456789"))
}

// ordinaryWords are what people call folders of evidence, with or without a number.
var ordinaryWords = []string{
	"artefact", "artefacts", "artifact", "artifacts", "backup", "c", "case", "cases", "client", "collected", "collection", "collections",
	"copy", "cylr", "d", "data", "day", "dest", "disk", "drive", "evidence", "exhibit", "export", "extracted", "fetch", "files", "folder", "forensics", "fs", "host", "hosts",
	"image", "images", "incident", "input", "ir", "item", "kape", "kape_output", "live", "logs", "machine", "mnt", "mount", "ntfs", "out", "output", "part", "raw", "result",
	"results", "root", "sample", "source", "t", "target", "targets", "tdest", "temp", "test", "tmp", "tout", "triage", "uploads", "vol", "volume", "vsc", "vss", "windows", "win", "zip",
}

func isOrdinaryWord(name string) bool {
	return slices.Contains(ordinaryWords, strings.TrimRight(strings.ToLower(name), "0123456789-_."))
}

// isHintName says whether a file of this name tells the collection's host.
func isHintName(name string) bool { return name == "client_info.json" }

// hintInFolder reads the file in which an unpacked collection names its host.
func hintInFolder(folder string, entries []fs.DirEntry) string {
	for _, e := range entries {
		if !isHintName(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		f, err := openQuietly(filepath.Join(folder, e.Name()))
		if err != nil {
			return ""
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxHint))
		if err != nil {
			return ""
		}
		return hintHost(data)
	}
	return ""
}

// hintHost reads a host's name out of Velociraptor's client_info.json: the qualified name if there is one.
func hintHost(data []byte) string {
	var info struct {
		Fqdn, Hostname string
		OSInfo         struct{ Fqdn, Hostname string } `json:"os_info"`
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return ""
	}
	for _, name := range []string{info.Fqdn, info.OSInfo.Fqdn, info.Hostname, info.OSInfo.Hostname} {
		if name = hostName(name); name != "" {
			return name
		}
	}
	return ""
}

// expression gives a regular expression that is compiled when it is first asked for: most runs need few of them.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
