package parser

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// jsonShape is what is known of all objects with the same names in the same order.
type jsonShape struct {
	windows          bool
	product, service string
	fields           []event.Field
	slotOf           []int32 // the slot that holds the values of a field
	roles            [jsonRoles]int32
	schemas          map[string]*event.Schema // by what the roles of the schema hold
}

// jsonRole is what a member is to the envelope of a record.
type jsonRole uint8

const (
	roleEventID jsonRole = iota
	roleChannel
	roleProvider
	roleRecordID
	roleHost
	roleOwnTime      // when the event happened
	roleReceivedTime // when the program that forwards it had it, by the same clock and zone
	roleStampTime    // when it was stored, in UTC
	roleUTCTime      // what the event itself says of its time, in UTC
	jsonRoles
)

// windowsRoles names the members that Windows events have for each role, the best first: as evtx_dump, Velociraptor,
// NXLog, winlogbeat, Get-WinEvent and Azure Monitor write them.
var windowsRoles = [jsonRoles]string{
	roleEventID:      "System.EventID.#text System.EventID.Value System.EventID EventID EventId winlog.event_id event_id Id event.code",
	roleChannel:      "System.Channel Channel winlog.channel LogName log_name",
	roleProvider:     "System.Provider.#attributes.Name System.Provider_attributes.Name System.Provider.Name SourceName ProviderName winlog.provider_name Provider source_name EventSourceName",
	roleRecordID:     "System.EventRecordID RecordNumber EventRecordID EventRecordId RecordId RecordID winlog.record_id record_number record_id",
	roleHost:         "System.Computer Hostname Computer ComputerName MachineName winlog.computer_name computer_name host.name host.hostname hostname",
	roleOwnTime:      "System.TimeCreated.#attributes.SystemTime System.TimeCreated_attributes.SystemTime System.TimeCreated.SystemTime TimeCreated EventTime winlog.time_created",
	roleReceivedTime: "EventReceivedTime",
	roleStampTime:    "@timestamp TimeGenerated timestamp",
	roleUTCTime:      "UtcTime EventData.UtcTime winlog.event_data.UtcTime",
}

// plainRoles names the members that other records have for each role, the best first.
var plainRoles = [jsonRoles]string{
	roleHost: "host.name host.hostname hostname Hostname HostName Computer computer ComputerName host agent.hostname agent.name",
	roleOwnTime: "eventTime EventTime event_time eventTimestamp event_timestamp event.created timestamp Timestamp timeStamp time Time ts _time datetime " +
		"TimeCreated TimeGenerated CreationTime createdDateTime activityDateTime published date_time date created_at CreationDate receiveTimestamp",
	roleReceivedTime: "EventReceivedTime",
	roleStampTime:    "@timestamp TimeGenerated",
}

// jsonProducts tells the products apart whose records name themselves by their members, for Sigma's log sources.
var jsonProducts = []struct{ product, service, members string }{
	{"aws", "cloudtrail", "eventSource eventName awsRegion"},
	{"gcp", "gcp.audit", "protoPayload.methodName protoPayload.serviceName"},
	{"m365", "audit", "Workload Operation RecordType"},
	{"okta", "okta", "eventType published actor.alternateId"},
	{"kubernetes", "audit", "auditID verb objectRef.resource"},
}

// newJSONShape works out what objects with these names are.
func newJSONShape(names []string) *jsonShape {
	s := &jsonShape{schemas: map[string]*event.Schema{}}
	slots := make(map[string]int32, len(names))
	for i, n := range names {
		if n = trimJSONName(n); slots[n] == 0 {
			slots[n] = int32(i) + 1
		}
	}
	s.assign(slots, &windowsRoles)
	if s.windows = s.roles[roleEventID] >= 0 && (s.roles[roleChannel] >= 0 || s.roles[roleProvider] >= 0); s.windows {
		s.product = "windows"
		s.nameWindows(names, slots)
		return s
	}
	s.assign(slots, &plainRoles)
	for i, n := range names {
		s.fields = append(s.fields, event.Field{Name: n})
		s.slotOf = append(s.slotOf, int32(i))
	}
	for _, p := range jsonProducts {
		if hasAll(slots, p.members) {
			s.product, s.service = p.product, p.service
			break
		}
	}
	return s
}

func hasAll(slots map[string]int32, names string) bool {
	for _, n := range strings.Fields(names) {
		if slots[n] == 0 {
			return false
		}
	}
	return true
}

func (s *jsonShape) assign(slots map[string]int32, roles *[jsonRoles]string) {
	for role, names := range roles {
		s.roles[role] = -1
		for _, n := range strings.Fields(names) {
			if at := slots[n]; at > 0 {
				s.roles[role] = at - 1
				break
			}
		}
	}
}

// trimJSONName takes off what exports put around a record: the document of a search engine, the root of an event.
func trimJSONName(name string) string {
	name = strings.TrimPrefix(name, "_source.")
	if inner, ok := strings.CutPrefix(name, "Event."); ok {
		return inner
	}
	return name
}

// maxConstant is the longest provider or channel that a schema takes as its own.
const maxConstant = 256

// schema returns the schema of the object under way.
func (r *jsonReader) schema(s *jsonShape) *event.Schema {
	key := r.key[:0]
	if s.windows {
		for _, role := range [...]jsonRole{roleEventID, roleChannel, roleProvider} {
			if v := r.role(s, role); len(v.Raw) <= maxConstant {
				key = append(key, v.Raw...)
			}
			key = append(key, '\n')
		}
	}
	r.key = key
	if found := s.schemas[string(key)]; found != nil {
		return found
	}
	made := &event.Schema{Source: r.source, Product: s.product, Service: s.service, Fields: s.fields}
	if s.windows {
		made.Provider = r.constant(s, roleProvider)
		made.Channel = r.constant(s, roleChannel)
		id, err := strconv.ParseUint(r.constant(s, roleEventID), 10, 32)
		made.EventID, made.HasEventID = uint32(id), err == nil
	}
	made = jsonSchemas.intern(made)
	if len(s.schemas) >= 1<<12 {
		clear(s.schemas)
	}
	s.schemas[string(key)] = made
	return made
}

// role returns the value that has a role in the object under way; null if none has.
func (r *jsonReader) role(s *jsonShape, role jsonRole) event.Value {
	at := s.roles[role]
	if at < 0 {
		return event.Value{}
	}
	return r.values.value(r.scan.slots[at].first)
}

func (r *jsonReader) constant(s *jsonShape, role jsonRole) string {
	v := r.role(s, role)
	if len(v.Raw) > maxConstant {
		return ""
	}
	return string(v.AppendText(nil))
}

// jsonSchemas are the schemas of all JSON files: records of one shape have one schema, in whatever file or part of
// a file they stand, so that detectors bind to it once.
var jsonSchemas schemaTable

// schemaTable keeps schemas by their content, up to a bound: hostile evidence can make any number.
type schemaTable struct {
	mu    sync.Mutex
	have  map[string]*event.Schema
	bytes int
}

const (
	maxSchemas     = 1 << 14
	maxSchemaBytes = 64 << 20
)

// intern returns the schema with the content of s that was made first.
func (t *schemaTable) intern(s *event.Schema) *event.Schema {
	var key bytes.Buffer
	for _, text := range [...]string{s.Source, s.Product, s.Service, s.Provider, s.Channel, s.File, strconv.FormatUint(uint64(s.EventID), 10)} {
		key.WriteString(strconv.Itoa(len(text)))
		key.WriteByte(':')
		key.WriteString(text)
	}
	if s.HasEventID {
		key.WriteByte('!')
	}
	for _, f := range s.Fields {
		key.WriteString(strconv.Itoa(len(f.Name)))
		key.WriteByte(':')
		if f.Envelope {
			key.WriteByte('^')
		}
		key.WriteString(f.Name)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if have := t.have[key.String()]; have != nil {
		return have
	}
	if t.have == nil || len(t.have) >= maxSchemas || t.bytes > maxSchemaBytes {
		t.have, t.bytes = map[string]*event.Schema{}, 0
	}
	t.have[key.String()] = s
	t.bytes += 2 * key.Len()
	return s
}
