package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkCommands hunts through the logs in the folder that GOSHAWK_LOGS names, with the rules in GOSHAWK_RULES, and prints them.
// scripts/profile makes the compiler's profile of it.
func BenchmarkCommands(b *testing.B) {
	logs, rules := os.Getenv("GOSHAWK_LOGS"), os.Getenv("GOSHAWK_RULES")
	if logs == "" || rules == "" {
		b.Skip("GOSHAWK_LOGS and GOSHAWK_RULES are not set")
	}
	hunt := []string{"hunt", logs, "-q", "--format", "jsonl"}
	for _, folder := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		hunt = append(hunt, "--rules", filepath.Join(rules, folder))
	}
	env := &environment{stdout: io.Discard, stderr: io.Discard, now: time.Now}
	for b.Loop() {
		for _, args := range [][]string{hunt, hunt, hunt, {"events", logs, "-q"}} {
			if status := run(b.Context(), env, args); status != exitOK && status != exitUnread {
				b.Fatalf("%v: status %d", args, status)
			}
		}
	}
}
