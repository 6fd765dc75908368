// Package parser holds the readers of evidence, one file an artefact. A parser registers itself; the pipeline,
// "goshawk parsers", the fuzz and mutation tests and docs/parsers.md find it through the registry.
package parser

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/evidence"
)

// HeadSize is how many of a file's first bytes Match is shown.
const HeadSize = 4096

// Parser reads one kind of evidence.
type Parser struct {
	Name string // the record's "source"
	Doc  string // one line: what it reads, by which specification
	// Match says whether the file is this parser's, from its first bytes (at most HeadSize); path, with "/", is a
	// hint only. It does no I/O.
	Match func(path string, head []byte) bool
	// Parse yields the records of the units that begin in [in.From, in.To), in order of offset, until the
	// caller stops. A record and its values are valid until the next step. Damage is yielded as an error of
	// type *evidence.Problem with a nil record, and reading goes on; Parse opens, logs and spawns nothing.
	Parse func(in *evidence.Input) iter.Seq2[*event.Record, error]
	// Batches, where present, is Parse with several records at a time: those of a batch are valid together, until the next step.
	Batches func(in *evidence.Input) iter.Seq2[[]*event.Record, error]
	// Split, where present, cuts a file into parts that can be parsed at the same time: offsets, rising, of which
	// each begins a part. nil means that a file is read in one go.
	Split func(in *evidence.Input) []int64
	// Carve marks a parser that is shown the files nobody else recognised, to look for records in them.
	Carve bool
}

// Read yields what Parse does, in batches: of one record, where the parser has no Batches.
func (p *Parser) Read(in *evidence.Input) iter.Seq2[[]*event.Record, error] {
	if p.Batches != nil {
		return p.Batches(in)
	}
	return func(yield func([]*event.Record, error) bool) {
		var one [1]*event.Record
		for r, err := range p.Parse(in) {
			batch := one[:1]
			if one[0] = r; err != nil {
				batch = nil
			}
			if !yield(batch, err) {
				return
			}
		}
	}
}

// singly yields the records of batches one by one.
func singly(batches iter.Seq2[[]*event.Record, error]) iter.Seq2[*event.Record, error] {
	return func(yield func(*event.Record, error) bool) {
		for batch, err := range batches {
			if err != nil && !yield(nil, err) {
				return
			}
			for _, r := range batch {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

var registered []*Parser

// register makes p known; called from init. It panics for a name that is taken.
func register(p Parser) {
	if p.Name == "" || p.Match == nil || p.Parse == nil {
		panic(fmt.Sprintf("parser %q is incomplete", p.Name))
	}
	if ByName(p.Name) != nil {
		panic(fmt.Sprintf("parser %q is registered twice", p.Name))
	}
	registered = append(registered, &p)
	slices.SortFunc(registered, func(a, b *Parser) int { return strings.Compare(a.Name, b.Name) })
}

// All returns the parsers in order of name.
func All() []*Parser { return registered }

// ByName returns the parser called name, or nil.
func ByName(name string) *Parser {
	for _, p := range registered {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// For returns the parser whose kind the file is, or nil. Where only names parsers, the others are left out of
// account. A file that nobody recognises goes to the one that carves.
func For(path string, head []byte, only []string) *Parser {
	var carver *Parser
	for _, p := range registered {
		switch {
		case len(only) > 0 && !slices.Contains(only, p.Name):
		case p.Carve:
			carver = p
		case p.Match(path, head):
			return p
		}
	}
	return carver
}
