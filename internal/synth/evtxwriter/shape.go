package evtxwriter

import (
	"crypto/sha256"
	"fmt"
	"sync"
)

// Form is how a provider's events are laid out.
type Form uint8

// The forms that Windows writes.
const (
	// Manifest: one template for the envelope of all providers, the body a template of its own, nested in it.
	Manifest Form = iota
	// Classic: provider and channel stand as text in the envelope's template; the body is nested as a fragment.
	// With no Fields the body is a list of strings and a binary, as programs write that call ReportEvent.
	Classic
	// Inline: the body's elements stand in the envelope's own template, as in logs that were exported.
	Inline
)

// Shape states what is constant for one kind of event. It must not be changed after its first use.
type Shape struct {
	Form       Form
	Provider   string
	GUID       GUID   // of the provider; left out of classic events where zero
	SourceName string // EventSourceName, classic events only
	EventID    uint16
	Qualifiers uint16 // classic events only
	Version    uint8
	Level      uint8
	Opcode     uint8
	Task       uint16
	Keywords   uint64
	Channel    string

	UserData  string // element within UserData; "" for EventData
	Namespace string // of that element
	DataName  string // EventData's own Name, as the task scheduler has it
	Fields    []Field

	once  sync.Once
	inner template // of the body
}

// Field is one value of an event's body.
type Field struct {
	Name string
	Type Type
	// Counted marks a string whose length is stated, so that no NUL ends it; so are all of classic events.
	Counted bool
}

// template is the tree of a template definition and its name.
type template struct {
	guid GUID
	root element
}

// element is an element of a template; its content is either text, a substitution or elements.
type element struct {
	name  string
	dep   uint16 // the substitution without which the element is left out, 0xffff for none
	attrs []attribute
	body  content
	kids  []element
}

type attribute struct {
	name string
	body content
}

// content is text or the place of a value.
type content struct {
	text     string
	value    bool
	index    uint16
	typ      Type
	optional bool
}

const noDep = 0xffff

func text(s string) content { return content{text: s} }

func optional(i uint16, t Type) content {
	return content{value: true, index: i, typ: t, optional: true}
}

func always(i uint16, t Type) content { return content{value: true, index: i, typ: t} }

// The places of the envelope's values.
const (
	valueLevel = iota
	valueOpcode
	valueTask
	valueEventID
	valueQualifiers
	valueKeywords
	valueTime
	valueActivity
	valueProcess
	valueThread
	valueRecordID
	valueVersion
	valueUser
	valueRelated      // manifest only; 14 to 16 name provider, its GUID and the channel
	manifestBody = 17 // the nested body
	classicBody  = 19
	inlineFirst  = 19 // the first of the body's own values
)

const (
	eventNamespace = "http://schemas.microsoft.com/win/2004/08/events/event"
)

// prepare builds the shape's templates. The computer's name stands as text in the envelope's template, so a
// shape is prepared for each computer by its writer.
func (s *Shape) prepare() {
	s.once.Do(func() {
		for i := range s.Fields {
			s.Fields[i].Counted = s.Fields[i].Counted || s.Form == Classic
		}
		s.inner = s.bodyTemplate()
	})
}

func (s *Shape) bodyTemplate() template {
	root := element{name: "EventData", dep: noDep}
	if s.UserData != "" {
		root.name = s.UserData
		root.attrs = append(root.attrs, attribute{"xmlns", text(s.Namespace)})
	}
	if s.DataName != "" {
		root.attrs = append(root.attrs, attribute{"Name", text(s.DataName)})
	}
	root.kids = s.bodyElements(0)
	return template{named(root), root}
}

// bodyElements gives the elements of the body's values, of which the first has the number first.
func (s *Shape) bodyElements(first uint16) []element {
	if len(s.Fields) == 0 && s.Form == Classic {
		return []element{
			{name: "Data", dep: first, body: optional(first, String|Array)},
			{name: "Binary", dep: first + 2, body: optional(first+2, Binary)},
		}
	}
	var out []element
	for i, f := range s.Fields {
		e := element{name: "Data", dep: noDep, attrs: []attribute{{"Name", text(f.Name)}}, body: always(first+uint16(i), f.Type)}
		switch {
		case s.UserData != "":
			e.name, e.attrs = f.Name, nil
		case s.Form == Classic && f.Type == Binary && f.Name == "Binary":
			e.name, e.attrs = "Binary", nil
		}
		out = append(out, e)
	}
	return out
}

// envelopeTemplate builds the template of the Event element for one computer.
func (s *Shape) envelopeTemplate(computer string) template {
	body, related := uint16(manifestBody), uint16(valueRelated)
	provider := element{name: "Provider", dep: noDep, attrs: []attribute{{"Name", optional(14, String)}, {"Guid", optional(15, GUIDType)}}}
	channel := element{name: "Channel", dep: 16, body: optional(16, String)}
	if s.Form != Manifest {
		body, related = classicBody, 18
		provider.attrs = []attribute{{"Name", text(s.Provider)}}
		if s.GUID != (GUID{}) {
			provider.attrs = append(provider.attrs, attribute{"Guid", text(fmt.Sprintf("{%s}", lower(s.GUID.String())))})
		}
		if s.SourceName != "" {
			provider.attrs = append(provider.attrs, attribute{"EventSourceName", text(s.SourceName)})
		}
		channel = element{name: "Channel", dep: noDep, body: text(s.Channel)}
	}
	simple := func(name string, i uint16, t Type) element { return element{name: name, dep: i, body: optional(i, t)} }
	system := element{name: "System", dep: noDep, kids: []element{
		provider,
		{name: "EventID", dep: valueEventID, attrs: []attribute{{"Qualifiers", optional(valueQualifiers, Uint16)}}, body: optional(valueEventID, Uint16)},
		simple("Version", valueVersion, Uint8),
		simple("Level", valueLevel, Uint8),
		simple("Task", valueTask, Uint16),
		simple("Opcode", valueOpcode, Uint8),
		simple("Keywords", valueKeywords, Hex64),
		{name: "TimeCreated", dep: noDep, attrs: []attribute{{"SystemTime", optional(valueTime, FileTime)}}},
		simple("EventRecordID", valueRecordID, Uint64),
		{name: "Correlation", dep: noDep, attrs: []attribute{{"ActivityID", optional(valueActivity, GUIDType)}, {"RelatedActivityID", optional(related, GUIDType)}}},
		{name: "Execution", dep: noDep, attrs: []attribute{{"ProcessID", optional(valueProcess, Uint32)}, {"ThreadID", optional(valueThread, Uint32)}}},
		channel,
		{name: "Computer", dep: noDep, body: text(computer)},
		{name: "Security", dep: noDep, attrs: []attribute{{"UserID", optional(valueUser, SIDType)}}},
	}}
	root := element{name: "Event", dep: body, attrs: []attribute{{"xmlns", text(eventNamespace)}}, kids: []element{system}}
	nested := element{dep: noDep, body: optional(body, binXML)} // no name: the place of the nested body
	switch {
	case s.Form == Inline:
		inner := s.bodyTemplate().root
		inner.kids = s.bodyElements(inlineFirst)
		root.dep, nested = noDep, inner
		if s.UserData != "" {
			nested = element{name: "UserData", dep: noDep, kids: []element{inner}}
		}
	case s.UserData != "":
		nested = element{name: "UserData", dep: body, body: optional(body, binXML)}
	}
	root.kids = append(root.kids, nested)
	return template{named(root), root}
}

// named derives a template's GUID from what it says, so that the same template has the same GUID in every file,
// as on Windows.
func named(root element) GUID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", root))
	return GUID(sum[:16])
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return string(b)
}
