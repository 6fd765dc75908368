package synth

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path"
	"strings"
	"time"

	ew "github.com/goshawk-ir/goshawk/internal/synth/evtxwriter"
)

// What happens on a host, each as the events that Windows and Sysmon leave of it. mark, where not nil, says that
// the intruder did it.

// mark says what the intruder did, and which techniques that is.
type mark struct {
	what       string
	techniques []string
}

func did(what string, techniques ...string) *mark { return &mark{what, techniques} }

// trace makes the entry of the story for one event.
func (m *mark) trace() *Planted {
	if m == nil {
		return nil
	}
	return &Planted{What: m.what, Techniques: m.techniques}
}

const (
	pidSystem  = 4
	pidLSASS   = 712
	pidService = 704
	pidSysmon  = 3124
)

// who is an account as audit events begin.
func who(a account) []any { return []any{a.sid, a.name, a.domain, a.logonID} }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }

// audit queues an event of the channel Security.
func (h *host) audit(t time.Time, s *shape, m *mark, values ...any) {
	pid := uint32(pidLSASS)
	switch s.EventID {
	case 4688, 4689, 4663, 4656, 5140, 5145:
		pid = pidSystem
	}
	h.log(s, ew.Event{Time: t, Process: pid, Thread: pid + 4*uint32(h.r.IntN(40)+1), Values: values}, m.trace())
}

// sysmon queues an event of Sysmon about a process: rule, time, process, and what follows.
func (h *host) sysmon(t time.Time, s *shape, p *process, m *mark, values ...any) {
	h.sysmonRaw(t, s, m, append([]any{"-", stamp(t), p.guid, p.pid}, values...)...)
}

func (h *host) sysmonRaw(t time.Time, s *shape, m *mark, values ...any) {
	h.log(s, ew.Event{Time: t.Add(2 * time.Millisecond), Process: pidSysmon, Thread: 4312, User: "S-1-5-18", Values: values}, m.trace())
}

// other queues an event of any other provider.
func (h *host) other(t time.Time, s *shape, m *mark, as ew.SID, values ...any) {
	h.log(s, ew.Event{Time: t, Process: pidService, Thread: 1240, User: as, Values: values}, m.trace())
}

// running makes a process known without an event, as it was there before the story began.
func (h *host) running(image, line string, parent *process, a account, pid uint32) *process {
	start := h.boot.Add(time.Duration(pid) * time.Second / 10)
	p := &process{pid: pid, image: image, line: line, as: a, start: start, parent: parent}
	p.guid = h.processGUID(p)
	return p
}

// processGUID is made as Sysmon makes it: the machine, the time of start, and a counter.
func (h *host) processGUID(p *process) ew.GUID {
	g := h.guid("machine")
	binary.LittleEndian.PutUint32(g[4:], uint32(p.start.Unix()))
	binary.LittleEndian.PutUint64(g[8:], uint64(p.pid)<<16|uint64(p.start.Nanosecond())>>20|0x0003<<48)
	return g
}

// program is what is started: a file and its command line.
type program struct{ image, line string }

// spawn starts a process.
func (h *host) spawn(t time.Time, parent *process, what program, a account, m *mark) *process {
	image, line := what.image, what.line
	h.nextPID += 4 * uint32(1+h.r.IntN(30))
	if h.nextPID > 60000 {
		h.nextPID = 5000
	}
	p := &process{pid: h.nextPID, image: image, line: line, as: a, start: t, parent: parent}
	p.guid = h.processGUID(p)
	i := about(image)
	elevation, label := "%%1938", ew.SID("S-1-16-8192")
	switch a.level {
	case "High":
		elevation, label = "%%1937", "S-1-16-12288"
	case "System":
		elevation, label = "%%1936", "S-1-16-16384"
	}
	creator := a
	if a.level == "System" {
		creator = h.machine()
	}
	h.audit(t, secProcess, m, append(who(creator), uint64(p.pid), image, elevation, uint64(parent.pid), line, ew.SID("S-1-0-0"), "-", "-", uint64(0), parent.image, label)...)
	h.sysmon(t, sysProcess, p, m, image, i.version, i.description, i.product, i.company, i.original, line, h.folderOf(a), a.full(), h.logonGUID(a), a.logonID, a.session, a.level,
		hashes(image), parent.guid, parent.pid, parent.image, parent.line, parent.as.full())
	return p
}

func (h *host) folderOf(a account) string {
	if a.session == 0 {
		return `C:\Windows\system32\`
	}
	return `C:\Users\` + a.name + `\`
}

func (h *host) logonGUID(a account) ew.GUID { return h.guid("logon", a.logonID) }

// exit ends a process.
func (h *host) exit(t time.Time, p *process) {
	h.audit(t, secProcessEnd, nil, append(who(p.as), uint32(0), uint64(p.pid), p.image)...)
	h.sysmon(t, sysProcessEnd, p, nil, p.image, p.as.full())
}

// file creates a file.
func (h *host) file(t time.Time, p *process, target string, m *mark) {
	h.sysmon(t, sysFile, p, m, p.image, target, stamp(t), p.as.full())
}

// download leaves a file with the mark of where it came from.
func (h *host) download(t time.Time, p *process, target, from string, m *mark) {
	h.file(t, p, target, m)
	zone := fmt.Sprintf("[ZoneTransfer]  ZoneId=3  ReferrerUrl=%s  HostUrl=%s ", from[:strings.LastIndexByte(from, '/')+1], from)
	h.sysmon(t.Add(40*time.Millisecond), sysStream, p, m, p.image, target+":Zone.Identifier", stamp(t), hashes(target+"zone"), zone, p.as.full())
}

// backdate sets a file's time of creation.
func (h *host) backdate(t time.Time, p *process, target string, to time.Time, m *mark) {
	h.sysmon(t, sysFileTime, p, m, p.image, target, stamp(to), stamp(t.Add(-3*time.Second)), p.as.full())
}

// peer is the other end of a connection; its name may be unknown.
type peer struct {
	address, name string
	port          uint16
}

// connect opens a connection; port names are as Sysmon gives them.
func (h *host) connect(t time.Time, p *process, to peer, m *mark) {
	service := map[uint16]string{80: "http", 443: "https", 445: "microsoft-ds", 3389: "ms-wbt-server", 53: "domain", 88: "kerberos", 389: "ldap", 135: "epmap", 22: "ssh"}[to.port]
	h.sysmon(t, sysNetwork, p, m, p.image, p.as.full(), "tcp", true, false, h.ip, h.fqdn(), 49700+uint16(h.r.IntN(15000)), "-", false, to.address, dash(to.name), to.port, dash(service))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// lookup asks for a name.
func (h *host) lookup(t time.Time, p *process, name, address string, m *mark) {
	h.sysmon(t, sysDNS, p, m, name, "0", "::ffff:"+address+";", p.image, p.as.full())
}

// setValue writes a value of the registry.
func (h *host) setValue(t time.Time, p *process, key, details string, m *mark) {
	h.sysmonRaw(t, sysValue, m, "-", "SetValue", stamp(t), p.guid, p.pid, p.image, key, details, p.as.full())
}

// load maps a library into a process.
func (h *host) load(t time.Time, p *process, library string, signed bool, m *mark) {
	i := about(library)
	state := []any{"true", "Microsoft Windows", "Valid"}
	if !signed {
		i, state = image{"-", "-", "-", "-", "-"}, []any{"false", "-", "Unavailable"}
	}
	values := append([]any{p.image, library, i.version, i.description, i.product, i.company, i.original, hashes(library)}, state...)
	h.sysmon(t, sysImage, p, m, append(values, p.as.full())...)
}

// open opens another process's memory.
func (h *host) openProcess(t time.Time, p, target *process, mask uint32, m *mark) {
	trace := `C:\Windows\SYSTEM32\ntdll.dll+9d4c4|C:\Windows\System32\KERNELBASE.dll+2bcae|UNKNOWN(00000000DE300000)`
	if m == nil {
		trace = `C:\Windows\SYSTEM32\ntdll.dll+9d4c4|C:\Windows\System32\KERNELBASE.dll+2bcae|` + p.image + `+1c2f0`
	}
	h.sysmonRaw(t, sysAccess, m, "-", stamp(t), p.guid, p.pid, p.pid+8, p.image, target.guid, target.pid, target.image, mask, trace, p.as.full(), target.as.full())
}

// inject starts a thread in another process.
func (h *host) inject(t time.Time, p, target *process, m *mark) {
	h.sysmonRaw(t, sysThread, m, "-", stamp(t), p.guid, p.pid, p.image, target.guid, target.pid, target.image, target.pid+1200, "0x00000000DE300000", "-", "-",
		p.as.full(), target.as.full())
}

// remove deletes a file; Sysmon keeps a copy of some.
func (h *host) remove(t time.Time, p *process, target string, archived bool, m *mark) {
	program := strings.HasSuffix(target, ".dll") || strings.HasSuffix(target, ".exe")
	if archived {
		h.sysmon(t, sysDeleted, p, m, p.as.full(), p.image, target, hashes(target), program, "true")
		return
	}
	h.sysmon(t, sysRemoved, p, m, p.as.full(), p.image, target, hashes(target), program)
}

// image is what a program says of itself.
type image struct{ version, description, product, company, original string }

const windowsVersion = "10.0.19041.4291 (WinBuild.160101.0800)"

// about gives what a program says of itself. What isn't known here passes for a part of Windows if it lies in
// its folder, and says nothing otherwise.
func about(file string) image {
	base := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/")))
	ms, win := "Microsoft Corporation", "Microsoft® Windows® Operating System"
	switch base {
	case "cmd.exe":
		return image{windowsVersion, "Windows Command Processor", win, ms, "Cmd.Exe"}
	case "powershell.exe":
		return image{windowsVersion, "Windows PowerShell", win, ms, "PowerShell.EXE"}
	case "rundll32.exe":
		return image{windowsVersion, "Windows host process (Rundll32)", win, ms, "RUNDLL32.EXE"}
	case "mshta.exe":
		return image{"11.00.19041.1 (WinBuild.160101.0800)", "Microsoft (R) HTML Application host", "Internet Explorer", ms, "MSHTA.EXE"}
	case "wscript.exe":
		return image{"5.812.10240.16384", "Microsoft ® Windows Based Script Host", "Microsoft ® Windows Script Host", ms, "wscript.exe"}
	case "winword.exe":
		return image{"16.0.17328.20162", "Microsoft Word", "Microsoft Office", ms, "WinWord.exe"}
	case "outlook.exe", "excel.exe":
		return image{"16.0.17328.20162", "Microsoft " + strings.TrimSuffix(base, ".exe"), "Microsoft Office", ms, base}
	case "chrome.exe":
		return image{"122.0.6261.95", "Google Chrome", "Google Chrome", "Google LLC", "chrome.exe"}
	case "plink.exe":
		return image{"Release 0.80", "Command-line SSH, Telnet, and Rlogin client", "PuTTY suite", "Simon Tatham", "Plink"}
	case "rar.exe":
		return image{"6.24.0", "Command line RAR", "WinRAR", "Alexander Roshal", "rar.exe"}
	}
	if strings.HasPrefix(strings.ToLower(file), `c:\windows\`) {
		return image{windowsVersion, strings.TrimSuffix(base, path.Ext(base)), win, ms, base}
	}
	return image{"-", "-", "-", "-", "-"}
}

// hashes are made out of the file's name: the same file has the same ones on every host.
func hashes(file string) string {
	base := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/")))
	a, b := sha256.Sum256([]byte("file "+base)), sha256.Sum256([]byte("import "+base))
	return fmt.Sprintf("MD5=%X,SHA256=%X,IMPHASH=%X", b[16:], a, b[:16])
}
