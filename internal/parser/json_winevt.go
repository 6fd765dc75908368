package parser

import (
	"strings"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// windowsEnvelope are the members of System that the envelope of a record shows.
var windowsEnvelope = map[string]bool{
	"Provider_Name": true, "EventID": true, "EventRecordID": true, "Channel": true, "Computer": true, "TimeCreated_SystemTime": true,
}

// windowsAliases gives what a record has under another name the name that event logs have for it, so that one rule
// fits both. A role, or the names of members, the best first.
var windowsAliases = []struct {
	name    string
	role    jsonRole
	members string
}{
	{"Provider_Name", roleProvider, ""},
	{"EventID", roleEventID, ""},
	{"Channel", roleChannel, ""},
	{"Computer", roleHost, ""},
	{"EventRecordID", roleRecordID, ""},
	{"Provider_Guid", jsonRoles, "ProviderGuid winlog.provider_guid ProviderId"},
	{"Level", jsonRoles, "winlog.level level"},
	{"Task", jsonRoles, "winlog.task task"},
	{"Opcode", jsonRoles, "winlog.opcode opcode"},
	{"Keywords", jsonRoles, "winlog.keywords keywords"},
	{"Version", jsonRoles, "winlog.version version"},
	{"Execution_ProcessID", jsonRoles, "ExecutionProcessID winlog.process.pid process_id"},
	{"Execution_ThreadID", jsonRoles, "ThreadID winlog.process.thread.id thread_id"},
	{"Correlation_ActivityID", jsonRoles, "ActivityID winlog.activity_id"},
	{"Security_UserID", jsonRoles, "UserID winlog.user.identifier"},
}

// nameWindows names the fields of a Windows event as they are named when the event is read from a log: members of EventData
// and UserData by their own names, those of System as Element or Element_Attribute. What is neither keeps its name.
func (s *jsonShape) nameWindows(names []string, slots map[string]int32) {
	s.fields = make([]event.Field, len(names))
	s.slotOf = make([]int32, len(names))
	taken := make(map[string]bool, len(names)+len(windowsAliases))
	for _, system := range [...]bool{false, true} {
		for i, full := range names {
			f, inSystem := windowsField(trimJSONName(full))
			if inSystem != system {
				continue
			}
			if taken[f.Name] && system {
				f.Name, f.Envelope = "System_"+f.Name, false
			}
			if taken[f.Name] {
				f.Name = full
			}
			taken[f.Name] = true
			s.fields[i], s.slotOf[i] = f, int32(i)
		}
	}
	for _, a := range windowsAliases {
		at := int32(-1)
		if a.role < jsonRoles {
			at = s.roles[a.role]
		}
		for _, n := range strings.Fields(a.members) {
			if at < 0 {
				at = slots[n] - 1
			}
		}
		if at >= 0 && !taken[a.name] {
			s.fields = append(s.fields, event.Field{Name: a.name, Envelope: true})
			s.slotOf = append(s.slotOf, at)
		}
	}
}

// windowsField names a member, and says whether it stands in System.
func windowsField(name string) (f event.Field, system bool) {
	if rest, ok := strings.CutPrefix(name, "System."); ok {
		rest = strings.TrimSuffix(elementName(rest), ".Value")
		rest = strings.ReplaceAll(rest, ".", "_")
		return event.Field{Name: rest, Envelope: windowsEnvelope[rest]}, true
	}
	for _, prefix := range [...]string{"EventData.", "winlog.event_data.", "event_data."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			return event.Field{Name: elementName(rest)}, false
		}
	}
	for _, prefix := range [...]string{"UserData.", "winlog.user_data.", "user_data."} {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || rest == "" {
			continue
		}
		element := elementName(rest)
		if prefix == "UserData." { // an element of any name stands around the members
			if _, inner, ok := strings.Cut(element, "."); ok {
				element = inner
			}
		}
		return event.Field{Name: element}, false
	}
	// The name space of the root says nothing of the event.
	return event.Field{Name: name, Envelope: name == "#attributes.xmlns"}, false
}

// elementName turns the attributes of an element, as evtx_dump writes them, into Element_Attribute.
func elementName(name string) string {
	name = strings.TrimSuffix(name, ".#text")
	if i := strings.Index(name, ".#attributes."); i >= 0 {
		return name[:i] + "_" + name[i+len(".#attributes."):]
	}
	if i := strings.Index(name, "_attributes."); i >= 0 {
		return name[:i] + "_" + name[i+len("_attributes."):]
	}
	return strings.TrimPrefix(name, "#attributes.")
}
