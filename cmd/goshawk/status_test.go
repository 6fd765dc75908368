package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writers that fail as a closed pipe and a full disk do.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestExitStatus holds every kind of end to its status, which the contract names.
func TestExitStatus(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	evidence := filepath.Dir(file("good/a.json", `{"@timestamp":"2026-02-03T04:05:06Z","Channel":"Security","EventID":1102,"Hostname":"PC01"}`+"\n"))
	damaged := filepath.Dir(file("damaged/a.zip", "PK\x03\x04 and then nothing of an archive"))
	broken := file("rules/r.yml", "title: [not closed")
	stopped, stop := context.WithCancel(context.Background())
	stop()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		out    io.Writer
		args   []string
		status int
	}{
		{"finished", nil, nil, []string{"hunt", evidence}, exitOK},
		{"help", nil, nil, []string{"hunt", "--help"}, exitOK},
		{"no_such_folder_for_output", nil, nil, []string{"events", evidence, "-o", filepath.Join(dir, "absent", "x")}, exitFailed},
		{"disk_full", nil, failing{syscall.ENOSPC}, []string{"events", evidence}, exitFailed},
		{"no_case", nil, nil, []string{"verify", evidence}, exitFailed},
		{"case_there", nil, nil, []string{"investigate", evidence, "--case", dir}, exitFailed},
		{"no_command", nil, nil, []string{"nonsense"}, exitUsage},
		{"no_evidence", nil, nil, []string{"events"}, exitUsage},
		{"absent_evidence", nil, nil, []string{"events", filepath.Join(dir, "absent")}, exitUsage},
		{"unknown_flag", nil, nil, []string{"hunt", evidence, "--nope"}, exitUsage},
		{"bad_number", nil, nil, []string{"hunt", evidence, "--threads", "x"}, exitUsage},
		{"case_in_evidence", nil, nil, []string{"investigate", evidence, "--case", filepath.Join(evidence, "c")}, exitUsage},
		{"unread", nil, nil, []string{"events", damaged}, exitUnread},
		{"unread_case", nil, nil, []string{"investigate", damaged, "--case", filepath.Join(dir, "case")}, exitUnread},
		{"unread_case_holds", nil, nil, []string{"verify", filepath.Join(dir, "case")}, exitUnread},
		{"rules_refused", nil, nil, []string{"rules", "check", broken}, exitUnread},
		{"stopped", stopped, nil, []string{"investigate", evidence, "--case", filepath.Join(dir, "stopped")}, exitInterrupted},
		{"stopped_case", nil, nil, []string{"verify", filepath.Join(dir, "stopped")}, exitFailed},
		{"pipe_closed", nil, failing{syscall.EPIPE}, []string{"events", evidence}, exitPipe},
		{"pipe_closed_rules", nil, failing{syscall.EPIPE}, []string{"rules", "check", broken}, exitPipe},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			env := &environment{stdout: &out, stderr: &errs, now: time.Now, version: version{number: "test"}}
			if c.out != nil {
				env.stdout = c.out
			}
			ctx := c.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			if got := run(ctx, env, c.args); got != c.status {
				t.Errorf("status %d, want %d\n%s%s", got, c.status, &out, &errs)
			}
			if c.status == exitPipe && strings.Contains(errs.String(), "pipe") {
				t.Errorf("a closed pipe is no news: %s", &errs)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "stopped", "report.html")); err != nil {
		t.Errorf("a stopped run left no report: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestNarrowTables keeps tables within the width of their terminal.
func TestNarrowTables(t *testing.T) {
	for _, width := range []int{60, 70, 80, 100, 120, 200} {
		for _, host := range []int{4, 12, 40} {
			c := columns(width, host)
			if sum := c.level + c.time + c.count + 2 + c.host + c.title + c.attack; sum > width {
				t.Errorf("width %d: columns of %d", width, sum)
			}
			if c.title < 20 {
				t.Errorf("width %d: %d for the title", width, c.title)
			}
		}
	}
}
