package report

import (
	"strings"
	"unicode/utf8"
)

// AppendCSV appends cells as one line of CSV. A cell that a spreadsheet would take for a formula gets an apostrophe before it;
// characters without a glyph are shown by their code point, so that a row is always one line and printing it does
// nothing to a terminal.
func AppendCSV(dst []byte, cells ...string) []byte {
	for i, cell := range cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		formula := cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0
		if r, _ := utf8.DecodeRuneInString(cell); r == '＝' || r == '＋' || r == '－' || r == '＠' {
			formula = true // full-width forms, which some spreadsheets fold
		}
		if formula {
			cell = "'" + cell
		}
		cell = visible(cell)
		if !strings.ContainsAny(cell, ",\"\n") && cell == strings.TrimSpace(cell) {
			dst = append(dst, cell...)
			continue
		}
		dst = append(dst, '"')
		dst = append(dst, strings.ReplaceAll(cell, `"`, `""`)...)
		dst = append(dst, '"')
	}
	return append(dst, '\n')
}
