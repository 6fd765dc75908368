package synth

import (
	"fmt"
	"slices"
	"time"

	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

// The background: what happens on the company's machines on any day, with the same programs and, now and then,
// the same commands that the intruder uses.

const sys32 = `C:\Windows\System32\`

// start makes the processes known that run since the machine was started.
func (h *host) start() {
	known := func(name, image, line, parent string, a account, pid uint32) {
		h.processes[name] = h.running(image, line, h.processes[parent], a, pid)
	}
	owner := h.account(h.owner)
	known("system", "System", "System", "", localSystem, pidSystem)
	known("wininit", sys32+"wininit.exe", "wininit.exe", "system", localSystem, 588)
	known("services", sys32+"services.exe", sys32+"services.exe", "wininit", localSystem, pidService)
	known("lsass", sys32+"lsass.exe", sys32+"lsass.exe", "wininit", localSystem, pidLSASS)
	known("winlogon", sys32+"winlogon.exe", "winlogon.exe", "system", localSystem, 660)
	known("svchost", sys32+"svchost.exe", sys32+"svchost.exe -k netsvcs -p", "services", localSystem, 1180)
	known("schedule", sys32+"svchost.exe", sys32+"svchost.exe -k netsvcs -p -s Schedule", "services", localSystem, 1480)
	known("dns", sys32+"svchost.exe", sys32+"svchost.exe -k NetworkService -p -s Dnscache", "services", account{"NETWORK SERVICE", system, "S-1-5-20", 0x3e4, 0, "System"}, 1604)
	known("wmi", sys32+`wbem\WmiPrvSE.exe`, sys32+`wbem\wmiprvse.exe`, "svchost", localSystem, 3660)
	known("defender", `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24010.12-0\MsMpEng.exe`, "MsMpEng.exe", "services", localSystem, 2892)
	known("explorer", `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`, "winlogon", owner, 4620)
	if !h.server {
		known("chrome", `C:\Program Files\Google\Chrome\Application\chrome.exe`, `"C:\Program Files\Google\Chrome\Application\chrome.exe"`, "explorer", owner, 4808)
		known("outlook", `C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE`, `"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE"`, "explorer", owner, 4912)
	}
}

// collected is when the responder took the logs.
func (w *world) collected() time.Time { return w.at(Days, "18:00:00") }

// schedule says when something ordinary happens on the day, and queues what happens every day.
func (h *host) schedule(from time.Time) []time.Time {
	h.daily(from)
	weekend := from.Weekday() == time.Saturday || from.Weekday() == time.Sunday
	n := h.w.o.Noise
	if weekend && !h.server {
		n /= 4
	}
	var out []time.Time
	for range n {
		t := time.Duration(h.r.Int64N(int64(24 * time.Hour)))
		if !weekend && h.r.IntN(4) > 0 {
			t = 8*time.Hour + time.Duration(h.r.Int64N(int64(10*time.Hour)))
		}
		if at := from.Add(t); at.Before(h.w.collected()) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// daily queues what happens once a day.
func (h *host) daily(from time.Time) {
	owner := h.account(h.owner)
	clock := func(hour, minute int) time.Time {
		return from.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(h.r.IntN(600000))*time.Millisecond)
	}
	if t := clock(11, 55); t.Before(h.w.collected()) {
		h.other(t, sysUptime, nil, "", "", "", "", "", fmt.Sprint(int(t.Sub(h.boot).Seconds())), "60", "-60 UTC", []byte("1.1\x00"))
	}
	h.defender(clock(3, 10), defUpdated, nil, "1.405.1022.0", "1.405.980.0", "", "", "", system, "SYSTEM", "S-1-5-18", "1", "%%800", "1", "%%803", "1.1.24010.10", "1.1.24010.10")
	id := "{" + h.guid("scan", from).String() + "}"
	h.defender(clock(12, 30), defScanStart, nil, id, "1", "%%802", "1", "%%804", system, "SYSTEM", "S-1-5-18", "")
	h.defender(clock(13, 0), defScanDone, nil, id, "1", "%%802", "1", "%%804", system, "SYSTEM", "S-1-5-18", "0", "04", "31")
	if wd := from.Weekday(); wd == time.Saturday || wd == time.Sunday {
		return
	}
	in, out := clock(8, 0), clock(17, 10)
	h.logon(in, owner, 2, origin{"127.0.0.1", h.name}, nil)
	h.other(in.Add(time.Second), sysUserLogon, nil, "S-1-5-18", owner.session, owner.sid)
	h.other(in.Add(2*time.Second), tsLogon, nil, "S-1-5-18", owner.full(), owner.session, "LOCAL")
	h.other(in.Add(3*time.Second), tsShell, nil, "S-1-5-18", owner.full(), owner.session, "LOCAL")
	if out.Before(h.w.collected()) && from.Before(h.w.at(Days, "00:00:00")) {
		h.audit(out, secUserLogoff, nil, owner.sid, owner.name, owner.domain, owner.logonID)
		h.other(out.Add(time.Second), sysUserLogoff, nil, "S-1-5-18", owner.session, owner.sid)
		h.other(out.Add(2*time.Second), tsLogoff, nil, "S-1-5-18", owner.full(), owner.session)
	}
}

// habit is something ordinary, as often as its weight says.
type habit struct {
	weight int
	do     func(h *host, t time.Time)
}

var everywhere = []habit{
	{18, (*host).serviceLogon}, {14, (*host).housekeeping}, {7, (*host).systemLookup}, {6, (*host).quietRegistry}, {5, (*host).watchLSASS},
	{5, (*host).scheduled}, {3, (*host).serviceChange}, {2, (*host).update}, {2, (*host).policy}, {2, (*host).inventory}, {1, (*host).firewallUpkeep},
	{2, (*host).membership}, {3, (*host).vault}, {2, (*host).transfer}, {1, (*host).defenderUpkeep}, {2, (*host).loadLibrary},
}

var onDesktops = []habit{{30, (*host).browse}, {14, (*host).office}, {5, (*host).unlock}, {3, (*host).saveDownload}, {1, (*host).helpDesk}, {1, (*host).mistype}}

var onServers = []habit{{24, (*host).clientLogon}, {14, (*host).clientShare}, {4, (*host).adminWork}, {2, (*host).adminSession}, {1, (*host).mistype}}

var onController = []habit{{20, (*host).ticket}, {10, (*host).ntlm}, {3, (*host).replicate}}

// happen lets one ordinary thing happen.
func (h *host) happen(t time.Time) {
	lists := [][]habit{everywhere}
	switch {
	case h.server:
		lists = append(lists, onServers)
	case t.Hour() >= 8 && t.Hour() < 18 && t.Weekday() != time.Saturday && t.Weekday() != time.Sunday:
		lists = append(lists, onDesktops)
	}
	if h == h.w.dc {
		lists = append(lists, onController)
	}
	total := 0
	for _, l := range lists {
		for _, e := range l {
			total += e.weight
		}
	}
	n := h.r.IntN(total)
	for _, l := range lists {
		for _, e := range l {
			if n -= e.weight; n < 0 {
				e.do(h, t)
				return
			}
		}
	}
}

// pick takes one of the choices.
func pick[T any](h *host, choices ...T) T { return choices[h.r.IntN(len(choices))] }

func (h *host) soon(most time.Duration) time.Duration { return time.Duration(h.r.Int64N(int64(most))) }

func (h *host) serviceLogon(t time.Time) {
	h.logon(t, localSystem, 5, origin{"-", "-"}, nil)
}

func (h *host) housekeeping(t time.Time) {
	type chore struct{ parent, image, line string }
	j := pick(h,
		chore{"svchost", "backgroundTaskHost.exe", `"C:\Windows\system32\backgroundTaskHost.exe" -ServerName:App.AppXfictional.mca`},
		chore{"schedule", "taskhostw.exe", "taskhostw.exe -RegisterDevice -ProtectionStateChanged -FreeNetworkOnly"},
		chore{"svchost", "RuntimeBroker.exe", sys32 + "RuntimeBroker.exe -Embedding"},
		chore{"services", "svchost.exe", sys32 + "svchost.exe -k wsappx -p -s ClipSVC"},
		chore{"svchost", "dllhost.exe", sys32 + "DllHost.exe /Processid:{3EB3C877-1F16-487C-9050-104DBCD66683}"},
		chore{"services", "SearchIndexer.exe", sys32 + "SearchIndexer.exe /Embedding"},
		chore{"schedule", "rundll32.exe", sys32 + "rundll32.exe Startupscan.dll,SusRunTask"},
		chore{"schedule", "conhost.exe", sys32 + "conhost.exe 0xffffffff -ForceV1"},
		chore{"svchost", "mousocoreworker.exe", sys32 + "mousocoreworker.exe -Embedding"})
	p := h.spawn(t, h.processes[j.parent], program{sys32 + j.image, j.line}, localSystem, nil)
	h.exit(t.Add(time.Second+h.soon(2*time.Minute)), p)
}

func (h *host) systemLookup(t time.Time) {
	n := pick(h, "time.example.com", "updates.example.com", "telemetry.example.com", "lks-dc01."+domainDNS, "crl.example.com")
	h.lookup(t, h.processes["svchost"], n, "198.51.100.8", nil)
	h.connect(t.Add(30*time.Millisecond), h.processes["svchost"], peer{"198.51.100.8", n, 443}, nil)
}

func (h *host) quietRegistry(t time.Time) {
	if h.r.IntN(4) == 0 {
		p := h.processes["svchost"]
		h.sysmonRaw(t, sysKey, nil, "-", "CreateKey", stamp(t), p.guid, p.pid, p.image, `HKLM\System\CurrentControlSet\Services\Tcpip\Parameters\DNSRegisteredAdapters`, p.as.full())
		h.sysmonRaw(t.Add(time.Second), sysPipe, nil, "-", "CreatePipe", stamp(t.Add(time.Second)), p.guid, p.pid, `\PIPE_EVENTROOT\CIMV2SCM EVENT PROVIDER`, p.image, p.as.full())
	}
	key := pick(h, `HKLM\System\CurrentControlSet\Services\bam\State\UserSettings\S-1-5-18\SequenceNumber`, `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run\SecurityHealth`,
		`HKLM\System\CurrentControlSet\Services\W32Time\Config\LastKnownGoodTime`, `HKLM\SOFTWARE\Microsoft\Windows Defender\Signature Updates\SignatureLocation`)
	h.setValue(t, h.processes["svchost"], key, pick(h, "DWORD (0x00000001)", "Binary Data", "QWORD (0x01da6c2a-0x5c1e9a00)"), nil)
}

// watchLSASS is the harmless kind of access that scanners and the system itself make all day.
func (h *host) watchLSASS(t time.Time) {
	h.openProcess(t, h.processes[pick(h, "defender", "svchost", "wmi")], h.processes["lsass"], pick[uint32](h, 0x1000, 0x1400, 0x101000), nil)
}

func (h *host) scheduled(t time.Time) {
	if h.r.IntN(5) == 0 {
		h.other(t, taskUpdated, nil, "S-1-5-18", `\Microsoft\Windows\UpdateOrchestrator\Schedule Scan`, system+`\SYSTEM`)
	}
	h.runTask(t, pick(h, `\Microsoft\Windows\Defrag\ScheduledDefrag`, `\Microsoft\Windows\UpdateOrchestrator\Schedule Scan`, `\GoogleUpdateTaskMachineUA`, `\Larkspur\Inventory`),
		pick(h, `%windir%\system32\defrag.exe`, `%systemroot%\system32\usoclient.exe`), nil)
}

func (h *host) serviceChange(t time.Time) {
	if h.r.IntN(2) == 0 {
		h.other(t, sysServiceStart, nil, "S-1-5-18", "Background Intelligent Transfer Service", "demand start", "auto start", "BITS")
		return
	}
	s := pick(h, [2]string{"Windows Update", "wuauserv"}, [2]string{"Delivery Optimization", "DoSvc"}, [2]string{"Windows Modules Installer", "TrustedInstaller"})
	h.serviceState(t, s[0], s[1], "running", nil)
	h.serviceState(t.Add(time.Minute+h.soon(5*time.Minute)), s[0], s[1], "stopped", nil)
}

func (h *host) update(t time.Time) {
	title, id := pick(h, "Security Intelligence Update for Microsoft Defender Antivirus", "2026-03 Cumulative Update Preview for Windows 10"), h.guid("update", t.UnixNano())
	h.other(t, sysUpdateBegin, nil, "S-1-5-18", title, id, uint32(200))
	h.other(t.Add(40*time.Second), sysUpdateDone, nil, "S-1-5-18", title, id, uint32(200), ew.ParseGUID("9482f4b4-e343-43b6-b170-9a65bc822c77"))
	if h.r.IntN(6) == 0 {
		h.other(t.Add(time.Minute), appInstalled, nil, "S-1-5-18", "Example Reader", "24.1.0", "1033", "0", "Example Software", "(NULL)", []byte("{0F0F0F0F}"))
	}
}

func (h *host) policy(t time.Time) {
	h.other(t, sysPolicyDone, nil, "S-1-5-18", uint32(1), uint32(4292), uint32(1), uint32(30+h.r.IntN(300)), `\\LKS-DC01.`+domainDNS)
}

// inventory is the company's own script, which asks a machine what it is.
func (h *host) inventory(t time.Time) {
	p := h.spawn(t, h.processes["schedule"], program{sys32 + `WindowsPowerShell\v1.0\powershell.exe`,
		`powershell.exe -NoProfile -ExecutionPolicy AllSigned -File C:\ProgramData\Larkspur\inventory.ps1`},
		localSystem, nil)

	h.engine(t.Add(200*time.Millisecond), p)
	h.script(t.Add(time.Second), p, "Get-CimInstance Win32_OperatingSystem | Select-Object Caption, Version, LastBootUpTime", `C:\ProgramData\Larkspur\inventory.ps1`, nil)
	h.log(psPipeline, ew.Event{Time: t.Add(1100 * time.Millisecond), Process: p.pid, Thread: p.pid + 12, User: p.as.sid, Activity: h.guid("activity", p.pid),
		Values: []any{"        Severity = Informational\r\n        Host Name = ConsoleHost\r\n        Host Version = 5.1.19041.4291\r\n        Command Name = Get-CimInstance\r\n        User = " + p.as.full(), "",
			"CommandInvocation(Get-CimInstance): \"Get-CimInstance\"\r\n"}}, nil)
	h.log(psEngineStop, ew.Event{Time: t.Add(3900 * time.Millisecond), Process: p.pid, Thread: p.pid + 4, Values: []any{"Stopped", "Available", "\tNewEngineState=Stopped\r\n\tPreviousEngineState=Available\r\n\r\n\tHostApplication=" + p.line}}, nil)
	h.exit(t.Add(4*time.Second), p)
}

func (h *host) firewallUpkeep(t time.Time) {
	h.log(fwChanged, ew.Event{Time: t, Process: 2672, Thread: 3140, User: "S-1-5-19", Values: []any{"{" + h.guid("edge").String() + "}", "Example Browser (mDNS-In)", uint32(1),
		`C:\Program Files\Google\Chrome\Application\chrome.exe`, "", uint32(1), uint16(17), "5353", "*", uint32(3), uint32(0x7fffffff), "*", "*", "", "", "", uint16(1), uint16(1), uint16(0), uint16(0),
		uint16(0), ew.SID("S-1-5-18"), `C:\Program Files\Google\Update\GoogleUpdate.exe`, uint16(542), uint32(65536), uint16(0)}}, nil)
}

func (h *host) membership(t time.Time) {
	h.audit(t, secMembers, nil, append([]any{"Administrators", "Builtin", ew.SID("S-1-5-32-544")}, append(who(h.machine()), uint64(1180), sys32+"svchost.exe")...)...)
}

func (h *host) vault(t time.Time) {
	h.audit(t, secVault, nil, append(who(h.account(h.owner)), "MicrosoftAccount:target=SSO_POP_Device", uint32(0), uint32(0), "%%8100", uint32(3221226021), h.boot, uint32(4620))...)
}

func (h *host) transfer(t time.Time) {
	id, job, a := h.guid("transfer", t.UnixNano()), h.guid("job", t.UnixNano()), h.account(h.owner)
	h.bits(t, transfer{job, id, "Chrome Component Updater", `C:\Program Files\Google\Chrome\Application\chrome.exe`, "http://updates.example.com/component"}, a, nil)
}

// transfer is a download in the background.
type transfer struct {
	job, id             ew.GUID
	title, program, url string
}

// bits downloads something in the background.
func (h *host) bits(t time.Time, d transfer, a account, m *mark) {
	job, id, title, program, url := d.job, d.id, d.title, d.program, d.url
	h.other(t, bitsJob, m, "S-1-5-18", title, job, a.full(), program, uint32(4808), uint64(844424930132115))
	h.other(t.Add(time.Second), bitsBegin, m, "S-1-5-18", id, title, job, url, "", t.Add(-time.Hour), uint64(53467), uint64(53467), uint64(0), uint64(0))
	h.other(t.Add(3*time.Second), bitsEnd, nil, "S-1-5-18", id, title, job, url, "", uint32(0), t.Add(-time.Hour), uint64(53467), uint64(53467), uint64(53467), "", uint64(0), uint64(0), uint32(0), uint32(0),
		^uint64(0), false)
}

func (h *host) defenderUpkeep(t time.Time) {
	h.defender(t, defConfig, nil, `HKLM\SOFTWARE\Microsoft\Windows Defender\Signature Updates\EngineVersion = 1.1.24010.9`, `HKLM\SOFTWARE\Microsoft\Windows Defender\Signature Updates\EngineVersion = 1.1.24010.10`)
}

func (h *host) loadLibrary(t time.Time) {
	h.load(t, h.processes["svchost"], sys32+pick(h, "samlib.dll", "wlanapi.dll", "taskschd.dll", "vaultcli.dll"), true, nil)
}
