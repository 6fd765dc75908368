// Package conformance holds goshawk to the text of the Sigma specification 2.1: its tests run rules over events through the
// same path as "goshawk hunt" and ask for exactly the matches that a reader of the specification expects. There is nothing
// in it to import.
//
// A case file in testdata is a txtar archive: rule files (*.yml), events (*.jsonl, one Windows event a line), perhaps
// placeholders.txt (YAML, values for %placeholders%), and a file expect. Its lines are
//
//	title: 1 2 3          findings of a detection rule, by record id; a correlation's firings are set apart by |
//	title:                no findings
//	file.yml:4:9: refused what is said of that place contains the words that follow; the file is loaded otherwise
//
// A case file that starts with "known difference:" gives the reason why goshawk decides otherwise, on a page of docs.
package conformance
