package report

import (
	"context"
	"encoding/json"
	"io"
)

func init() {
	register(Output{
		Name: "attribution", File: "attribution.json",
		Doc:   "Known groups by how likely they are behind the case, and what speaks for and against each.",
		Write: writeAttribution,
	})
}

// writeAttribution writes the result as the section "Who" of the page shows it, in full.
func writeAttribution(_ context.Context, m *Model, w io.Writer) error {
	a, err := m.whoDidIt()
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(a.result)
}
