package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/attrib"
	"github.com/goshawk-ir/goshawk/internal/casefile"
)

// victimFlags say whom an incident hit.
type victimFlags struct{ sectors, countries []string }

func (f *victimFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.sectors, "sector", nil, "sector of the victim (finance, cryptocurrency, government ...); repeatable")
	flags.StringSliceVar(&f.countries, "country", nil, "country of the victim (ISO 3166: KR, US ...) or region; repeatable")
}

// victims checks them against the vocabulary.
func (f *victimFlags) victims() (attrib.Victims, error) {
	v, err := attrib.Victims{Sectors: f.sectors, Countries: f.countries}.Check()
	if err != nil {
		return v, usagef("For example: --sector cryptocurrency --country KR", "%v", err)
	}
	return v, nil
}

// or returns the victims given, and those of a case where there are none.
func (f *victimFlags) or(c *casefile.Case) (attrib.Victims, error) {
	v, err := f.victims()
	if err != nil {
		return v, err
	}
	if len(f.sectors) == 0 {
		v.Sectors = c.Victims.Sectors
	}
	if len(f.countries) == 0 {
		v.Countries = c.Victims.Countries
	}
	return v, nil
}

// learnedFile says which learned cases a case is compared with; nil for none.
func learnedFile(path string) (*casefile.Learned, error) {
	if path == "" {
		return nil, nil
	}
	if _, err := attrib.ReadLocalFile(path); err != nil {
		return nil, usagef("Make it with goshawk attribute learn.", "%v", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return &casefile.Learned{Path: filepath.ToSlash(path), SHA256: hex.EncodeToString(sum[:])}, nil
}
