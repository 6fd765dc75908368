package sigma

import "go.yaml.in/yaml/v4"

// keyPair makes one key of a selection with its value, as the YAML parser would.
func keyPair(key, value string) pair {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: value, Line: 1, Column: 1}
	return pair{key: key, keyNode: &yaml.Node{Kind: yaml.ScalarNode, Value: key, Line: 1, Column: 1}, value: n, valueHere: n}
}
