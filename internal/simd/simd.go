// Package simd holds the few loops that are worth instructions over 32 bytes at a time. Each has a plain twin in Go, which the tests compare
// it with; where the processor lacks AVX2, elsewhere than on amd64, and with the build tag purego, Slots, Triples and EqualBut are their twins, and
// callers of the others do all of the work that they would have left. No rule of goshawk is here: the functions say what they do to bytes,
// and their callers say why.
//
//   - Triples: whether any of some words may stand in a piece of evidence;
//   - Slots: where the values of a record lie, from their sizes;
//   - JSON16: text of logs as the inside of a JSON string;
//   - EqualBut: whether a template stands in a chunk as it stood before;
//   - Unmark: text with words in the places of their marks;
//   - PlainRun: how much of a line is safe to show.
//
// The benchmarks show what each buys.
package simd
