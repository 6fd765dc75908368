package synth

import (
	"fmt"
	"strings"
	"sync"

	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

// The shapes of the events that the story and the background need, as Windows 10 and Server 2019 write them:
// field names, types, versions, tasks, keywords and levels. Fields are written "Name:type", a text without type.

// channel is a log of a host, with the name of its file under winevt/Logs.
type channel struct {
	name string
	file string
}

// The channels of a host's collection.
var (
	chSecurity   = &channel{"Security", "Security.evtx"}
	chSystem     = &channel{"System", "System.evtx"}
	chApp        = &channel{"Application", "Application.evtx"}
	chSysmon     = operational("Microsoft-Windows-Sysmon")
	chPowerShell = operational("Microsoft-Windows-PowerShell")
	chClassicPS  = &channel{"Windows PowerShell", "Windows PowerShell.evtx"}
	chDefender   = operational("Microsoft-Windows-Windows Defender")
	chTasks      = operational("Microsoft-Windows-TaskScheduler")
	chSessions   = operational("Microsoft-Windows-TerminalServices-LocalSessionManager")
	chRemote     = operational("Microsoft-Windows-TerminalServices-RemoteConnectionManager")
	chFirewall   = &channel{"Microsoft-Windows-Windows Firewall With Advanced Security/Firewall", "Microsoft-Windows-Windows Firewall With Advanced Security%4Firewall.evtx"}
	chBits       = operational("Microsoft-Windows-Bits-Client")
	chWMI        = operational("Microsoft-Windows-WMI-Activity")

	channels = []*channel{chSecurity, chSystem, chApp, chSysmon, chPowerShell, chClassicPS, chDefender, chTasks, chSessions, chRemote, chFirewall, chBits, chWMI}
)

func operational(provider string) *channel {
	return &channel{provider + "/Operational", provider + "%4Operational.evtx"}
}

// shape is a shape and the channel whose log holds it.
type shape struct {
	ew.Shape
	in   *channel
	spec string // of the fields
	once sync.Once
}

// ready returns the shape with its fields, which are read when it is first used: no other command than the demonstration uses any.
func (s *shape) ready() *ew.Shape {
	s.once.Do(func() { s.Fields = fields(s.spec) })
	return &s.Shape
}

var fieldTypes = map[string]ew.Type{
	"": ew.String, "text": ew.String, "i32": ew.Int32, "u16": ew.Uint16, "u32": ew.Uint32, "u64": ew.Uint64, "bool": ew.Bool, "bin": ew.Binary, "guid": ew.GUIDType,
	"size": ew.Size, "time": ew.FileTime, "sid": ew.SIDType, "h32": ew.Hex32, "h64": ew.Hex64,
}

// fields reads "Name:type, Name" into fields. The type "text" is a string with a stated length.
func fields(spec string) []ew.Field {
	var out []ew.Field
	for part := range strings.SplitSeq(spec, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, kind, _ := strings.Cut(part, ":")
		t, ok := fieldTypes[kind]
		if !ok {
			panic(fmt.Sprintf("field %q has no known type", part))
		}
		out = append(out, ew.Field{Name: name, Type: t, Counted: kind == "text"})
	}
	return out
}

// provider is what the events of one provider have in common.
type provider struct {
	name     string
	guid     string
	in       *channel
	keywords uint64
	level    uint8
	user     string // element within UserData
	space    string // its namespace
	classic  bool
	source   string // EventSourceName
}

// kind is what tells one event of a provider from the others.
type kind struct {
	id         uint16
	version    uint8
	task       uint16
	opcode     uint8
	level      uint8
	qualifiers uint16
	keywords   uint64
	dataName   string
}

func (p provider) event(k kind, spec string) *shape {
	s := &shape{in: p.in, spec: spec}
	s.Provider, s.Channel, s.Keywords, s.Level = p.name, p.in.name, p.keywords, p.level
	s.UserData, s.Namespace, s.SourceName = p.user, p.space, p.source
	if p.guid != "" {
		s.GUID = ew.ParseGUID(p.guid)
	}
	if p.classic {
		s.Form = ew.Classic
	}
	s.EventID, s.Version, s.Task, s.Opcode, s.Qualifiers, s.DataName = k.id, k.version, k.task, k.opcode, k.qualifiers, k.dataName
	if k.level != 0 {
		s.Level = k.level
	}
	if k.keywords != 0 {
		s.Keywords = k.keywords
	}
	return s
}

const (
	auditSuccess = 0x8020000000000000
	auditFailure = 0x8010000000000000
)

var (
	pAudit      = provider{name: "Microsoft-Windows-Security-Auditing", guid: "54849625-5478-4994-a5ba-3e3b0328c30d", in: chSecurity, keywords: auditSuccess}
	pSysmon     = provider{name: "Microsoft-Windows-Sysmon", guid: "5770385f-c22a-43e0-bf4c-06f5698ffbd9", in: chSysmon, keywords: 0x8000000000000000, level: 4}
	pPowerShell = provider{name: "Microsoft-Windows-PowerShell", guid: "a0c1853b-5c40-4b15-8766-3cf1c58f985a", in: chPowerShell, level: 4}
	pDefender   = provider{name: "Microsoft-Windows-Windows Defender", guid: "11cd958a-c507-4ef3-b3f2-5fd9dfbd2c78", in: chDefender, keywords: 0x8000000000000000, level: 4}
	pFirewall   = provider{name: "Microsoft-Windows-Windows Firewall With Advanced Security", guid: "d1bc9aff-2abf-4d71-9146-ecb2a986eb85", in: chFirewall, keywords: 0x8000020000000000, level: 4}
	pTasks      = provider{name: "Microsoft-Windows-TaskScheduler", guid: "de7b24ea-73c8-4a09-985d-5bdadcfa9017", in: chTasks, keywords: 0x8000000000000000, level: 4}
	pSessions   = provider{name: "Microsoft-Windows-TerminalServices-LocalSessionManager", guid: "5d896912-022d-40aa-a3a8-4fa5515c76d7", in: chSessions, keywords: 0x1000000000000000, level: 4, user: "EventXML", space: "Event_NS"}
	pRemote     = provider{name: "Microsoft-Windows-TerminalServices-RemoteConnectionManager", guid: "c76baa63-ae81-421c-b425-340b4b24157f", in: chRemote, keywords: 0x1000000000000000, level: 4, user: "EventXML", space: "Event_NS"}
	pBits       = provider{name: "Microsoft-Windows-Bits-Client", guid: "ef1cc15b-46c1-414e-bb95-e76b077bd51e", in: chBits, keywords: 0x4000000000000000, level: 4}
	pWMI        = provider{name: "Microsoft-Windows-WMI-Activity", guid: "1418ef04-b0b4-4623-bf7e-d74ab47bbdaa", in: chWMI, keywords: 0x4000000000000000, space: "http://manifests.microsoft.com/win/2006/windows/WMI"}
	pServices   = provider{name: "Service Control Manager", guid: "555908d1-a6d7-4695-8e1e-26931d2012f4", in: chSystem, keywords: 0x8080000000000000, level: 4, classic: true, source: "Service Control Manager"}
	pEventLog   = provider{name: "EventLog", in: chSystem, keywords: 0x80000000000000, level: 4, classic: true}
	pInstaller  = provider{name: "MsiInstaller", in: chApp, keywords: 0x80000000000000, level: 4, classic: true}
	pEngine     = provider{name: "PowerShell", in: chClassicPS, keywords: 0x80000000000000, level: 4, classic: true}
	pUpdate     = provider{name: "Microsoft-Windows-WindowsUpdateClient", guid: "945a8954-c147-4acd-923f-40c45405a658", in: chSystem, level: 4}
	pPolicy     = provider{name: "Microsoft-Windows-GroupPolicy", guid: "aea1b4fa-97d1-45f2-a64c-4d69fffd92c9", in: chSystem, keywords: 0x8000000000000000, level: 4}
	pWinlogon   = provider{name: "Microsoft-Windows-Winlogon", guid: "dbe9b383-7cf3-4331-91cc-a3cb16a3b538", in: chSystem, keywords: 0x2000200000000000, level: 4}
)

// cleared is the event that a log begins with after it was cleared; provider and channel stand as text in it.
func cleared(in *channel, id uint16, keywords uint64, spec string) *shape {
	p := provider{name: "Microsoft-Windows-Eventlog", guid: "fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148", in: in, keywords: keywords, level: 4, classic: true,
		user: "LogFileCleared", space: "http://manifests.microsoft.com/win/2004/08/windows/eventlog"}
	return p.event(kind{id: id, task: 104}, spec)
}
