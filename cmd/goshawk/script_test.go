package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run the program.
func TestMain(m *testing.M) {
	if os.Getenv(cacheVariable) == "" {
		os.Setenv(cacheVariable, cacheOff) // tests leave the user's folder alone; scripts name one of their own
	}
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
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv(cacheVariable, filepath.Join(e.WorkDir, ".cache"))
			return nil
		},
	})
}
