// Package sigma reads Sigma 2.1 rules and matches them against events: detection rules with every modifier,
// correlation rules of every type, filter rules, and a mapping of log sources given as data.
//
// A Collection holds what was loaded. Compile makes an Engine of it, which is read-only and serves any number of
// goroutines. An engine is bound once to each shape of events (a Schema); the Binding then matches records, asking a
// record only for the fields that its rules need. Matches of rules that feed correlations go, in order of time, into a
// Correlator, whose state is explicit, keyed and can be saved.
//
// # How it is fast
//
// The cost of a record follows its bytes, not the number of rules. Each of these stands in a file of its own, with what it
// skips and why the answer is the same; Engine.Plain is the reference for all of them, and BenchmarkTricks shows what each buys.
//
//   - plan: what a shape of events decides for good is decided once, and each rule waits for atoms that are rare;
//   - memo: what a value of a field showed is remembered, under its bytes, by all matchers of an engine together;
//   - RawRecord: values are asked for as they lie in the evidence, and no text is made of those that show nothing;
//   - finder: all literals of a field are found in one pass, each by its rarest four bytes, long ones with a look at one place in four;
//   - screen: a look at four characters out of four to eight says that a text holds no keyword;
//   - sweep: where a record's texts lie together, the processor looks at 32 bytes at a time, and at none of the texts;
//   - ordering: the rules that a record's values call for are put in order by a set of bits (BenchmarkOrdering);
//   - program: a condition is a row of steps that lie side by side, cheapest first;
//   - MatchAll: several records are taken through each of these together, which keeps its instructions near the processor;
//   - dfa, charRun: expressions run as automata built on the way, and only where what they need is there;
//   - stored engines: compiled rules can be written and read, which takes a tenth of the time of compiling them.
package sigma
