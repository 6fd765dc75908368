package evtx_test

import (
	"fmt"
	"log"
	"os"

	"github.com/goshawk-ir/goshawk/evtx"
)

// Print the account names of all logons of a log.
func Example() {
	file, err := os.Open("Security.evtx")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		log.Fatal(err)
	}
	f, err := evtx.Open(file, info.Size())
	if err != nil {
		log.Fatal(err)
	}
	var cache evtx.Cache
	c := evtx.NewChunk(&cache)
	c.Templates = f.Templates(&cache)
	users := map[*evtx.Layout]int{} // where the field is, for each shape of record
	for i := range f.Chunks() {
		for r, err := range f.Records(i, c) {
			if err != nil {
				log.Print(err) // a damaged place; reading goes on
				continue
			}
			l := r.Layout()
			field, ok := users[l]
			if !ok {
				field = l.Index("TargetUserName")
				users[l] = field
			}
			if id, _ := value(r, l.EventID).Uint(); id == 4624 {
				fmt.Println(r.ID, string(value(r, field).AppendText(nil)))
			}
		}
	}
}

func value(r *evtx.Record, field int) evtx.Value {
	if field < 0 || r.Len(field) == 0 {
		return evtx.Value{}
	}
	return r.Value(field, 0)
}

// Find the records in a file that is no log.
func ExampleCarve() {
	file, err := os.Open("unallocated.bin")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		log.Fatal(err)
	}
	var cache evtx.Cache
	for r, err := range evtx.Carve(file, info.Size(), evtx.NewChunk(&cache)) {
		if err != nil {
			log.Print(err)
			continue
		}
		fmt.Printf("%d at 0x%x: %s\n", r.ID, r.Offset, r.AppendJSON(nil))
	}
}
