package evidence

import (
	"encoding/binary"
	"encoding/json"
	"path"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is looked at in its first lines only.
const (
	textHead  = 16 << 10
	textLines = 5
)

// kindOfText tells kinds of text apart, "" for what is not text. whole says that head is the whole file.
func kindOfText(head []byte, whole bool) string {
	if text, ok := fromUTF16(head); ok {
		if kind := kindOfLines(text, whole); kind != "text" {
			return kind
		}
		return "text-utf16"
	}
	text := strings.TrimPrefix(string(head[:min(len(head), textHead)]), "\ufeff")
	if !isText(text) {
		return ""
	}
	return kindOfLines(text, whole && len(head) <= textHead)
}

// fromUTF16 decodes text with a byte order mark, or without one where every other byte of the first ones is zero.
func fromUTF16(head []byte) (string, bool) {
	head = head[:min(len(head), textHead)&^1]
	if len(head) < 4 {
		return "", false
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case head[0] == 0xff && head[1] == 0xfe:
		head = head[2:]
	case head[0] == 0xfe && head[1] == 0xff:
		head, order = head[2:], binary.BigEndian
	case head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
	default:
		return "", false
	}
	units := make([]uint16, len(head)/2)
	for i := range units {
		units[i] = order.Uint16(head[2*i:])
	}
	text := string(utf16.Decode(units))
	return text, isText(text)
}

// isText says whether the bytes are lines for people: no control characters but those of lines, tabs, form feeds and
// terminal colours. Bytes above ASCII are fine in any code page.
func isText(s string) bool {
	if s == "" {
		return false
	}
	bad := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == 0:
			return false
		case c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b && c != '\b' && c != 7:
			bad++
		}
	}
	if utf8.ValidString(s) || utf8.ValidString(s[:max(0, len(s)-3)]) || endsInsideRune(s) {
		return bad*100 <= len(s)
	}
	high := 0
	for i := range len(s) {
		if s[i] >= 0x80 {
			high++
		}
	}
	return bad == 0 && (high*3 < len(s) || len(s) >= 256) // so many bytes that are none of 26 are no accident
}

// endsInsideRune says whether s is UTF-8 but for a last character that the cut went through.
func endsInsideRune(s string) bool {
	for n := 1; n <= 3 && n < len(s); n++ {
		if utf8.ValidString(s[:len(s)-n]) {
			return true
		}
	}
	return false
}

// kindOfLines tells what the text is.
func kindOfLines(text string, whole bool) string {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	switch {
	case trimmed == "":
		return "text"
	case strings.HasPrefix(trimmed, "#!"):
		return scriptKind(trimmed)
	case trimmed[0] == '{' || trimmed[0] == '[':
		if kind := jsonKind(trimmed, whole); kind != "" {
			return kind
		}
	case trimmed[0] == '<':
		if kind := markupKind(trimmed); kind != "" {
			return kind
		}
	}
	lower := strings.ToLower(trimmed[:min(len(trimmed), 4096)])
	switch {
	case strings.HasPrefix(lower, "windows registry editor version") || strings.HasPrefix(lower, "regedit4"):
		return "reg-export"
	case strings.HasPrefix(lower, "@echo off"):
		return "script-batch"
	case looksLikeHeaders(trimmed):
		return "email"
	case strings.HasPrefix(trimmed, "#separator ") || strings.HasPrefix(trimmed, "#fields\t"):
		return "zeek"
	case strings.HasPrefix(trimmed, "#Software: ") || strings.HasPrefix(trimmed, "#Version: ") || strings.HasPrefix(trimmed, "#Fields: "):
		return "w3c-log"
	case strings.HasPrefix(trimmed, "[InternetShortcut]"):
		return "url-shortcut"
	case strings.HasPrefix(trimmed, "[ZoneTransfer]"):
		return "zone-identifier"
	case strings.HasPrefix(trimmed, "regf=") || strings.HasPrefix(trimmed, "0|") && strings.Count(firstLine(trimmed), "|") == 10:
		return "bodyfile"
	case isCSV(trimmed):
		return "csv"
	}
	return "text"
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimRight(line, "\r")
}

// scriptKind goes by the interpreter that the first line names.
func scriptKind(text string) string {
	fields := strings.Fields(strings.TrimPrefix(firstLine(text), "#!"))
	if len(fields) == 0 {
		return "text"
	}
	name := path.Base(fields[0])
	if name == "env" {
		for _, f := range fields[1:] {
			if !strings.HasPrefix(f, "-") && !strings.Contains(f, "=") {
				name = path.Base(f)
				break
			}
		}
	}
	name = strings.TrimRight(name, "0123456789.")
	switch name {
	case "sh", "bash", "dash", "ash", "zsh", "ksh", "csh", "tcsh", "fish", "busybox":
		return "script-shell"
	case "python", "perl", "ruby", "php", "node", "lua", "tclsh", "osascript", "awk", "expect":
		return "script-" + name
	case "pwsh":
		return "script-powershell"
	}
	return "script"
}

// jsonKind tells one JSON value from one a line; "" for text that only looks like it.
func jsonKind(text string, whole bool) string {
	first, rest, more := strings.Cut(text, "\n")
	if json.Valid([]byte(first)) {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if more && rest != "" && (rest[0] == '{' || rest[0] == '[') {
			return "jsonl"
		}
		if rest == "" || !whole {
			return "json"
		}
		return ""
	}
	if whole {
		if json.Valid([]byte(text)) {
			return "json"
		}
		if isJSONStart(text) && strings.Count(text, "\n") == 0 {
			return "json" // cut short
		}
		return ""
	}
	if isJSONStart(text) {
		return "json"
	}
	return ""
}

// isJSONStart says whether the text is JSON as far as it goes.
func isJSONStart(text string) bool {
	d := json.NewDecoder(strings.NewReader(text))
	for n := range 64 {
		if _, err := d.Token(); err != nil {
			return n > 1 && strings.Contains(err.Error(), "EOF")
		}
	}
	return true
}

func markupKind(text string) string {
	lower := strings.ToLower(text[:min(len(text), 2048)])
	switch {
	case strings.HasPrefix(lower, "<!doctype html") || strings.HasPrefix(lower, "<html") || strings.Contains(lower, "<html"):
		return "html"
	case strings.HasPrefix(lower, "<!doctype plist") || strings.Contains(lower, "<plist "):
		return "plist-xml"
	case strings.HasPrefix(lower, "<?xml"):
		return "xml"
	case strings.HasPrefix(lower, "<?php"):
		return "script-php"
	case strings.HasPrefix(lower, "<%"):
		return "script-asp"
	case strings.HasPrefix(lower, "<job") || strings.HasPrefix(lower, "<script") || strings.HasPrefix(lower, "<hta:"):
		return "script-html"
	}
	if len(lower) > 2 && (lower[1] >= 'a' && lower[1] <= 'z' || lower[1] == '!') && strings.Contains(firstLine(lower), ">") &&
		!strings.HasPrefix(strings.TrimLeft(lower[1:], "0123456789"), ">") {
		return "xml"
	}
	return ""
}

// looksLikeHeaders asks for a message: header lines first, of which one is a mail's own.
func looksLikeHeaders(text string) bool {
	lines := strings.Split(text[:min(len(text), 8192)], "\n")
	known, good := false, 0
	for _, line := range lines[:min(len(lines), 40)] {
		line = strings.TrimRight(line, "\r")
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		name = strings.TrimRight(name, " ")
		if !ok || name == "" || strings.ContainsAny(name, " \t\"{}<>=[]") {
			break // spam's headers may be broken further down
		}
		good++
		switch strings.ToLower(name) {
		case "received", "return-path", "delivered-to", "message-id", "mime-version", "from", "x-mozilla-status":
			known = true
		}
	}
	return known && good >= 2
}

// isCSV asks the first lines for the same number of one separator.
func isCSV(text string) bool {
	lines := strings.Split(text, "\n")
	if len(lines) < 2 {
		return false
	}
	lines = lines[:min(len(lines)-1, textLines)] // the last may be cut
	for _, sep := range []byte(",;\t|") {
		want := separators(lines[0], sep)
		if want == 0 {
			continue
		}
		same := len(lines) > 1 || want >= 2
		for _, line := range lines[1:] {
			if line != "" && separators(line, sep) != want {
				same = false
			}
		}
		if same {
			return true
		}
	}
	return false
}

// separators counts sep outside of quotes.
func separators(line string, sep byte) int {
	n, quoted := 0, false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case sep:
			if !quoted {
				n++
			}
		}
	}
	return n
}

// zipKinds tell documents and packages that are zips inside by the names in them. These stay one file: what they
// hold is a program's or a document's parts, not files that were collected.
var zipKinds = []struct {
	kind  string
	first string // a name that must be there
	other string // a prefix or suffix that another must have; "" if none
}{
	{"docx", "[Content_Types].xml", "word/"},
	{"xlsx", "[Content_Types].xml", "xl/"},
	{"pptx", "[Content_Types].xml", "ppt/"},
	{"visio", "[Content_Types].xml", "visio/"},
	{"nuget", "[Content_Types].xml", ".nuspec"},
	{"vsix", "[Content_Types].xml", "extension.vsixmanifest"},
	{"msix", "[Content_Types].xml", "AppxManifest.xml"},
	{"opc", "[Content_Types].xml", "_rels/.rels"},
	{"apk", "AndroidManifest.xml", ""},
	{"jar", "META-INF/MANIFEST.MF", ""},
	{"ipa", "iTunesMetadata.plist", "Payload/"},
	{"opendocument", "mimetype", "META-INF/manifest.xml"},
	{"epub", "mimetype", "META-INF/container.xml"},
	{"crx", "manifest.json", "_metadata/verified_contents.json"},
	{"xpi", "manifest.json", "META-INF/mozilla.rsa"},
	{"wheel", "", ".dist-info/WHEEL"},
	{"aff4", "container.description", ""},
}

// zipKind returns the kind of a zip with these members, "zip" for a plain one.
func zipKind(has func(test func(name string) bool) bool) string {
	for _, k := range zipKinds {
		if k.first != "" && !has(func(name string) bool { return name == k.first }) {
			continue
		}
		if k.other == "" || has(func(name string) bool {
			return strings.HasPrefix(name, k.other) || strings.HasSuffix(name, k.other)
		}) {
			return k.kind
		}
	}
	return "zip"
}
