// Package evtx reads Windows event logs (EVTX), sound or damaged, without building anything for a record.
//
// A log is a file header and chunks of 64 KiB. A chunk holds records and what these share: names, and template
// definitions, which are the XML of an event with places for its values. A record names a template and lists its
// values. The package reads each definition once, for all chunks and files, and works out once which fields records
// made of it have (their [Layout]). Reading a record is then a walk over the list of its values; a value is looked at
// when somebody asks for it, and is a view of the chunk. Nothing is allocated for a record.
//
//	var cache evtx.Cache
//	f, err := evtx.Open(file, size)
//	...
//	c := evtx.NewChunk(&cache)
//	for i := range f.Chunks() {
//		for r, err := range f.Records(i, c) {
//			...
//		}
//	}
//
// [File.Batches] yields the same records some at a time, for whoever has much to do with each.
//
// A [Cache] and a [File] may be used from several goroutines, a [Chunk] by one: to read a log in parallel, give each
// goroutine a Chunk and some of the chunk numbers. Memory does not depend on the size of the log.
//
// # Fields
//
// A record's fields are numbered by its Layout: those of EventData, UserData and other sections, then those of System.
// [Field] says how they are named. [Record.Len] and [Record.Value] give the values of one; [Record.Places] gives where those
// of many lie, in one step, which is how to go through all records of a log, and [Record.Head] what a record is. Records of one shape have
// one and the same *Layout, so that what is worked out for a Layout, such as which field a rule asks for, need not be
// worked out for a record. [Record.AppendXML] and [Record.AppendJSON] write a record as the program evtx_dump does.
//
// # Damage
//
// Nothing that a header says is relied on; checksums are reported ([Header.ChecksumOK], [Chunk.ChecksumsOK]) and not
// required. What cannot be read is yielded as a *[Damage] between records, and reading goes on with the next record or
// chunk. Records that a chunk does not count as its own are marked Recovered: those in its slack, those behind a
// damaged place, and those that [Carve] finds in bytes that are no log at all. A recovered record may have outlived
// its template; its definition is then looked for elsewhere in the log ([File.Templates]), and if it is nowhere the
// record is an Orphan, with its values under numbers instead of names.
//
// Depth, number of values, use of a value, and length of a rendering are bounded, so that no log, however it was made,
// takes more than a few MiB beside the caches (at most about 64 MiB) or more time than its size accounts for.
//
// # What is left out
//
// Messages, which Windows puts together from the provider's resources, are not in the log. Text of a code page
// (TypeAnsiString) is taken for Windows-1252, since the log does not say which it was.
//
// The format has no public specification of its own; the tokens and types of BinXML are those of MS-EVEN6, section
// 2.2.12 and following. docs/formats/evtx.md describes what was found by reading logs.
package evtx
