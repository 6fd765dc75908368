package report

import (
	_ "embed" // for wellKnownText
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

//go:embed wellknown.txt
var wellKnownText string

// wellKnown holds values that are on most machines, by type and value; a domain that begins with a dot stands for all below
// it. See wellknown.txt for the source.
var wellKnown = readWellKnown()

func readWellKnown() map[indicatorKey]string {
	known, note := map[indicatorKey]string{}, ""
	for line := range strings.Lines(wellKnownText) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			note = strings.Trim(line, "[]")
		default:
			kind, value, _ := strings.Cut(line, " ")
			known[indicatorKey{kind, value}] = note
		}
	}
	return known
}

var specialNets = func() (nets []struct {
	prefix netip.Prefix
	note   string
}) {
	for _, s := range [][2]string{
		{"10.0.0.0/8", "private"}, {"172.16.0.0/12", "private"}, {"192.168.0.0/16", "private"}, {"fc00::/7", "private"},
		{"127.0.0.0/8", "loopback"}, {"::1/128", "loopback"},
		{"169.254.0.0/16", "link-local"}, {"fe80::/10", "link-local"},
		{"100.64.0.0/10", "shared address space"},
		{"192.0.2.0/24", "documentation"}, {"198.51.100.0/24", "documentation"}, {"203.0.113.0/24", "documentation"}, {"2001:db8::/32", "documentation"}, {"3fff::/20", "documentation"},
		{"198.18.0.0/15", "benchmarking"},
		{"224.0.0.0/4", "multicast"}, {"ff00::/8", "multicast"},
		{"0.0.0.0/8", "reserved"}, {"240.0.0.0/4", "reserved"},
	} {
		nets = append(nets, struct {
			prefix netip.Prefix
			note   string
		}{netip.MustParsePrefix(s[0]), s[1]})
	}
	return nets
}()

// noteOf says why a value is no sign of the intruder by itself, or "".
func noteOf(k indicatorKey) string {
	if note := wellKnown[k]; note != "" {
		return "well-known: " + note
	}
	switch k.kind {
	case "ipv4", "ipv6":
		return addressNote(k.value)
	case "domain":
		return domainNote(k.value)
	case "url":
		return urlNote(k.value)
	case "path":
		return pathNote(k.value)
	case "account":
		return accountNote(k.value)
	}
	return ""
}

func addressNote(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return ""
	}
	for _, n := range specialNets {
		if n.prefix.Contains(a) {
			return n.note
		}
	}
	return ""
}

// urlNote is the note of the URL's host.
func urlNote(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return addressNote(host)
	}
	if note := wellKnown[indicatorKey{"domain", host}]; note != "" {
		return "well-known: " + note
	}
	return domainNote(host)
}

// reservedTops are the top-level domains that the public DNS never holds.
var reservedTops = map[string]string{
	"test": "reserved", "example": "documentation", "invalid": "reserved", "localhost": "loopback", "local": "private", "internal": "private", "lan": "private", "home": "private",
	"corp": "private", "localdomain": "private", "arpa": "reverse lookup", "onion": "",
}

func domainNote(s string) string {
	for rest := s; ; {
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			return reservedTops[rest]
		}
		if note := wellKnown[indicatorKey{"domain", rest[i:]}]; note != "" {
			return "well-known: " + note
		}
		if rest == "example.com" || rest == "example.net" || rest == "example.org" {
			return "documentation"
		}
		rest = rest[i+1:]
	}
}

// systemFolders hold what comes with Windows. An intruder can write there too, so only programs that every Windows has are
// marked, by folder and name.
var systemFolders = []string{`c:\windows\`, `c:\windows\system32\`, `c:\windows\syswow64\`, `c:\windows\system32\wbem\`, `c:\windows\system32\windowspowershell\v1.0\`, `c:\windows\syswow64\windowspowershell\v1.0\`}

func pathNote(s string) string {
	lower := strings.ToLower(s)
	i := strings.LastIndexByte(lower, '\\') + 1
	if note := wellKnown[indicatorKey{"program", lower[i:]}]; note != "" && slices.Contains(systemFolders, lower[:i]) {
		return note
	}
	return ""
}

// builtIn are the accounts and groups that every Windows has, without their domain.
var builtIn = map[string]bool{
	"system": true, "local service": true, "network service": true, "anonymous logon": true, "iusr": true, "trustedinstaller": true, "localsystem": true,
	"systemprofile": true, "defaultaccount": true, "wdagutilityaccount": true, "lokaler dienst": true, "netzwerkdienst": true, "root": true,
	"administrators": true, "users": true, "guests": true, "everyone": true, "authenticated users": true, "none": true, "remote desktop users": true, "power users": true, "backup operators": true,
}

func accountNote(s string) string {
	name := strings.ToLower(s[strings.LastIndexByte(s, '\\')+1:])
	switch {
	case builtIn[name]:
		return "built-in account"
	case strings.HasPrefix(name, "dwm-") || strings.HasPrefix(name, "umfd-") || slices.Contains([]string{"s-1-5-18", "s-1-5-19", "s-1-5-20"}, name):
		return "built-in account"
	case strings.HasSuffix(name, "$"):
		return "machine account"
	}
	return ""
}
