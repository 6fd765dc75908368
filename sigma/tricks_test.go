package sigma

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// logon is an event as the Security log has it: many texts, of which rules ask for few.
var logon = testEvent{
	schema: Schema{
		Product: "windows", Channel: "Security", Provider: "Microsoft-Windows-Security-Auditing", EventID: "4624",
		Fields: []string{
			"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "TargetUserSid", "TargetUserName", "TargetDomainName",
			"TargetLogonId", "LogonType", "LogonProcessName", "AuthenticationPackageName", "WorkstationName", "LogonGuid", "TransmittedServices",
			"LmPackageName", "KeyLength", "ProcessId", "ProcessName", "IpAddress", "IpPort", "ImpersonationLevel", "Computer",
		},
	},
	values: [][]string{
		{"S-1-5-18"}, {"WS014$"}, {"EXAMPLE"}, {"0x3e7"}, {"S-1-5-21-1111111111-2222222222-3333333333-1104"}, {"svc-backup"}, {"EXAMPLE"},
		{"0x8d3f1a"}, {"5"}, {"Advapi  "}, {"Negotiate"}, {"WS014"}, {"{00000000-0000-0000-0000-000000000000}"}, {"-"},
		{"-"}, {"0"}, {"0x2f4"}, {`C:\Windows\System32\services.exe`}, {"-"}, {"-"}, {"%%1833"}, {"ws014.example.com"},
	},
}

func init() {
	logon.schema.Apart = make([]bool, len(logon.values))
	processCreation.schema.Apart = make([]bool, len(processCreation.values))
}

// variants are events like e, with the numbers in their texts turned, so that not all values recur.
func variants(e *testEvent, n int) (out []*testEvent) {
	for i := range n {
		v := &testEvent{schema: e.schema, nulls: e.nulls}
		for _, values := range e.values {
			turned := strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return '0' + (r-'0'+rune(i))%10
				}
				return r
			}, values[0])
			v.values = append(v.values, []string{turned})
		}
		out = append(out, v)
	}
	return out
}

// BenchmarkTricks shows what each trick buys: the same records with one of them left out.
func BenchmarkTricks(b *testing.B) {
	shared(b, "sigma/rules")
	c, _ := corpusRules()
	engine, _ := Compile(c, Options{})
	for _, e := range []*testEvent{&processCreation, &logon} {
		binding := engine.Bind(&e.schema)
		var raws, texts []Record
		for _, v := range variants(e, 10) {
			raws, texts = append(raws, newFrozen(v)), append(texts, v)
		}
		blind, single := *binding, *binding
		blind.screen = nil
		textwise := *binding.screen
		textwise.sweep = nil
		single.screen = &textwise
		for _, way := range []struct {
			name    string
			binding *Binding
			records []Record
			set     func(*Matcher)
		}{
			{"all", binding, raws, func(*Matcher) {}},
			{"values_as_texts", binding, texts, func(*Matcher) {}},
			{"nothing_remembered", binding, raws, func(m *Matcher) { m.testOnlyForget = true }},
			{"no_sweep", &single, raws, func(*Matcher) {}},
			{"no_screen", &blind, raws, func(*Matcher) {}},
			{"nothing_remembered_plain_regexp", binding, raws, func(m *Matcher) { m.testOnlyForget, m.testOnlyRegexp = true, true }},
		} {
			b.Run(fmt.Sprintf("%s/%s", e.schema.EventID, way.name), func(b *testing.B) {
				m := NewMatcher()
				way.set(m)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					way.binding.Match(m, way.records[i%len(way.records)], func(*Match) {})
				}
			})
		}
	}
}

// frozen is a rawEvent whose values lie ready, as they do in evidence.
type frozen struct {
	*testEvent
	raws  []Raw
	piece []byte // the texts, one behind the other
}

func newFrozen(e *testEvent) frozen {
	f := frozen{testEvent: e, raws: make([]Raw, len(e.values))}
	fields := make([]int32, len(e.values))
	for i := range fields {
		fields[i] = int32(i)
	}
	rawEvent{e}.Raw(f.raws, fields)
	for _, raw := range f.raws {
		f.piece = append(f.piece, raw.Bytes...)
	}
	return f
}

// Raw shows the values.
func (f frozen) Raw(dst []Raw, fields []int32) {
	for i, field := range fields {
		dst[i] = f.raws[field]
	}
}

// AnyText shows the texts.
func (f frozen) AnyText(_ uint64, but []int32, piece, say func([]byte) bool) bool {
	if piece != nil && !piece(f.piece) {
		return false
	}
	for i := range f.raws {
		if slices.Contains(but, int32(i)) {
			continue
		}
		if f.raws[i].Tag == RawUTF16 && say(f.raws[i].Bytes) {
			return true
		}
	}
	return false
}
