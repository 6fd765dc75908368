package synth

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const jumpIP = "192.0.2.50"

// linux is the jump host: logons by SSH, a VPN and the company's proxy, in the lines that syslog writes.
type linux struct {
	w     *world
	name  string
	r     *rand.Rand
	lines map[string][]textLine // by file
}

type textLine struct {
	at    time.Time
	seq   int
	text  string // program and message
	trace *Planted
}

// The jump host's logs.
const (
	authLog   = "var/log/auth.log"
	systemLog = "var/log/syslog"
	proxyLog  = "var/log/squid.log"
)

func newLinux(w *world, name string) *linux {
	return &linux{w: w, name: name, r: w.random(name), lines: map[string][]textLine{}}
}

func (l *linux) add(file string, at time.Time, m *mark, format string, args ...any) {
	list := l.lines[file]
	t := textLine{at: at, seq: len(list), text: fmt.Sprintf(format, args...), trace: m.trace()}
	if t.trace != nil {
		t.trace.Time, t.trace.Host, t.trace.Path = at.Truncate(time.Second), l.name, l.name+".tar.gz!/"+file
		l.w.planted = append(l.w.planted, t.trace)
	}
	l.lines[file] = append(list, t)
}

// intrusion is the night of the fifth day: VPN, SSH with a stolen password, root, a forwarded port.
func (l *linux) intrusion() {
	at := func(clock string) time.Time { return l.w.at(5, clock) }
	vpn := did("VPN logon of a service account from an address never seen", "T1133", "T1078.002")
	l.add(systemLog, at("21:30:11"), vpn, "openvpn[1312]: %s:50122 TLS: Username/Password authentication succeeded for username 'svc-backup'", vpnAddress)
	l.add(systemLog, at("21:30:12"), vpn, "openvpn[1312]: svc-backup/%s:50122 MULTI_sva: pool returned IPv4=192.0.2.201, IPv6=(Not enabled)", vpnAddress)
	guess := did("passwords tried over SSH", "T1110.001")
	for i, u := range []string{"root", "admin", "okafor", "adm.okafor", "backup", "svc-backup"} {
		l.add(authLog, at("21:33:00").Add(time.Duration(i)*4*time.Second), guess, "sshd[%d]: Failed password for %s%s from 192.0.2.201 port %d ssh2", 20110+i, map[bool]string{true: "invalid user "}[i < 3], u, 40110+i)
	}
	in := did("SSH logon with a stolen password", "T1021.004", "T1078.002")
	l.add(authLog, at("21:34:02"), in, "sshd[20140]: Accepted password for svc-backup from 192.0.2.201 port 40122 ssh2")
	l.add(authLog, at("21:34:02"), nil, "sshd[20140]: pam_unix(sshd:session): session opened for user svc-backup(uid=1009) by (uid=0)")
	l.add(authLog, at("21:35:40"), did("root by sudo", "T1548.003"), "sudo: svc-backup : TTY=pts/1 ; PWD=/home/svc-backup ; USER=root ; COMMAND=/usr/bin/id")
	l.add(authLog, at("21:36:20"), did("account made on the jump host", "T1136.001"), "useradd[20170]: new user: name=fontsync, UID=1014, GID=1014, home=/home/fontsync, shell=/bin/bash, from=/dev/pts/1")
	l.add(authLog, at("21:36:30"), did("account joins the administrators", "T1098.007"), "usermod[20172]: add 'fontsync' to group 'sudo'")
	l.add(authLog, at("21:40:00"), did("port of the domain controller's remote desktop forwarded", "T1572", "T1090.001"),
		"sudo: svc-backup : TTY=pts/1 ; PWD=/home/svc-backup ; USER=root ; COMMAND=/usr/bin/ssh -N -L 0.0.0.0:13389:192.0.2.10:3389 localhost")
}

// upload is the archive on its way through the proxy.
func (l *linux) upload(at time.Time) {
	m := did("large uploads to the control server through the proxy", "T1041", "T1090.002")
	for i := range 4 {
		l.proxy(at.Add(time.Duration(i)*50*time.Second), m, request{48000 + l.r.IntN(3000), "192.0.2.40", 200, 52428800, "CONNECT", fmt.Sprintf("%s:%d", controlSite, controlPort), control})
	}
}

// request is what the proxy did for a client.
type request struct {
	ms           int
	client       string
	status, size int
	method       string
	target, peer string
}

// proxy is a line of the proxy: seconds.milliseconds duration client result/status bytes method target user how/peer type.
func (l *linux) proxy(at time.Time, m *mark, r request) {
	l.add(proxyLog, at, m, "squid[911]: %d.%03d %6d %s TCP_TUNNEL/%d %d %s %s - HIER_DIRECT/%s -", at.Unix(), at.Nanosecond()/1e6, r.ms, r.client, r.status, r.size, r.method, r.target, r.peer)
}

// removal is the end: histories and logs of the jump host.
func (l *linux) removal() {
	at := func(clock string) time.Time { return l.w.at(9, clock) }
	m := did("logs of the jump host emptied", "T1685.006")
	l.add(authLog, at("17:45:00"), did("SSH logon with a stolen password", "T1021.004", "T1078.002"), "sshd[31007]: Accepted password for fontsync from 192.0.2.201 port 40990 ssh2")
	l.add(authLog, at("17:45:40"), m, "sudo: fontsync : TTY=pts/0 ; PWD=/home/fontsync ; USER=root ; COMMAND=/usr/bin/truncate -s 0 /var/log/wtmp /var/log/lastlog")
	l.add(authLog, at("17:46:00"), did("history of the shell removed", "T1070.003"), "sudo: fontsync : TTY=pts/0 ; PWD=/home/fontsync ; USER=root ; COMMAND=/usr/bin/rm -f /home/svc-backup/.bash_history")
	l.add(authLog, at("17:46:20"), did("account removed again", "T1070.009"), "userdel[31044]: delete user 'fontsync'")
}

// background is what the jump host's logs say on any day.
func (l *linux) background() {
	for day := range Days {
		from := l.w.o.Start.AddDate(0, 0, day)
		for range l.w.o.Noise {
			at := from.Add(time.Duration(l.r.Int64N(int64(24 * time.Hour))))
			if at.After(l.w.collected()) {
				continue
			}
			pid := 1000 + l.r.IntN(30000)
			switch n := l.r.IntN(20); {
			case n < 9:
				site := []string{"news.example.com", "mail.example.com", "docs.example.com", "exchange-rates.example", "updates.example.com"}[l.r.IntN(5)]
				l.proxy(at, nil, request{40 + l.r.IntN(9000), fmt.Sprintf("192.0.2.%d", []int{14, 17, 19, 22, 23, 26, 40}[l.r.IntN(7)]), 200, 900 + l.r.IntN(90000), "CONNECT", site + ":443", fmt.Sprintf("198.51.100.%d", 10+len(site))})
			case n < 13:
				l.add(authLog, at, nil, "CRON[%d]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)", pid)
				l.add(authLog, at.Add(time.Second), nil, "CRON[%d]: pam_unix(cron:session): session closed for user root", pid)
				l.add(systemLog, at, nil, "CRON[%d]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.hourly)", pid)
			case n < 15:
				l.add(authLog, at, nil, "sshd[%d]: Accepted publickey for okafor from 192.0.2.22 port %d ssh2: ED25519 SHA256:%s", pid, 40000+l.r.IntN(20000), strings.Repeat("demo", 10)+"key")
				l.add(authLog, at.Add(10*time.Minute), nil, "sshd[%d]: Disconnected from user okafor 192.0.2.22 port 40122", pid)
			case n < 16:
				l.add(authLog, at, nil, "sudo: okafor : TTY=pts/0 ; PWD=/home/okafor ; USER=root ; COMMAND=/usr/bin/apt-get update")
			default:
				l.add(systemLog, at, nil, "systemd[1]: Started %s.", []string{"Daily apt upgrade and clean activities", "Cleanup of Temporary Directories", "Rotate log files", "Refresh firmware metadata"}[l.r.IntN(4)])
			}
		}
	}
}

// write packs the jump host's logs into its collection.
func (l *linux) write() error {
	l.background()
	var members []member
	for _, file := range []string{authLog, proxyLog, systemLog} {
		list := l.lines[file]
		slices.SortFunc(list, func(a, b textLine) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.seq, b.seq)) })
		var b strings.Builder
		for i, t := range list {
			if t.trace != nil {
				t.trace.Line = i + 1
			}
			fmt.Fprintf(&b, "%s %s %s\n", t.at.UTC().Format(time.Stamp), l.name, t.text)
		}
		l.w.lines += len(list)
		members = append(members, member{file, []byte(b.String())})
	}
	return packTar(filepath.Join(l.w.dir, l.name+".tar.gz"), members, l.w.collected())
}
