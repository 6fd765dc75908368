package report

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/finding"
)

// field is a name and value of a finding, in the order of the evidence.
type field struct{ Name, Value string }

// maxFields bounds the fields of one finding that are looked at.
const maxFields = 512

// fieldsOf reads the fields of a finding. What is not an object of JSON gives none.
func fieldsOf(f *finding.Finding) []field {
	d := json.NewDecoder(bytes.NewReader(f.Fields))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var all []field
	for d.More() && len(all) < maxFields {
		name, err := d.Token()
		if err != nil {
			return all
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return all
		}
		key, _ := name.(string)
		all = append(all, field{key, valueText(value)})
	}
	return all
}

// valueText gives a string as it is, a list of strings with commas, and everything else as the JSON that it is.
func valueText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
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
	"DestinationIp", "IpAddress", "TargetUserName", "MemberName", "ServiceName", "Image", "NewProcessName", "PipeName", "message", "Data", "body",
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
