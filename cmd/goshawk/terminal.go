package main

import (
	"io"
	"os"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// defaultWidth is the width of tables that don't go to a terminal.
const defaultWidth = 120

// terminal is where results for a person go: its width and its colours.
type terminal struct {
	io.Writer
	width  int
	wrap   bool // a real terminal: long lines are broken at its width
	styles styles
}

// styles are the colours of a terminal; all plain where there are none.
type styles struct {
	bold, dim, good, bad lipgloss.Style
	level                map[string]lipgloss.Style
}

// newTerminal finds out what w can show. Colours are left out for a pipe, with NO_COLOR set, and on request.
func newTerminal(w io.Writer, noColor bool) *terminal {
	t := &terminal{Writer: w, width: defaultWidth}
	isTerminal := false
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		isTerminal, t.wrap = true, true
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			t.width = width
		}
	}
	colours := isTerminal && !noColor && colorprofile.Detect(w, os.Environ()) > colorprofile.ASCII
	t.styles = newStyles(colours)
	return t
}

func newStyles(colours bool) styles {
	plain := lipgloss.NewStyle()
	s := styles{bold: plain, dim: plain, good: plain, bad: plain, level: map[string]lipgloss.Style{}}
	if !colours {
		return s
	}
	s.bold, s.dim = plain.Bold(true), plain.Faint(true)
	s.good, s.bad = plain.Foreground(lipgloss.Color("2")), plain.Foreground(lipgloss.Color("1"))
	s.level = map[string]lipgloss.Style{
		"critical": plain.Bold(true).Foreground(lipgloss.Color("15")).Background(lipgloss.Color("1")),
		"high":     plain.Bold(true).Foreground(lipgloss.Color("1")),
		"medium":   plain.Foreground(lipgloss.Color("3")),
		"low":      plain.Foreground(lipgloss.Color("4")),
	}
	return s
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
