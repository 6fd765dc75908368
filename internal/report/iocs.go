package report

import (
	"context"
	"io"
	"strconv"
	"strings"
)

func init() {
	register(Output{
		Name: "indicators", File: "iocs.csv",
		Doc:   "Addresses, domains, hashes, files and accounts that the findings name.",
		Write: writeIOCs,
	})
}

func writeIOCs(_ context.Context, m *Model, w io.Writer) error {
	buf := AppendCSV(nil, "type", "value", "note", "level", "count", "first_seen", "last_seen", "hosts", "fields", "findings")
	for _, i := range m.Indicators {
		buf = AppendCSV(buf, i.Type, i.Value, i.Note, i.Level(), strconv.FormatInt(i.Count, 10), stamp(i.First), stamp(i.Last),
			strings.Join(i.HostNames(), " "), strings.Join(i.Fields, " "), strings.Join(i.Findings, " "))
	}
	_, err := w.Write(buf)
	return err
}
