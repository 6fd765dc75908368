package synth

import (
	"fmt"
	"time"
)

// What people do on desktops and, from there, on servers.

func (h *host) browse(t time.Time) {
	p := h.processes["chrome"]
	site := pick(h, "news.example.com", "mail.example.com", "wiki."+domainDNS, "docs.example.com", "exchange-rates.example", "maps.example.com", "video.example.com", "search.example.com")
	address := fmt.Sprintf("198.51.100.%d", 10+len(site))
	h.lookup(t, p, site, address, nil)
	h.connect(t.Add(40*time.Millisecond), p, peer{address, site, 443}, nil)
	if h.r.IntN(3) == 0 {
		child := h.spawn(t.Add(100*time.Millisecond), p, program{p.image, `"C:\Program Files\Google\Chrome\Application\chrome.exe" --type=renderer --lang=en-GB --renderer-client-id=` + fmt.Sprint(h.r.IntN(900))}, p.as, nil)
		h.exit(t.Add(10*time.Second+h.soon(20*time.Minute)), child)
	}
}

func (h *host) office(t time.Time) {
	a := h.account(h.owner)
	type document struct{ image, file string }
	o := pick(h, document{"WINWORD.EXE", "Minutes.docx"}, document{"EXCEL.EXE", "Liquidity.xlsx"}, document{"WINWORD.EXE", "Listing agreement.docx"}, document{"EXCEL.EXE", "Forecast.xlsx"})
	image := `C:\Program Files\Microsoft Office\root\Office16\` + o.image
	p := h.spawn(t, h.processes["explorer"], program{image, `"` + image + `" /n "C:\Users\` + a.name + `\Documents\` + o.file + `" /o ""`}, a, nil)
	h.file(t.Add(2*time.Second), p, `C:\Users\`+a.name+`\AppData\Roaming\Microsoft\Office\Recent\`+o.file+`.LNK`, nil)
	h.exit(t.Add(time.Minute+h.soon(40*time.Minute)), p)
}

func (h *host) unlock(t time.Time) {
	h.logon(t, h.account(h.owner), 7, origin{"127.0.0.1", h.name}, nil)
}

func (h *host) saveDownload(t time.Time) {
	a := h.account(h.owner)
	name := pick(h, "statement.pdf", "agenda.pdf", "rates.csv", "photo.jpg", "conference-programme.pdf")
	h.download(t, h.processes["chrome"], `C:\Users\`+a.name+`\Downloads\`+name, "https://docs.example.com/files/"+name, nil)
}

// helpDesk is a person on the telephone being asked for what the machine says.
func (h *host) helpDesk(t time.Time) {
	a := h.account(h.owner)
	shell := h.spawn(t, h.processes["explorer"], program{sys32 + "cmd.exe", `"C:\Windows\system32\cmd.exe"`}, a, nil)
	c := pick(h, [2]string{"ipconfig.exe", "ipconfig /all"}, [2]string{"HOSTNAME.EXE", "hostname"}, [2]string{"PING.EXE", "ping lks-fs01"}, [2]string{"systeminfo.exe", "systeminfo"}, [2]string{"whoami.exe", "whoami"})
	p := h.spawn(t.Add(12*time.Second), shell, program{sys32 + c[0], c[1]}, a, nil)
	h.exit(t.Add(14*time.Second), p)
	h.exit(t.Add(2*time.Minute), shell)
}

func (h *host) mistype(t time.Time) {
	h.refuse(t, h.owner.name, h.ip, h.name, nil)
}

// clients are the desktops that talk to the servers; most of them weren't collected.
var clients = []struct {
	ip string
	u  *user
}{
	{"192.0.2.14", mara}, {"192.0.2.40", ines}, {"192.0.2.22", tobias}, {"192.0.2.17", &user{"j.abara", "1117", "Joy Abara"}}, {"192.0.2.19", &user{"p.novak", "1119", "Petr Novak"}},
	{"192.0.2.23", &user{"s.haddad", "1123", "Sami Haddad"}}, {"192.0.2.26", &user{"k.oyama", "1126", "Kei Oyama"}},
}

func (h *host) client() (account, string) {
	c := pick(h, clients...)
	a := h.account(c.u)
	a.logonID, a.session, a.level = uint64(0x1000000+h.r.IntN(0xffffff)), 0, "Medium"
	return a, c.ip
}

func (h *host) clientLogon(t time.Time) {
	a, from := h.client()
	h.logon(t, a, 3, origin{from, "-"}, nil)
	h.logoff(t.Add(time.Second+h.soon(10*time.Minute)), a, 3)
}

func (h *host) clientShare(t time.Time) {
	a, from := h.client()
	h.logon(t, a, 3, origin{from, "-"}, nil)
	name, local, file := "SYSVOL", `\??\C:\Windows\SYSVOL\sysvol`, domainDNS+`\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\gpt.ini`
	if h == h.w.fs {
		name, local, file = "Treasury", `\??\D:\Treasury`, pick(h, `Reports\liquidity.xlsx`, `Reports\minutes.docx`, `Templates\listing.docx`)
	}
	h.share(t.Add(20*time.Millisecond), a, from, folder{name, local, file}, nil)
	h.logoff(t.Add(time.Second+h.soon(10*time.Minute)), a, 3)
}

// adminWork is an administrator using the commands that intruders like as well.
func (h *host) adminWork(t time.Time) {
	a := h.account(tobias)
	shell := h.spawn(t, h.processes["explorer"], program{sys32 + "cmd.exe", `"C:\Windows\system32\cmd.exe"`}, a, nil)
	type command struct{ image, line string }
	list := []command{
		{"wevtutil.exe", "wevtutil qe System /c:5 /rd:true /f:text"}, {"net.exe", "net session"}, {"quser.exe", "quser"}, {"schtasks.exe", "schtasks /query /fo list"},
		{"sc.exe", "sc query state= all"}, {"nltest.exe", "nltest /dsgetdc:" + domainDNS}, {"gpupdate.exe", "gpupdate /force"}, {"NETSTAT.EXE", "netstat -ano"}, {"tasklist.exe", "tasklist /svc"},
		{"vssadmin.exe", "vssadmin list shadows"}, {"Robocopy.exe", `robocopy D:\Treasury E:\Backup\Treasury /mir`}, {"reg.exe", `reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa /v RunAsPPL`},
	}
	for i := range 1 + h.r.IntN(2) {
		c := pick(h, list...)
		p := h.spawn(t.Add(time.Duration(i+1)*8*time.Second), shell, program{sys32 + c.image, c.line}, a, nil)
		h.exit(p.start.Add(time.Second), p)
	}
	h.exit(t.Add(5*time.Minute), shell)
}

// adminSession is the administrator's own remote desktop.
func (h *host) adminSession(t time.Time) {
	a := h.account(tobias)
	h.remoteDesktop(t, a, origin{"192.0.2.22", "LKS-WS022"}, nil)
	end := t.Add(5*time.Minute + h.soon(time.Hour))
	h.other(t.Add(3*time.Minute), tsReconnected, nil, "S-1-5-18", a.full(), a.session, "192.0.2.22")
	h.audit(t.Add(3*time.Minute), secReconnected, nil, a.name, a.domain, a.logonID, "RDP-Tcp#3", "LKS-WS022", "192.0.2.22")
	h.other(end, tsDisconnected, nil, "S-1-5-18", a.full(), a.session, "192.0.2.22")
	h.audit(end, secDisconnected, nil, a.name, a.domain, a.logonID, "RDP-Tcp#3", "LKS-WS022", "192.0.2.22")
}

// remoteDesktop is a session over the network.
func (h *host) remoteDesktop(t time.Time, a account, o origin, m *mark) {
	h.other(t, tsListener, nil, "S-1-5-20", "RDP-Tcp")
	h.other(t.Add(time.Second), tsAuth, m, "S-1-5-20", a.name, a.domain, o.from)
	h.logon(t.Add(2*time.Second), a, 10, o, m)
	h.other(t.Add(3*time.Second), tsLogon, m, "S-1-5-18", a.full(), a.session, o.from)
	h.other(t.Add(4*time.Second), tsShell, nil, "S-1-5-18", a.full(), a.session, o.from)
}

func (h *host) ticket(t time.Time) {
	a, from := h.client()
	h.audit(t, secTicketGrant, nil, a.name, domainDNS, a.sid, "krbtgt", krbtgt, uint32(0x40810010), uint32(0), uint32(0x12), "2", "::ffff:"+from, "50611", "", "", "")
	server := pick(h, h.w.fs, h.w.dc, h.w.trs)
	h.audit(t.Add(60*time.Millisecond), secTicket, nil, a.name+"@"+realm, realm, server.name+"$", serverSID, uint32(0x40810000), uint32(0x12), "::ffff:"+from, "50612", uint32(0), h.guid("ticket", t.UnixNano()), "-")
}

func (h *host) ntlm(t time.Time) {
	a, _ := h.client()
	h.audit(t, secNTLM, nil, "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", a.name, pick(h, "LKS-WS014", "LKS-WS017", "LKS-WS022"), uint32(0))
}

// replicate is what domain controllers do among themselves.
func (h *host) replicate(t time.Time) {
	h.directory(t, account{"LKS-DC02$", domain, domainSID + "-1002", 0x3f11a2, 0, "System"}, nil)
}

// directory asks for the directory's changes, secrets and all.
func (h *host) directory(t time.Time, a account, m *mark) {
	h.audit(t, secDirectory, m, append(who(a), "DS", "%{19195a5b-6da0-11d0-afd3-00c04fd930c9}", "%{6f2a4c11-5d1b-4f8a-9a76-0f4be0c7d2aa}", "Object Access", uint64(0), "%%7688\r\n\t\t\t\t", uint32(0x100),
		"%%7688\r\n\t{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}\r\n{19195a5b-6da0-11d0-afd3-00c04fd930c9}\r\n", "-", "")...)
}

const (
	realm     = "LARKSPUR.EXAMPLE"
	krbtgt    = domainSID + "-502"
	serverSID = domainSID + "-1003"
)
