// Command gen writes the embedded table of package attrib from MITRE's STIX bundle: identifiers, names, relationships, the names
// and dates of the reports behind them, and codes for the sectors and countries of victims, without prose. Without the bundle it leaves the
// table as it is.
//
//	go run ./internal/attrib/gen -bundle enterprise-attack.json -out internal/attrib/table.tsv.gz
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"log"
	"os"

	"github.com/goshawk-ir/goshawk/internal/attrib"
)

func main() {
	log.SetFlags(0)
	path := flag.String("bundle", "", "MITRE's enterprise-attack.json")
	out := flag.String("out", "table.tsv.gz", "file to write")
	flag.Parse()
	data, err := os.ReadFile(*path)
	if os.IsNotExist(err) {
		log.Printf("%s is absent: the table stays as it is", *path)
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	packed, err := pack(data)
	if err == nil {
		err = os.WriteFile(*out, packed, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func pack(bundle []byte) ([]byte, error) {
	t, err := attrib.ReadBundle(bundle)
	if err != nil {
		return nil, err
	}
	if t.Version == "" {
		t.Version = attrib.EmbeddedVersion
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := t.Write(z); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
