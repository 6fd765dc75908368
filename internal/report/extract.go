package report

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// Indicators are found in two ways: by what a field is called, where the evidence says what a value is (QueryName, TargetUserName),
// and by what text looks like, where it can be told with little guessing (addresses, URLs, hashes, paths of
// programs and scripts). A bare word is taken for a domain only with two dots, in lower case, under a top-level domain that is no
// ending of files too: most words with a dot are files and namespaces.

// maxExtractText bounds the text of one field that is searched.
const maxExtractText = 16 << 10

// maxExtracted bounds the indicators of one field.
const maxExtracted = 64

var (
	urlPattern  = expression(`(?i)\b(?:https?|ftp|wss?)://[^\s"'<>|\\^` + "`" + `{}\x00-\x1f]+`)
	ipv4Pattern = expression(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)
	hashPattern = expression(`\b(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})\b`)
	mailPattern = expression(`(?i)\b[a-z0-9][a-z0-9._%+-]*@(?:[a-z0-9-]+\.)+[a-z]{2,24}\b`)
	pathPattern = expression(`(?i)\b[a-z]:\\(?:[^\\/:*?"<>|\r\n]+\\)*[^\\/:*?"<>|\r\n]+?\.(?:exe|dll|sys|ps1|psm1|bat|cmd|vbs|vbe|jse?|hta|lnk|scr|cpl|ocx|docm?|xlsm?|iso|img|zip|rar|7z|dmp|msi|jar|py|dat|cat|db|tmp|ico)\b`)
	barePattern = expression(`(?:[a-z0-9][a-z0-9-]*\.){2,}(?:com|net|org|info|biz|io|co|me|cc|su|top|xyz|online|site|club|icu|shop|live|pro|tk|ml|ga|cf|gq|pw|ws|ru|cn|hk|tw|in|kr|kp|jp|vn|ir|ua|de|fr|uk|nl|eu|ch|it|es|us|ca|au|br)\b`)
	pathShape   = expression(`(?i)^(?:[a-z]:\\|\\\\|\\\?\?\\|%[a-z()0-9]+%\\|/|\\device\\|\\systemroot\\)[^"<>|*,\r\n]{1,400}$`)
	argsShape   = expression(`\s[-/][A-Za-z]|(?i)\.(?:exe|com|bat|cmd)\s`)
	domainShape = expression(`(?i)^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})\.?$`)
)

var refanger = strings.NewReplacer("hxxp://", "http://", "hxxps://", "https://", "hXXp://", "http://", "hXXps://", "https://",
	"[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[:]", ":", "[://]", "://", "[@]", "@", "[at]", "@")

// fieldRole says what the values of a field are, by its name in lower case with blanks and marks left out.
var fieldRole = map[string]string{
	"queryname": "domain", "destinationhostname": "domain", "sourcehostname": "domain", "host": "domain", "domainname": "domain", "remotehost": "domain", "tlsservername": "domain",
	"targetfilename": "path", "image": "path", "imageloaded": "path", "newprocessname": "path", "processname": "path", "parentimage": "path", "parentprocessname": "path",
	"filename": "path", "filepath": "path", "path": "path", "imagepath": "path", "servicefilename": "path", "targetpath": "path", "sourceimage": "path", "targetimage": "path", "application": "path",
	"user": "account", "targetusername": "account", "subjectusername": "account", "samaccountname": "account", "membername": "account", "accountname": "account",
	"username": "account", "sourceuser": "account", "targetuser": "account", "parentuser": "account", "workstationuser": "account", "targetoutboundusername": "account", "useraccount": "account",
}

// extract returns the indicators of one field, without repeats.
func extract(f field) []indicatorKey {
	text := f.Value
	if len(text) > maxExtractText {
		text = text[:maxExtractText]
	}
	if strings.ContainsAny(text, "[({") || strings.Contains(strings.ToLower(text), "hxxp") {
		text = refanger.Replace(text)
	}
	name := normalName(f.Name)
	x := &extraction{}
	x.byRole(fieldRole[name], text)
	if strings.Contains(name, "version") {
		return x.found // four numbers with dots are no address here
	}
	x.byContent(text)
	return x.found
}

func normalName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

type extraction struct{ found []indicatorKey }

func (x *extraction) add(kind, value string) {
	if value == "" || len(value) > maxIndicatorValue || len(x.found) >= maxExtracted {
		return
	}
	key := indicatorKey{kind, value}
	for _, have := range x.found {
		if have == key {
			return
		}
	}
	x.found = append(x.found, key)
}

func (x *extraction) byRole(role, text string) {
	text = strings.TrimSpace(text)
	switch role {
	case "domain":
		x.domain(text)
	case "path":
		if pathShape().MatchString(text) && !argsShape().MatchString(text) {
			x.path(text)
		}
	case "account":
		x.account(text)
	}
}

func (x *extraction) byContent(text string) {
	x.address(strings.TrimSpace(text))
	if strings.Contains(text, "://") {
		for _, u := range urlPattern().FindAllString(text, maxExtracted) {
			x.url(u)
		}
	}
	if strings.Count(text, ".") >= 3 {
		for _, at := range ipv4Pattern().FindAllStringIndex(text, maxExtracted) {
			if !partOfVersion(text, at[0], at[1]) {
				x.address(text[at[0]:at[1]])
			}
		}
	}
	for _, at := range barePattern().FindAllStringIndex(text, maxExtracted) {
		if isWhole(text, at[0], at[1]) {
			x.domain(text[at[0]:at[1]])
		}
	}
	if len(text) >= 32 {
		for _, h := range hashPattern().FindAllString(text, maxExtracted) {
			x.hash(h)
		}
	}
	if strings.Contains(text, "@") {
		for _, m := range mailPattern().FindAllString(text, maxExtracted) {
			x.add("email", strings.ToLower(m))
		}
	}
	if strings.Contains(text, `:\`) {
		for _, at := range pathPattern().FindAllStringIndex(text, maxExtracted) {
			// Not the beginning of a longer name: PROGRAM.EXE-1A2B3C4D.pf.
			if at[1] == len(text) || strings.IndexByte("-.\\/_~$", text[at[1]]) < 0 {
				x.path(text[at[0]:at[1]])
			}
		}
	}
}

// partOfVersion says whether four numbers go on to both sides, as in 1.2.3.4.5 or v1.2.3.4.
func partOfVersion(text string, from, to int) bool {
	if from > 0 && strings.IndexByte(".vV", text[from-1]) >= 0 {
		return true
	}
	return to+1 < len(text) && text[to] == '.' && text[to+1] >= '0' && text[to+1] <= '9'
}

// isWhole says whether text[from:to] is a word of its own, not a part of a path, a mail address or a longer name.
func isWhole(text string, from, to int) bool {
	const part = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_\@`
	if from > 0 && strings.IndexByte(part+"./", text[from-1]) >= 0 {
		return false
	}
	if to < len(text) && strings.IndexByte(part, text[to]) >= 0 {
		return false
	}
	return to+1 >= len(text) || text[to] != '.' || strings.IndexByte(part, text[to+1]) < 0
}

func (x *extraction) address(s string) {
	s = strings.Trim(s, "[]")
	if host, _, ok := strings.Cut(s, "%"); ok {
		s = host
	}
	if len(s) < 3 || len(s) > 45 {
		return
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		if p, perr := netip.ParseAddrPort(s); perr == nil {
			a, err = p.Addr(), nil
		}
	}
	if err != nil || a.IsUnspecified() {
		return
	}
	if a = a.Unmap(); a.Is4() {
		x.add("ipv4", a.String())
	} else {
		x.add("ipv6", a.String())
	}
}

func (x *extraction) url(s string) {
	s = strings.TrimRight(s, ".,;:!?)]'")
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	x.add("url", u.String())
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		x.address(u.Hostname())
	} else {
		x.domain(u.Hostname())
	}
}

func (x *extraction) domain(s string) {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if len(s) <= 253 && domainShape().MatchString(s) {
		x.add("domain", s)
	}
}

func (x *extraction) hash(s string) {
	s = strings.ToLower(s)
	if strings.Trim(s, "0123456789") == "" || strings.Count(s, s[:1]) == len(s) {
		return // a number, or a filler
	}
	x.add(map[int]string{32: "md5", 40: "sha1", 64: "sha256"}[len(s)], s)
}

func (x *extraction) path(s string) {
	s = strings.TrimPrefix(strings.TrimPrefix(strings.Trim(s, `"' `), `\\?\`), `\??\`)
	if i := strings.LastIndexAny(s, `\/`); i < 0 || i == len(s)-1 {
		return
	}
	x.add("path", s)
}

func (x *extraction) account(s string) {
	switch s {
	case "", "-", "N/A", "%%1833":
		return
	}
	if len(s) <= 256 && !strings.ContainsAny(s, "\n\r\t") {
		x.add("account", s)
	}
}

// expression gives a regular expression that is compiled when it is first asked for: most runs need few of them.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
