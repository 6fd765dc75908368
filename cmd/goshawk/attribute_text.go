package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/goshawk-ir/goshawk/internal/attrib"
)

const (
	textGroups = 5 // shown of a ranking
	textItems  = 6 // of a group's evidence on each side
	textValues = 2 // of the indicators in common
)

// attributionText writes a result for a person.
func attributionText(r *attrib.Result) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Likeness to %s in %s, by %s and %d of software%s. Likeness is no proof.\n", plural(r.Known, "known group"),
		strings.TrimSpace("ATT&CK "+clean(r.Version)), plural(len(r.Techniques), "technique"), len(r.Software), ofTime(r.Time))
	contextText(&b, r)
	fmt.Fprintf(&b, "%-11s %-15s %-24s %-20s %8s  %s\n", "PROBABILITY", "SPAN", "ACTOR", "IN WORDS", "BITS", "REPORTS")
	row := func(e attrib.Estimate, name, bits, reports string) {
		line := fmt.Sprintf("%9.1f %%  %5.1f–%5.1f %%  %s %-20s %8s  %s", 100*e.Probability, 100*e.Low, 100*e.High, fit(clean(name), 24), e.Words, bits, reports)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	for _, c := range r.Ranking[:min(textGroups, len(r.Ranking))] {
		row(c.Estimate, c.Name+" "+c.Group, fmt.Sprintf("%+.1f", c.Bits), count(c.Reports))
	}
	row(r.Unknown, "none of the known", "", "")
	if len(r.Techniques)+len(r.Software) > 0 || len(r.Ranking) > 0 && len(r.Ranking[0].Sides) > 0 {
		for _, c := range r.Ranking[:min(2, len(r.Ranking))] {
			evidenceText(&b, &c)
		}
	}
	if len(r.Alike) > 0 {
		fmt.Fprintf(&b, "\nNot told apart by this evidence: %s\n", clean(strings.Join(r.Alike, ", ")))
	}
	for _, c := range r.Contradictions {
		fmt.Fprintf(&b, "\nContradiction: %s\n", clean(c.Words))
	}
	if len(r.Questions) > 0 {
		b.WriteString("\nWhat would tell most\n")
		for _, q := range r.Questions {
			fmt.Fprintf(&b, "  %-10s %s for %s by %.1f bits if found (expected gain %.2f)\n", q.ID, fit(clean(q.Name), 40), clean(q.FavoursName), q.Bits, q.Gain)
		}
	}
	fmt.Fprintf(&b, "\nAn unknown actor was held %.0f %% likely beforehand (--unknown-prior). Words by ICD 203. A group with n bits more is 2ⁿ times as likely.\n"+
		"ATT&CK (c) The MITRE Corporation, reproduced and distributed with its permission.\n", 100*r.Prior)
	return b.Bytes()
}

// contextText says what there was beside techniques and software.
func contextText(b *bytes.Buffer, r *attrib.Result) {
	var parts []string
	if !r.Victims.None() {
		parts = append(parts, "victims "+strings.Join(slices.Concat(r.Victims.Sectors, r.Victims.Countries), ", "))
	}
	if r.Indicators > 0 {
		parts = append(parts, plural(r.Indicators, "indicator"))
	}
	if r.Ordered > 0 {
		parts = append(parts, "the order of "+plural(r.Ordered, "technique"))
	}
	if len(parts) > 0 {
		fmt.Fprintf(b, "Beside them: %s. What these weigh is a judgement; it was not measured.\n", clean(strings.Join(parts, "; ")))
	}
	if r.Visible > 0 {
		fmt.Fprintf(b, "The rules could have seen %d of %d techniques in this evidence; the others speak for and against nobody.\n", r.Visible, r.Compared)
	}
	b.WriteString("\n")
}

// ofTime says that time was compared as well.
func ofTime(when string) string {
	if when == "" {
		return ""
	}
	return ", of " + clean(when)
}

// evidenceText writes what speaks for and against a group.
func evidenceText(b *bytes.Buffer, c *attrib.Candidate) {
	fmt.Fprintf(b, "\n%s %s: %+.1f bits of techniques, %+.1f of software, %+.1f because of how much is known of it",
		clean(c.Name), c.Group, c.Technical, c.Software, c.Knowledge)
	if len(c.Sides) > 0 {
		fmt.Fprintf(b, ", %+.1f of what stands beside", c.Beside)
	}
	if c.Usual > 0 {
		fmt.Fprintf(b, "; %d of %s could have been seen", c.UsualVisible, plural(c.Usual, "usual technique"))
	}
	b.WriteString("\n")
	timeText(b, c)
	for _, s := range c.Sides {
		basis := s.Basis
		for i, value := range s.Values[:min(textValues, len(s.Values))] {
			basis += []string{": ", ", "}[min(i, 1)] + strings.TrimRight(fit(clean(value), min(24, len(value))), " ")
		}
		if len(s.Cases) > 0 {
			basis += " (" + strings.Join(s.Cases, ", ") + ")"
		}
		fmt.Fprintf(b, "  %+5.1f  %-10s %s %s\n", s.Bits, s.Kind, fit(clean(s.Name), 34), clean(basis))
	}
	line := func(e attrib.Contribution) {
		reports := e.Basis
		if n := len(e.Reports); n > 0 {
			reports = fmt.Sprintf("%s: %s", e.Basis, fit(clean(e.Reports[0]), min(36, len(e.Reports[0]))))
			if n > 1 {
				reports += fmt.Sprintf(" and %d more", n-1)
			}
		}
		fmt.Fprintf(b, "  %+5.1f  %-10s %s %s\n", e.Bits, e.ID, fit(clean(e.Name), 34), reports)
	}
	pro, con := 0, 0
	for _, e := range c.Contributions {
		switch {
		case e.Bits > 0 && pro < textItems:
			pro++
			line(e)
		case e.Bits < 0 && con < textItems/2:
			con++
			line(e)
		}
	}
	for _, e := range c.Missing[:min(2, len(c.Missing))] {
		e.Basis = "usual for it, not seen"
		line(e)
	}
}

// timeText writes what the time says of a group, and the reports on it that are nearest in time.
func timeText(b *bytes.Buffer, c *attrib.Candidate) {
	if c.Time == 0 {
		return
	}
	fmt.Fprintf(b, "  %+5.1f  when it was", c.Time)
	between := "; nearest reports"
	for _, d := range c.Dated {
		fmt.Fprintf(b, "%s %s (%s)", between, strings.TrimSpace(fit(clean(d.Report), min(36, len(d.Report)))), clean(d.Date))
		between = ","
	}
	b.WriteString("\n")
}
