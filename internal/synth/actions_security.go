package synth

import (
	"fmt"
	"strings"
	"time"

	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

// origin is where a logon comes from: an address and a machine's name, "-" where it isn't said.
type origin struct{ from, station string }

// logon lets an account log on.
func (h *host) logon(t time.Time, a account, kind uint32, o origin, m *mark) {
	from, station := o.from, o.station
	process, auth, pid, image, port := "Kerberos", "Kerberos", uint64(0), "-", "-"
	switch kind {
	case 2, 7, 11:
		process, auth, pid, image = "User32 ", "Negotiate", 1180, `C:\Windows\System32\svchost.exe`
	case 10:
		process, auth, pid, image = "User32 ", "Negotiate", 1180, `C:\Windows\System32\svchost.exe`
	case 5:
		process, auth, pid, image = "Advapi  ", "Negotiate", pidService, `C:\Windows\System32\services.exe`
	}
	if station != "-" && kind == 3 {
		process, auth = "NtLmSsp ", "NTLM"
	}
	if from != "-" {
		port = fmt.Sprint(49700 + h.r.IntN(15000))
	}
	by := h.machine()
	if kind == 3 {
		by = account{"-", "-", "S-1-0-0", 0, 0, ""}
	}
	elevated, lm, bits := "%%1843", "-", uint32(0)
	if a.level != "Medium" {
		elevated = "%%1842"
	}
	if auth == "NTLM" {
		lm, bits = "NTLM V2", 128
	}
	h.audit(t, secLogon, m, append(who(by), a.sid, a.name, a.domain, a.logonID, kind, process, auth, station, ew.GUID{}, "-", lm, bits, pid, image, from, port, "%%1833", "-", "-", "-",
		"%%1843", uint64(0), elevated)...)
	if a.level != "Medium" {
		h.audit(t.Add(time.Millisecond), secPrivileges, nil, append(who(a), "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeDebugPrivilege\r\n\t\t\tSeImpersonatePrivilege")...)
	}
}

// logoff ends a logon.
func (h *host) logoff(t time.Time, a account, kind uint32) {
	h.audit(t, secLogoff, nil, a.sid, a.name, a.domain, a.logonID, kind)
}

// refuse lets a logon over the network fail for a wrong password.
func (h *host) refuse(t time.Time, name, from, station string, m *mark) {
	h.audit(t, secLogonFailed, m, ew.SID("S-1-0-0"), "-", "-", uint64(0), ew.SID("S-1-0-0"), name, domain, uint32(0xc000006d), "%%2313", uint32(0xc000006a), uint32(3),
		"NtLmSsp ", "NTLM", station, "-", "-", uint32(0), uint64(0), "-", from, fmt.Sprint(49700+h.r.IntN(15000)))
}

// explicit uses another account's password on another host.
func (h *host) explicit(t time.Time, p *process, u *user, server string, m *mark) {
	h.audit(t, secExplicit, m, append(who(p.as), ew.GUID{}, u.name, domain, ew.GUID{}, server, server, uint64(p.pid), p.image, "-", "-")...)
}

// folder is a share, the folder behind it, and a file in it if one is named.
type folder struct{ name, local, file string }

// share opens a share, and a file on it if one is named.
func (h *host) share(t time.Time, a account, from string, f folder, m *mark) {
	name, local, file := f.name, f.local, f.file
	port := fmt.Sprint(49700 + h.r.IntN(15000))
	h.audit(t, secShare, m, append(who(a), "File", from, port, `\\*\`+name, local, uint32(1), "%%4416\r\n\t\t\t\t")...)
	if file != "" {
		h.audit(t.Add(30*time.Millisecond), secShareFile, m, append(who(a), "File", from, port, `\\*\`+name, local, file, uint32(0x120089), "%%4416\r\n\t\t\t\t%%4419\r\n\t\t\t\t", "-")...)
	}
}

// read opens a file that is under audit.
func (h *host) read(t time.Time, p *process, file string, m *mark) {
	h.audit(t, secAccess, m, append(who(p.as), "Security", "File", file, uint64(0x400+4*h.r.IntN(900)), "%%4416\r\n\t\t\t\t", uint32(1), uint64(p.pid), p.image, "S:AI")...)
}

// service installs a service.
func (h *host) service(t time.Time, name, command string, a account, m *mark) {
	h.other(t, sysService, m, a.sid, name, command, "user mode service", "auto start", "LocalSystem")
	h.audit(t, secService, m, append(who(a), name, command, uint32(0x10), uint32(2), "LocalSystem")...)
}

// serviceState tells that a service runs or stopped.
func (h *host) serviceState(t time.Time, name, short, state string, m *mark) {
	h.other(t, sysServiceState, m, "", name, state, wide(short+"/1"))
}

// wide is text as the binary of a service's event has it.
func wide(s string) []byte {
	var b []byte
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return append(b, 0, 0)
}

// job is a scheduled task and what it runs.
type job struct{ name, command, arguments string }

// task registers a scheduled task.
func (h *host) task(t time.Time, p *process, a account, j job, m *mark) {
	h.audit(t, secTask, m, append(who(a), j.name, taskXML(a, j), uint64(2251799813691708), p.pid, pidOf(p.parent), uint32(0), h.fqdn())...)
	h.other(t.Add(5*time.Millisecond), taskRegistered, m, "S-1-5-18", j.name, a.full())
}

// untask deletes a scheduled task.
func (h *host) untask(t time.Time, p *process, a account, name string, m *mark) {
	h.audit(t, secTaskGone, m, append(who(a), name, "", uint64(2251799813691708), p.pid, pidOf(p.parent), uint32(0), h.fqdn())...)
	h.other(t.Add(5*time.Millisecond), taskDeleted, m, "S-1-5-18", name, a.full())
}

func pidOf(p *process) uint32 {
	if p == nil {
		return 0
	}
	return p.pid
}

// runTask lets a scheduled task run.
func (h *host) runTask(t time.Time, name, command string, m *mark) {
	id := h.guid("task", name, t.UnixNano())
	h.other(t, taskStarted, nil, "S-1-5-18", name, system+`\SYSTEM`, id)
	h.other(t.Add(3*time.Millisecond), taskAction, m, "S-1-5-18", name, command, id, uint32(1480))
	h.other(t.Add(2*time.Second), taskActionDone, nil, "S-1-5-18", name, id, command, uint32(0), uint32(1480))
	h.other(t.Add(2*time.Second+time.Millisecond), taskFinished, nil, "S-1-5-18", name, system+`\SYSTEM`, id)
}

func taskXML(a account, j job) string {
	lines := []string{
		`<?xml version="1.0" encoding="UTF-16"?>`,
		`<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">`,
		`  <RegistrationInfo><Author>` + a.full() + `</Author><URI>` + j.name + `</URI></RegistrationInfo>`,
		`  <Triggers><TimeTrigger><StartBoundary>2026-01-01T00:00:00</StartBoundary><Enabled>true</Enabled></TimeTrigger></Triggers>`,
		`  <Principals><Principal id="Author"><RunLevel>HighestAvailable</RunLevel><UserId>S-1-5-18</UserId></Principal></Principals>`,
		`  <Actions Context="Author"><Exec><Command>` + j.command + `</Command><Arguments>` + j.arguments + `</Arguments></Exec></Actions>`,
		`</Task>`,
	}
	return strings.Join(lines, "\r\n")
}

// script runs a block of PowerShell, as the block's own log and the engine's tell it.
func (h *host) script(t time.Time, p *process, text, file string, m *mark) {
	s := psScript
	if m != nil {
		s = psScriptWarning
	}
	h.log(s, ew.Event{Time: t, Process: p.pid, Thread: p.pid + 12, User: p.as.sid, Activity: h.guid("activity", p.pid, t.UnixNano()),
		Values: []any{int32(1), int32(1), text, guidText(h.guid("block", text, t.UnixNano())), file}}, m.trace())
}

// engine tells that PowerShell began, in the classic log and in its own.
func (h *host) engine(t time.Time, p *process) {
	e := func(s *shape, at time.Time, values ...any) {
		h.log(s, ew.Event{Time: at, Process: p.pid, Thread: p.pid + 4, User: p.as.sid, Values: values}, nil)
	}
	detail := "\tNewEngineState=Available\r\n\tPreviousEngineState=None\r\n\r\n\tSequenceNumber=13\r\n\r\n\tHostName=ConsoleHost\r\n\tHostVersion=5.1.19041.4291\r\n\tHostId=" +
		guidText(h.guid("ps", p.pid)) + "\r\n\tHostApplication=" + p.line + "\r\n\tEngineVersion=5.1.19041.4291\r\n\tRunspaceId=" + guidText(h.guid("rs", p.pid)) +
		"\r\n\tPipelineId=\r\n\tCommandName=\r\n\tCommandType=\r\n\tScriptName=\r\n\tCommandPath=\r\n\tCommandLine="
	e(psConsoleStarting, t)
	e(psProvider, t.Add(20*time.Millisecond), "Registry", "Started", "\tProviderName=Registry\r\n\tNewProviderState=Started\r\n\r\n\tHostApplication="+p.line)
	e(psEngineStart, t.Add(60*time.Millisecond), "Available", "None", detail)
	e(psConsoleReady, t.Add(80*time.Millisecond))
}

func guidText(g ew.GUID) string { return strings.ToLower(g.String()) }

// defender queues an event of Defender, which begins with the product.
func (h *host) defender(t time.Time, s *shape, m *mark, values ...any) {
	h.log(s, ew.Event{Time: t, Process: 2892, Thread: 4408, User: "S-1-5-18", Values: append([]any{"Microsoft Defender Antivirus", "4.18.24010.12"}, values...)}, m.trace())
}

// wipe clears a log: the event that tells of it is the first of the log Security and stands in the log System
// for all others.
func (h *host) wipe(t time.Time, c *channel, a account, m *mark) {
	h.clear(c, t)
	if c == chSecurity {
		h.log(secCleared, ew.Event{Time: t.Add(time.Millisecond), Process: 1108, Thread: 5512, Values: who(a)}, m.trace())
		return
	}
	h.log(sysCleared, ew.Event{Time: t.Add(time.Millisecond), Process: 1108, Thread: 5512, User: a.sid, Values: []any{a.name, a.domain, c.name, ""}}, m.trace())
}

// allow adds a rule to the firewall.
func (h *host) allow(t time.Time, p *process, name string, port string, m *mark) {
	h.log(fwAdded, ew.Event{Time: t, Process: 2672, Thread: 3140, User: "S-1-5-19", Values: []any{"{" + h.guid("rule", name).String() + "}", name, uint32(1), "", "", uint32(1), uint16(6),
		port, "*", uint32(3), uint32(0x7fffffff), "*", "*", "", "", "", uint16(1), uint16(1), uint16(0), uint16(0), uint16(0), p.as.sid, p.image, uint16(542), uint32(65536), uint16(0)}}, m.trace())
}
