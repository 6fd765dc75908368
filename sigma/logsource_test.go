package sigma

import (
	"slices"
	"testing"
)

const testSources = `
logsources:
    creation-a:
        category: process_creation
        product: windows
        conditions: {EventID: 1}
        rewrite: {product: windows, service: sysmon}
    creation-b:
        category: process_creation
        product: windows
        conditions: {EventID: [4688, 4689]}
        rewrite: {product: windows, service: security}
        fieldmappings:
            Image: [NewProcessName, ProcessName]
    sysmon:
        product: windows
        service: sysmon
        sources: ['WinEventLog:Microsoft-Windows-Sysmon/Operational']
    security:
        product: windows
        service: security
        sources: ['WinEventLog:Security']
    sshd:
        product: linux
        service: sshd
        conditions: {program: sshd*}
        rewrite: {product: linux, service: auth}
    auth:
        product: linux
        service: auth
        sources: ['File:/var/log/auth.log', 'File:/var/log/auth.log.?']
    web:
        category: webserver
        sources: ['File:/var/log/apache2/*.log', 'File:**/LogFiles/W3SVC*/*.log']
    logfile:
        category: logfile
        sources: ['File:*.log']
`

func TestLogSources(t *testing.T) {
	rule := func(source, detection string) string {
		return "title: '" + source + "'\nlogsource: {" + source + "}\ndetection: {s: {" + detection + "}, condition: s}\n"
	}
	text := rule("category: process_creation, product: windows", "Image: x") + "---\n" +
		rule("product: windows, service: security", "Image: x") + "---\n" +
		rule("product: windows", "Image: x") + "---\n" +
		rule("product: linux, service: sshd", "Image: x") + "---\n" +
		rule("product: linux, service: auth", "Image: x") + "---\n" +
		rule("product: linux, service: cron", "Image: x") + "---\n" +
		rule("product: linux", "Image: x") + "---\n" +
		rule("category: webserver", "Image: x") + "---\n" +
		rule("category: logfile", "Image: x") + "---\n" +
		rule("category: unknown", "Image: x")
	c := NewCollection(LoadOptions{})
	c.Load("f", []byte(text))
	c.Link()
	sources, err := ParseLogSources("f", []byte(testSources))
	if err != nil {
		t.Fatal(err)
	}
	engine, _ := Compile(c, Options{LogSources: sources})
	const creation, security, windows = "category: process_creation, product: windows", "product: windows, service: security", "product: windows"
	const sshd, auth, cron, linux, web, logfile = "product: linux, service: sshd", "product: linux, service: auth", "product: linux, service: cron", "product: linux", "category: webserver", "category: logfile"
	for _, tt := range []struct {
		name   string
		schema Schema
		field  string
		want   []string
	}{
		{"sysmon", Schema{Product: "windows", Channel: "microsoft-windows-sysmon/operational", EventID: "1"}, "Image", []string{creation, windows}},
		{"sysmon_other_event", Schema{Product: "windows", Channel: "Microsoft-Windows-Sysmon/Operational", EventID: "11"}, "Image", []string{windows}},
		{"security_renamed", Schema{Product: "windows", Channel: "Security", EventID: "4688"}, "NewProcessName", []string{creation}},
		{"security_renamed_second", Schema{Product: "windows", Channel: "Security", EventID: "4689"}, "ProcessName", []string{creation}},
		{"security_not_renamed", Schema{Product: "windows", Channel: "Security", EventID: "4688"}, "Image", []string{security, windows}},
		{"event_id_varies", Schema{Product: "windows", Channel: "Microsoft-Windows-Sysmon/Operational"}, "Image", []string{windows}},
		{"auth_by_service", Schema{Product: "linux", Service: "auth"}, "Image", []string{auth, linux}},
		{"auth_by_file", Schema{File: "/var/log/auth.log.1"}, "Image", []string{auth}},
		{"auth_by_name_alone", Schema{File: "auth.log"}, "Image", []string{auth, logfile}},
		{"service_of_its_own", Schema{Product: "Linux", Service: "cron"}, "Image", []string{cron, linux}},
		{"web", Schema{File: "/var/log/apache2/access.log"}, "Image", []string{web, logfile}},
		{"web_deep", Schema{File: `C:\inetpub\logs\LogFiles\W3SVC1\u_ex260301.log`}, "Image", []string{web, logfile}},
		{"web_too_deep", Schema{File: "/var/log/apache2/old/access.log"}, "Image", []string{logfile}},
		{"nothing_known", Schema{}, "Image", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.schema.Fields = []string{tt.field}
			e := &testEvent{schema: tt.schema, values: [][]string{{"x"}}}
			if got := engine.matches(e); !slices.Equal(got, tt.want) {
				t.Errorf("matches %q, not %q", got, tt.want)
			}
			if got := engine.plainMatches(e); !slices.Equal(got, tt.want) {
				t.Errorf("plainly matches %q, not %q", got, tt.want)
			}
		})
	}
}

func TestDefaultLogSources(t *testing.T) {
	for _, s := range []LogSource{
		{Category: "process_creation", Product: "windows"}, {Product: "windows", Service: "security"}, {Category: "ps_script", Product: "windows"},
	} {
		if !reachable(DefaultLogSources().resolve(s)) {
			t.Errorf("%v leads nowhere", s)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		glob, file string
		want       bool
	}{
		{"*.log", "/a/b/c.log", true},
		{"*.log", "/a/b/c.log.1", false},
		{"/a/*/c.log", "/a/b/c.log", true},
		{"/a/*/c.log", "/a/b/b/c.log", false},
		{"/a/**/c.log", "/a/b/b/c.log", true},
		{"**/x*y/*.log", "c:/x/x1y/2.log", true},
		{"/a/?.log", "/a//.log", false},
	} {
		if got := matchGlob(tt.glob, tt.file); got != tt.want {
			t.Errorf("%q and %q: %v", tt.glob, tt.file, got)
		}
	}
}
