// Command train learns the weights of package attrib from the reports of MITRE's STIX bundle.
//
//	go run ./internal/attrib/train -bundle enterprise-attack.json -out internal/attrib/weights.json
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"

	"github.com/goshawk-ir/goshawk/internal/attrib"
)

func main() {
	log.SetFlags(0)
	path := flag.String("bundle", "", "MITRE's enterprise-attack.json")
	out := flag.String("out", "weights.json", "file to write")
	flag.Parse()
	data, err := os.ReadFile(*path)
	if err != nil {
		log.Fatal(err)
	}
	t, err := attrib.ReadBundle(data)
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.MarshalIndent(attrib.Fit(t), "", " ")
	if err == nil {
		err = os.WriteFile(*out, append(text, '\n'), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}
