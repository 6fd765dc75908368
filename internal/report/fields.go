package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/finding"
)

// field is a name and value of a finding, in the order of the evidence.
type field struct{ Name, Value string }

// maxFields bounds the fields of one finding that are looked at.
const maxFields = 512

// fieldsOf reads the fields of a finding, which are valid JSON since the finding was read from such. What is not an object
// gives none. It is called for every finding of a case, so it steps over the text by itself: encoding/json would look at
// each byte three times.
func fieldsOf(f *finding.Finding) []field {
	text := bytes.TrimSpace(f.Fields)
	if len(text) < 2 || text[0] != '{' {
		return nil
	}
	var all []field
	for i := 1; i < len(text) && len(all) < maxFields; {
		if text[i] != '"' {
			i++ // a blank, a comma, the end
			continue
		}
		name := text[i:valueEnd(text, i)]
		i += len(name)
		for i < len(text) && (text[i] == ':' || text[i] <= ' ') {
			i++
		}
		value := text[i:valueEnd(text, i)]
		i += max(len(value), 1)
		all = append(all, field{valueText(name), valueText(value)})
	}
	return all
}

// valueEnd returns the end of the JSON value that begins at i.
func valueEnd(text []byte, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(text))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth <= 1 {
				return i + depth // the value's own end, or that of the object that it stands in
			}
			depth--
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// valueText gives a string as it is, a list of strings with commas, and everything else as the JSON that it is.
func valueText(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		inside := raw[1:max(1, len(raw)-1)]
		if bytes.IndexByte(inside, '\\') < 0 && utf8.Valid(inside) {
			return string(inside)
		}
		return string(event.AppendUnescaped(nil, inside))
	case '[':
		var list []string
		if json.Unmarshal(raw, &list) == nil {
			return strings.Join(list, ", ")
		}
	case 'n':
		return ""
	}
	return string(raw)
}

// telling names the fields that say most about an event, the most telling first.
var telling = []string{
	"CommandLine", "ProcessCommandLine", "ScriptBlockText", "Payload", "HostApplication", "command", "cmd", "QueryName", "DestinationHostname", "url", "TargetObject", "ObjectName",
	"ImagePath", "ServiceFileName", "TaskName", "TargetFilename", "ImageLoaded", "SourceImage", "RelativeTargetName", "ShareName", "Path", "New Value", "RuleName",
	"DestinationIp", "IpAddress", "TargetUserName", "MemberName", "ServiceName", "Image", "NewProcessName", "PipeName", "SubjectUserName", "User", "message", "Data", "body",
}

// gist picks the field that says most about an event.
func gist(fields []field) (f field, ok bool) {
	for _, name := range telling {
		for _, f := range fields {
			if f.Value != "" && f.Value != "-" && strings.EqualFold(f.Name, name) {
				return f, true
			}
		}
	}
	for _, f := range fields {
		switch {
		case f.Value == "" || f.Value == "-" || strings.EqualFold(f.Name, "Computer") || strings.EqualFold(f.Name, "host"):
		default:
			return f, true
		}
	}
	return field{}, false
}
