package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run the program.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"goshawk": func() {
			clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			env := &environment{
				stdout: os.Stdout, stderr: os.Stderr, version: version{number: "test"},
				now: func() time.Time { return clock },
			}
			os.Exit(run(context.Background(), env, os.Args[1:]))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
