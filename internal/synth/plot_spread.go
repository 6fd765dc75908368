package synth

import (
	"time"

	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

const lsaKey = `HKLM\System\CurrentControlSet\Control\Lsa\`

// dayPersistence: a service, an LSA package, a task; protections of credentials off; LSASS and SAM read.
func (w *world) dayPersistence() {
	h, at := w.ws, func(clock string) time.Time { return w.at(3, clock) }
	a := h.account(mara)
	a.level = "High"
	shell := h.spawn(at("11:02:00"), h.processes["explorer"], program{sys32 + "cmd.exe", "cmd.exe /q"}, a, did("shell out of the injected explorer.exe", "T1059.003"))
	command := func(clock, image, line string, m *mark) *process {
		p := h.spawn(at(clock), shell, program{sys32 + image, line}, a, m)
		h.exit(at(clock).Add(700*time.Millisecond), p)
		return p
	}
	svc := did("service with a plausible name", "T1543.003", "T1036.004")
	command("11:02:20", "sc.exe", `sc create GlyphCache binPath= "`+run+`" start= auto DisplayName= "Glyph Cache Service"`, svc)
	h.service(at("11:02:21"), "Glyph Cache Service", run, a, svc)
	h.setValue(at("11:02:21"), h.processes["services"], `HKLM\System\CurrentControlSet\Services\GlyphCache\ImagePath`, run, svc)
	lsa := did("library registered as an LSA security package", "T1547.005")
	reg := command("11:05:10", "reg.exe", `reg add "HKLM\SYSTEM\CurrentControlSet\Control\Lsa" /v "Security Packages" /t REG_MULTI_SZ /d "kerberos\0msv1_0\0glyphssp" /f`, lsa)
	h.setValue(at("11:05:11"), reg, lsaKey+"Security Packages", "Binary Data", lsa)
	h.file(at("11:05:20"), shell, sys32+"glyphssp.dll", did("unsigned library among the system's files", "T1547.005", "T1036.005"))
	task := did("scheduled task with a name like the system's", "T1053.005", "T1036.004")
	sch := command("11:08:00", "schtasks.exe", `schtasks /create /tn "`+taskName+`" /tr "`+run+`" /sc onlogon /ru SYSTEM /f`, task)
	h.task(at("11:08:01"), sch, a, job{taskName, "rundll32.exe", loader + ",Render " + payload}, task)
	for i, v := range []struct {
		key, name, details string
		m                  *mark
	}{
		{"DeviceGuard", `HKLM\System\CurrentControlSet\Control\DeviceGuard\EnableVirtualizationBasedSecurity`, "DWORD (0x00000000)", did("virtualization based security off", "T1685")},
		{"LsaCfgFlags", lsaKey + "LsaCfgFlags", "DWORD (0x00000000)", did("Credential Guard off", "T1685")},
		{"RunAsPPL", lsaKey + "RunAsPPL", "DWORD (0x00000000)", did("LSA protection off", "T1685", "T1112")},
		{"UseLogonCredential", `HKLM\System\CurrentControlSet\Control\SecurityProviders\WDigest\UseLogonCredential`, "DWORD (0x00000001)", did("WDigest keeps passwords in clear", "T1112", "T1003.001")},
	} {
		t := at("11:20:00").Add(time.Duration(i) * 20 * time.Second)
		p := h.spawn(t, shell, program{sys32 + "reg.exe", `reg add "` + v.name + `" /t REG_DWORD /d ` + v.details[len(v.details)-2:len(v.details)-1] + ` /f`}, a, v.m)
		h.setValue(t.Add(200*time.Millisecond), p, v.name, v.details, v.m)
		h.exit(t.Add(time.Second), p)
	}
	host := h.spawn(at("11:31:00"), shell, program{sys32 + "rundll32.exe", `rundll32.exe ` + loader + `,Gather demo-key-0000`}, a, did("loader gathers credentials", "T1218.011", "T1003.001"))
	memory := did("memory of LSASS read", "T1003.001")
	h.openProcess(at("11:31:02"), host, h.processes["lsass"], 0x1010, memory)
	h.audit(at("11:31:02"), secAccessKernel, memory, append(who(a), "Security", "Process", `\Device\HarddiskVolume3\Windows\System32\lsass.exe`, uint64(0x558), "%%4484\r\n\t\t\t\t", uint32(0x10), uint64(host.pid), host.image, "-")...)
	h.file(at("11:31:06"), host, fonts+"glyph.dmp", did("copy of LSASS's memory among the fonts", "T1003.001", "T1074.001"))
	h.exit(at("11:31:20"), host)
	for i, hive := range []string{"SAM", "SECURITY", "SYSTEM"} {
		t := at("11:33:00").Add(time.Duration(i) * 5 * time.Second)
		m := did("registry hive saved: "+hive, "T1003.002")
		p := h.spawn(t, shell, program{sys32 + "reg.exe", `reg save HKLM\` + hive + ` ` + fonts + `g` + string(rune('0'+i)) + `.tmp`}, a, m)
		h.file(t.Add(300*time.Millisecond), p, fonts+"g"+string(rune('0'+i))+".tmp", m)
		h.exit(t.Add(time.Second), p)
	}
	h.beacon(h.processes["explorer"], at("11:40:00"), 5*time.Hour, 43*time.Minute)
}

// dayFileServer: from the desktop to the file server, with an administrator's password.
func (w *world) dayFileServer() {
	h, fs, at := w.ws, w.fs, func(clock string) time.Time { return w.at(4, clock) }
	a, admin := h.account(mara), fs.account(tobias)
	admin.logonID, admin.session = 0x2a41c77, 0
	shell := h.spawn(at("13:10:00"), h.processes["explorer"], program{sys32 + "cmd.exe", "cmd.exe /q"}, a, did("shell out of the injected explorer.exe", "T1059.003"))
	mount := did("administrative share of the file server opened with a stolen password", "T1021.002", "T1078.002")
	use := h.spawn(at("13:10:20"), shell, program{sys32 + "net.exe", `net use \\LKS-FS01\C$ /user:LARKSPUR\adm.okafor DEMO-PASSWORD`}, a, mount)
	h.explicit(at("13:10:21"), use, tobias, "LKS-FS01."+domainDNS, mount)
	fs.logon(at("13:10:21"), admin, 3, origin{h.ip, h.name}, mount)
	fs.share(at("13:10:22"), admin, h.ip, folder{"C$", `\??\C:\`, `ProgramData\Microsoft\Fonts\glyphsvc.dll`}, mount)
	h.exit(at("13:10:23"), use)
	copying := h.spawn(at("13:11:00"), shell, program{sys32 + "cmd.exe", `cmd.exe /c copy ` + loader + ` \\LKS-FS01\C$\ProgramData\Microsoft\Fonts\`}, a, did("loader copied to the file server", "T1570"))
	h.exit(at("13:11:02"), copying)
	fs.file(at("13:11:01"), fs.processes["system"], loader, did("loader arrives over the share", "T1570"))
	fs.file(at("13:11:03"), fs.processes["system"], payload, did("payload arrives over the share", "T1570"))

	remote := did("task made on the file server from the desktop", "T1053.005", "T1021.002")
	sch := h.spawn(at("13:12:00"), shell, program{sys32 + "schtasks.exe", `schtasks /create /s LKS-FS01 /ru SYSTEM /tn GlyphOnce /tr "` + run + `" /sc once /st 23:59 /f`}, a, remote)
	h.exit(at("13:12:02"), sch)
	fs.share(at("13:12:00"), admin, h.ip, folder{"IPC$", "", "atsvc"}, remote)
	by := fs.processes["schedule"]
	fs.task(at("13:12:01"), by, admin, job{`\GlyphOnce`, "rundll32.exe", loader + ",Render " + payload}, remote)
	go2 := h.spawn(at("13:12:10"), shell, program{sys32 + "schtasks.exe", `schtasks /run /s LKS-FS01 /tn GlyphOnce`}, a, remote)
	h.exit(at("13:12:11"), go2)
	fs.runTask(at("13:12:11"), `\GlyphOnce`, "rundll32.exe", did("task runs the loader on the file server", "T1053.005", "T1218.011"))
	dll := fs.spawn(at("13:12:12"), by, program{sys32 + "rundll32.exe", run}, localSystem, did("loader on the file server", "T1218.011"))
	fs.load(at("13:12:13"), dll, loader, false, did("unsigned library loaded out of a data folder", "T1218.011"))
	fs.openProcess(at("13:12:14"), dll, fs.processes["svchost"], 0x1fffff, did("loader opens a service host with all rights", "T1055.002"))
	fs.inject(at("13:12:15"), dll, fs.processes["svchost"], did("loader starts a thread in a service host", "T1055.002"))
	fs.connect(at("13:12:40"), fs.processes["svchost"], peer{control, controlSite, controlPort}, did("injected service host talks to the control server", "T1571"))
	fs.untask(at("13:13:00"), by, admin, `\GlyphOnce`, did("task removed after its use", "T1070", "T1053.005"))
	look := did("shares searched for documents about keys and wallets", "T1083", "T1039")
	for i, line := range []string{`cmd.exe /c dir /s /b \\LKS-FS01\Treasury\*wallet*`, `cmd.exe /c dir /s /b \\LKS-FS01\Treasury\*seed*`, `cmd.exe /c type \\LKS-FS01\Treasury\Runbooks\signing.txt`} {
		t := at("13:20:00").Add(time.Duration(i) * 40 * time.Second)
		h.exit(t.Add(3*time.Second), h.spawn(t, shell, program{sys32 + "cmd.exe", line}, a, look))
		fs.share(t.Add(time.Second), admin, h.ip, folder{"Treasury", `\??\D:\Treasury`, []string{`Wallets`, `Runbooks`, `Runbooks\signing.txt`}[i]}, look)
	}
	svc := did("service with a plausible name on the file server", "T1543.003", "T1036.004")
	fs.service(at("13:31:00"), "Glyph Cache Service", run, localSystem, svc)
}

// dayController: through the jump host to the domain controller; accounts and tickets.
func (w *world) dayController() {
	dc, at := w.dc, func(clock string) time.Time { return w.at(5, clock) }
	admin := dc.account(tobias)
	w.jump.intrusion()
	dc.audit(at("21:43:50"), secNTLM, did("administrator's password checked for the jump host", "T1078.002"), "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", "adm.okafor", "DESKTOP-DEMO01", uint32(0))
	dc.remoteDesktop(at("21:44:00"), admin, origin{jumpIP, "DESKTOP-DEMO01"}, did("remote desktop to the domain controller through the jump host", "T1021.001", "T1572"))
	shell := dc.spawn(at("21:46:00"), dc.processes["explorer"], program{sys32 + "cmd.exe", `"C:\Windows\system32\cmd.exe"`}, admin, did("shell in the intruder's session", "T1059.003"))
	dc.burst(at("21:47:00"), shell, admin)
	dc.directory(at("21:58:11"), admin, did("directory replicated by an account that is no domain controller", "T1003.006"))
	for i, name := range []string{"svc-sql", "svc-backup", "svc-web", "svc-report", "svc-print"} {
		dc.audit(at("22:01:00").Add(time.Duration(i)*800*time.Millisecond), secTicket, did("weak tickets asked for many service accounts at once", "T1558.003"), "adm.okafor@"+realm, realm, name, ew.SID(domainSID+"-12"+string(rune('0'+i))+"0"),
			uint32(0x40810000), uint32(0x17), "::ffff:"+jumpIP, "50620", uint32(0), dc.guid("roast", i), "-")
	}
	sid := intruder.sid()
	account := did("account made that looks like a service's", "T1136.002", "T1036.010")
	p := dc.spawn(at("22:06:00"), shell, program{sys32 + "net.exe", `net user svc-glyph DEMO-PASSWORD /add /domain`}, admin, account)
	dc.audit(at("22:06:01"), secUserCreated, account, append([]any{intruder.name, domain, sid}, append(who(admin), "-", intruder.name, intruder.full, "-", "-", "-", "-", "-", "-", "%%1794", "%%1794", "513", "-", "0x0", "0x15",
		"\r\n\t\t%%2080\r\n\t\t%%2082\r\n\t\t%%2084", "%%1793", "-", "%%1797")...)...)
	dc.exit(at("22:06:02"), p)
	group := did("new account made domain administrator", "T1098.007")
	p = dc.spawn(at("22:06:30"), shell, program{sys32 + "net.exe", `net group "Domain Admins" svc-glyph /add /domain`}, admin, group)
	dc.audit(at("22:06:31"), secGroupGlobal, group, append([]any{"CN=svc-glyph,CN=Users,DC=larkspur,DC=example", sid, "Domain Admins", domain, ew.SID(domainSID + "-512")}, append(who(admin), "-")...)...)
	dc.exit(at("22:06:32"), p)
	wmi := did("WMI subscription starts the loader", "T1546.003")
	dc.sysmonRaw(at("22:12:00"), sysWMIFilter, wmi, "-", "WmiFilterEvent", stamp(at("22:12:00")), "Created", admin.full(), ` "root\\cimv2"`, ` "GlyphFilter"`, ` "SELECT * FROM __InstanceModificationEvent WITHIN 600 WHERE TargetInstance ISA 'Win32_PerfFormattedData_PerfOS_System'"`)
	dc.sysmonRaw(at("22:12:01"), sysWMIAction, wmi, "-", "WmiConsumerEvent", stamp(at("22:12:01")), "Created", admin.full(), ` "GlyphConsumer"`, "Command Line", ` "rundll32.exe `+loader+`,Render"`)
	dc.sysmonRaw(at("22:12:02"), sysWMIBind, wmi, "-", "WmiBindingEvent", stamp(at("22:12:02")), "Created", admin.full(), ` "CommandLineEventConsumer.Name=\"GlyphConsumer\""`, ` "__EventFilter.Name=\"GlyphFilter\""`)
	dc.other(at("22:12:03"), wmiBinding, wmi, "S-1-5-18", "//./root/subscription", "GlyphFilter", `CommandLineEventConsumer="GlyphConsumer"`, "Binding EventFilter: GlyphFilter to CommandLineEventConsumer: GlyphConsumer")
}
