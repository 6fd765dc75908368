package main

import (
	"github.com/parquet-go/parquet-go"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
)

// eventRow is a record as a row of a Parquet file; its fields stand as JSON in one column.
type eventRow struct {
	Time      *int64  `parquet:"time,optional,timestamp(nanosecond)"`
	Source    string  `parquet:"source,dict"`
	Host      string  `parquet:"host,dict"`
	Provider  string  `parquet:"provider,dict"`
	Channel   string  `parquet:"channel,dict"`
	EventID   *uint32 `parquet:"event_id,optional"`
	RecordID  *uint64 `parquet:"record_id,optional"`
	Path      string  `parquet:"path,dict"`
	Offset    int64   `parquet:"offset"`
	Recovered bool    `parquet:"recovered"`
	Fields    string  `parquet:"fields,zstd"`
}

// parquetBatch is how many rows a worker gathers before it hands them on.
const parquetBatch = 512

// rowMaker is the worker that makes rows of records.
type rowMaker struct{ rows []eventRow }

// Records makes rows.
func (m *rowMaker) Records(batch []*event.Record, give func([]eventRow)) {
	for _, r := range batch {
		if m.record(r); len(m.rows) >= parquetBatch {
			rows, _ := m.Rest()
			give(rows)
		}
	}
}

func (m *rowMaker) record(r *event.Record) {
	row := eventRow{
		Source: r.Schema.Source, Host: r.Host, Provider: r.Schema.Provider, Channel: r.Schema.Channel, Path: r.Origin.Path,
		Offset: r.Offset, Recovered: r.Recovered, Fields: string(r.AppendFields(nil)),
	}
	// The format's nanoseconds reach from 1678 to 2261; a time outside is left out.
	if year := r.Time.Year(); !r.Time.IsZero() && year > 1677 && year < 2262 {
		nanos := r.Time.UnixNano()
		row.Time = &nanos
	}
	if r.Schema.HasEventID {
		id := r.Schema.EventID
		row.EventID = &id
	}
	if r.HasRecordID {
		id := r.RecordID
		row.RecordID = &id
	}
	m.rows = append(m.rows, row)
}

// Rest returns the rows that were not given away.
func (m *rowMaker) Rest() ([]eventRow, bool) {
	rows := m.rows
	m.rows = nil
	return rows, len(rows) > 0
}

// parquetSink writes rows to w; close ends the file.
func parquetSink(w *output, file func(*pipeline.File) error) (sink pipeline.Sink[[]eventRow], closeFile func() error) {
	p := parquet.NewGenericWriter[eventRow](w, parquet.MaxRowsPerRowGroup(1<<17))
	return pipeline.Sink[[]eventRow]{
		Batch: func(_ *pipeline.File, rows []eventRow) error { _, err := p.Write(rows); return err },
		File:  file,
	}, p.Close
}
