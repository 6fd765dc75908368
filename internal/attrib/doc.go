// Package attrib says which known group a case is like, how sure that is, and what speaks against it.
//
// It reads MITRE ATT&CK (STIX 2.0 and 2.1 bundles, or the embedded table of identifiers, names, relationships and the names and dates of
// the reports behind them) and cases of one's own. Each report on a group is a witness of its own. A case is compared with every group by a
// conditional logit over some fifty features, whose weights were learned from the reports in the bundle, each compared with the knowledge less
// itself; a second model tells an actor that no report knows. docs/attribution.md has the formulas, the figures and the limits.
//
// When a case was is compared with when the reports on a group were written. Cases without time have weights of their own.
//
// Beside the learned score stand kinds of evidence that no relationship holds (context.go): whom the incident hit, indicators in common with
// learned cases, the order of techniques. Each has a plain formula with bounds. What could not have been seen speaks against nobody.
//
// Left out: everything in prose but the sectors and countries of victims and published infrastructure. Names of
// reports are used to leave them out and to cite them, never as evidence.
//
// ATT&CK is (c) The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.
package attrib
