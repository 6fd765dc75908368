package detect

import (
	"time"

	"github.com/goshawk-ir/goshawk/internal/event"
)

// Seen is what is kept of a record in which something was seen.
type Seen struct {
	Time   time.Time // zero if the record has none: sorted first
	File   int       // position of the file in the walk
	Offset int64

	RecordID    uint64
	HasRecordID bool
	Recovered   bool
	Host        string
	Channel     string
	EventID     uint32
	HasEventID  bool
	Fields      []byte // the record's fields as a JSON object; nil where no finding will show them
}

// Hit is one rule and one record that it saw something in, between a scanner and a joiner.
type Hit struct {
	Seen   // a scanner leaves it to its caller, who shows it the record
	Engine int
	Rule   int    // the engine's number for the rule
	Shown  bool   // Joiner.Finding wants it
	Joins  bool   // Joiner.Add wants it
	Needs  []Need // values that correlations ask for
}

// Need is one value for a correlation.
type Need struct {
	Text    []byte // borrowed, as the hit is
	Present bool
}

// Years that a finding can state: what lies outside can't be written in RFC 3339, and is damage or forgery.
const minYear, maxYear = 1, 9999

// Reset makes s speak of r, but for its fields. A time that can't be stated counts as none; the record's own fields show it.
func (s *Seen) Reset(r *event.Record) {
	*s = Seen{
		Time: r.Time, Offset: r.Offset, RecordID: r.RecordID, HasRecordID: r.HasRecordID, Recovered: r.Recovered,
		Host: r.Host, Channel: r.Schema.Channel, EventID: r.Schema.EventID, HasEventID: r.Schema.HasEventID,
	}
	if year := r.Time.Year(); year < minYear || year > maxYear {
		s.Time = time.Time{}
	}
}
