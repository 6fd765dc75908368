package main

import (
	"cmp"
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/goshawk-ir/goshawk/internal/event"
	"github.com/goshawk-ir/goshawk/internal/pipeline"
	"github.com/goshawk-ir/goshawk/internal/report"
)

func eventsCommand(env *environment) *cobra.Command {
	var evidence evidenceFlags
	var format, path string
	cmd := &cobra.Command{
		Use:   "events EVIDENCE...",
		Short: "Write every record of the evidence, without detection",
		Example: `  goshawk events ./evidence --output events.jsonl
  goshawk events Security.evtx --format csv --from 2026-03-01 --to 2026-03-02`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := evidence.options(args)
			if err != nil {
				return err
			}
			o.Evidence.NoHash = true // events don't show it
			list, ok := eventListers[format]
			if !ok {
				return usagef("Use jsonl, csv or parquet.", "there is no format %q", format)
			}
			out, err := openOutput(env, args, path)
			if err != nil {
				return err
			}
			defer out.discard()
			t := &evidenceTally{}
			stop := showProgress(env.stderr, o.Progress, evidence.quiet || out.live(env))
			err = list(cmd.Context(), o, out, t.file)
			stop()
			return t.finish(env, out, err)
		},
	}
	evidence.add(cmd)
	cmd.Flags().StringVar(&format, "format", "jsonl", "jsonl, csv or parquet")
	cmd.Flags().StringVarP(&path, "output", "o", "-", "file to write; - is standard output")
	return cmd
}

// eventListers write every record in one format.
var eventListers = map[string]func(ctx context.Context, o pipeline.Options, out *output, file func(*pipeline.File) error) error{
	"jsonl": func(ctx context.Context, o pipeline.Options, out *output, file func(*pipeline.File) error) error {
		return listText(ctx, o, out, renderJSON, file)
	},
	"csv": func(ctx context.Context, o pipeline.Options, out *output, file func(*pipeline.File) error) error {
		out.WriteString(eventColumns)
		return listText(ctx, o, out, renderCSV, file)
	},
	"parquet": func(ctx context.Context, o pipeline.Options, out *output, file func(*pipeline.File) error) error {
		sink, closeFile := parquetSink(out, file)
		err := pipeline.Run(ctx, o, func() pipeline.Worker[[]eventRow] { return &rowMaker{} }, sink)
		if err != nil && !isInterrupted(err) {
			return err
		}
		return cmp.Or(closeFile(), err)
	},
}

func listText(ctx context.Context, o pipeline.Options, out *output, render pipeline.Renderer, file func(*pipeline.File) error) error {
	write := func(b []byte) error { _, err := out.Write(b); return err }
	return pipeline.Events(ctx, o, render, write, file)
}

func renderJSON(dst []byte, r *event.Record) []byte { return append(r.AppendJSON(dst), '\n') }

const eventColumns = "time,source,host,provider,channel,event_id,record_id,path,offset,recovered,fields\n"

// renderCSV writes a record as one row; its fields stand as JSON in the last column.
func renderCSV(dst []byte, r *event.Record) []byte {
	stamp, eventID, recordID := "", "", ""
	if !r.Time.IsZero() {
		stamp = string(event.AppendTime(nil, r.Time))
	}
	if r.Schema.HasEventID {
		eventID = strconv.FormatUint(uint64(r.Schema.EventID), 10)
	}
	if r.HasRecordID {
		recordID = strconv.FormatUint(r.RecordID, 10)
	}
	return report.AppendCSV(dst, stamp, r.Schema.Source, r.Host, r.Schema.Provider, r.Schema.Channel, eventID, recordID,
		r.Origin.Path, strconv.FormatInt(r.Offset, 10), strconv.FormatBool(r.Recovered), fieldsCell(r.AppendFields(nil)))
}
