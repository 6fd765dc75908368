// Package sigma reads Sigma 2.1 rules and matches them against events: detection rules with every modifier,
// correlation rules of every type, filter rules, and a mapping of log sources given as data.
//
// A Collection holds what was loaded. Compile makes an Engine of it, which is read-only and serves any number of
// goroutines. An engine is bound once to each shape of events (a Schema); the Binding then matches records, asking a
// record only for the fields that its rules need. Matches of rules that feed correlations go, in order of time, into a
// Correlator, whose state is explicit, keyed and can be saved.
package sigma
